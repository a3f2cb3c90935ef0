/**
 * Texts that make a reader of delimited text look at the same bytes again and again, if it can be made to; each of
 * about as many bytes as are asked for.
 */
export const HOSTILE: Readonly<Record<string, (bytes: number) => Buffer>> = {
  'a quote on each line that none closes': repeated('id;n;t\n', row => `${row};"n${row}";"x\n`),
  'an open quote at the beginning of each line': repeated('id;n;t\n', row => `"${row};n;t\n`),
  'an open quote on each line, and one that closes the last': repeated('id;n;t\n', row => `${row};"n;t\n`, '"\n'),
  'one quote that is never closed, doubled ones on all lines behind it': repeated(
    'id;n;t\n1;"a;b\n',
    row => `${row};"";x""y\n`,
  ),
  'one quote that is never closed, pairs of doubled ones behind it': repeated('id;n;t\n1;"a;b\n', () => '1;"""";z\n'),
  'cells that close where the next one opens, line by line': repeated('id;n;t\n', () => '";"\n'),
  'the same in a table of 2,000 columns': repeated(`${'c;'.repeat(1999)}c\n`, () => '";"\n'),
  'cells that span two lines and close in text': repeated('id;n;t\n', row => `${row};"a\nb"c;t\n`),
  'cells that span two lines, in rows that are too long': repeated('id;n;t\n', row => `${row};"a\nb";t;u\n`),
  'cells whose lines are rows themselves': repeated('id;n;t\n', row => `${row};"a;t\n${row};b";t\n`),
  'long cells whose lines are rows themselves': repeated('id;n;t\n', row =>
    row % 500 === 0 ? `${row};"a;t\n` : row % 500 === 499 ? `${row};b";t\n` : `${row};c;t\n`,
  ),
  'short rows that end with an apostrophe and a text': repeated('id;n;t\n', row => `${row};'x\n`),
  'short rows with one apostrophe, and none behind': repeated('id;n;t\n', row => (row === 5 ? "5;'x\n" : `${row};x\n`)),
  'rows that are too long, with blanks before quotes': repeated('id;n;t\n', row => `${row}; "a;b;c;d\n`),
  'backslashes before quotes that end no cell': repeated('id;n;t\n', row => `${row};"a\\"b\n`),
  'backslashes before every quote': repeated('id;n;t\n', row => `${row};"\\"\\"\\"\\";"\\"\n`),
  'misplaced quotes in all cells of wide rows': repeated(
    `${'c;'.repeat(499)}c\n`,
    () => `${'""a;'.repeat(400)}"b"c;d\n`,
  ),
  'one line of open quotes': repeated('id;n;t\n', () => '"a;'),
  'one line of doubled quotes': repeated('id;n;t\n1;', () => '""'),
  'lone CR between rows that end with LF': repeated('id;n;t\n', row => `${row};x\r`),
  'CRLF and LF by turns': repeated('id;n;t\n', row => (row % 2 ? `${row};x\r\n` : `${row};x;y\n`)),
  'lines of blanks': repeated('id;n;t\n', () => '    \n'),
};

function repeated(before: string, line: (row: number) => string, after = ''): (bytes: number) => Buffer {
  return bytes => {
    const lines = [before];
    for (let row = 1, left = bytes - before.length; left > 0; row++) {
      const next = line(row);
      lines.push(next);
      left -= next.length;
    }
    return Buffer.from(lines.join('') + after);
  };
}
