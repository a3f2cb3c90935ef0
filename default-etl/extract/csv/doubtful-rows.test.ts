import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTable, type Table, values } from '../../testing/csv-table.ts';
import { temporaryFolder } from '../../testing/load.ts';

/** Rows as one text each; line ends within cells are shown as `|`. */
function shown({ rows }: Table): string[] {
  return rows.map(row =>
    row
      .map(cell => cell ?? 'null')
      .join(';')
      .replaceAll('\n', '|'),
  );
}

/** So many rows that what comes behind them is not in the first 64 KB. */
const many = (row: (index: number) => string) => Array.from({ length: 9000 }, (_, index) => `${row(index)}\n`).join('');

test('a lone quote that was not detected joins no rows, and is said, wherever another one ends a cell', async context => {
  const folder = temporaryFolder(context);
  const rows = '0,,,,,,\n'.repeat(3);
  for (const [text, count, line] of [
    [`x,code postal,note,prix,total_amount,été,nom\n0,,,,,,'a\n0,,,,"a\na",,\n0,,,,,,'\n${rows}`, 6, 2],
    ["a;b;c\n0;1;'a\n1;2;3\n2;3;'\n4;5;6\n", 4, 2],
    ["a;b;c\n0;1;'a\n1;2;'\n4;5;6\n", 3, 2],
    ["a\tb\r\n0\t'a\r\n1\tx\r\n2\tb'\r\n4\ty\r\n", 4, 2],
    ["n\n'tis\nthe boys'\n'a'\nx\ny\n", 5, 2],
    [`a;b\n${many(index => `${index};x`)}0;'a\n1;x\n2;b'\n3;x\n`, 9004, 9002],
    [`a;b\n${"'k';'x'\n".repeat(20)}'n';"a\n'o';'x'\n'p';b"\n'q';'x'\n`, 24, 22],
  ] as const) {
    const found = await readTable(folder, text);
    assert.deepEqual([found.rows.length, found.rejects], [count, []], text.slice(0, 100));
    const told = found.decided['other_quotes_as_text'] ?? found.decided['open_quotes'];
    assert.match(told?.reason ?? '', new RegExp(`line ${line} `), text.slice(0, 100));
  }
});

test("as many cells that begin with ' as end with it make no quote of it, unless most do both or it makes rows whole", async context => {
  const folder = temporaryFolder(context);
  const names = "id,de,à\n1,'s Gravenhage,x\n2,'s Bosch,y\n3,x,Mathieu'\n4,y,Louis'\n5,'a',b\n";
  const words = await readTable(folder, names);
  assert.deepEqual([words.rows.length, words.rows[0]?.[1], ...values(words, 'quote')], [5, "'s Gravenhage", '"']);
  const delimiters = await readTable(folder, "id;t\n1;'a;b'\n2;'c;d'\n3;'e'\n");
  assert.deepEqual([shown(delimiters)[0], ...values(delimiters, 'quote')], ['1;a;b', "'"]);
  const all = Array.from({ length: 12 }, (_, index) => `'${index}';'x ${index}';'y'`);
  for (const faulty of ["'7;'x 7';'y'", "7';'x 7';'y'", "'7';''';'y'", "'7''8';'x';'y'", "'7';\"x;'y'"]) {
    const found = await readTable(folder, ["'id';'n';'t'", ...all.slice(0, 7), faulty, ...all.slice(8)].join('\n'));
    assert.deepEqual(
      [found.header, found.rows[3], found.rows.at(-1)?.[1]],
      [['id', 'n', 't'], ['3', 'x 3', 'y'], 'x 11'],
      faulty,
    );
    assert.equal(found.rows.length + found.rejects.length, 12, faulty);
  }
  const few = await readTable(folder, "id;t\n1;'a'\n2;\"x\"\n3;'b'\n4;y\n");
  assert.deepEqual([few.rows[0]?.[1], few.decided['quote']?.confidence], ["'a'", 0.6]);
  const breaks = await readTable(folder, "id;t\n1;'a\nb'\n2;'c\nd'\n3;'e'\n");
  assert.deepEqual([shown(breaks)[0], ...values(breaks, 'quote')], ['1;a|b', "'"]);
});

test('a row that has all its cells only where an undetected quote is text is said, wherever it stands', async context => {
  const folder = temporaryFolder(context);
  const before = `id;n;t\n${many(index => `${index};n${index};x`)}`;
  for (const row of ["9;'a;b'", '9; "a;b"', "9;'a;b'\n8;x;y\n", "'9;a';b\n8;x;y"]) {
    const found = await readTable(folder, before + row);
    assert.deepEqual([found.rows[9000]?.length, found.rejects], [3, []]);
    assert.match(found.decided['delimiters_in_quotes']?.reason ?? '', /^line 9002 /, row);
  }
  const first = await readTable(folder, "id;n;t\n1;x;y\n2;'a;b'\n3;x;y\n4;x;y\n");
  assert.match(first.decided['delimiters_in_quotes']?.reason ?? '', /^line 3 /);
  const spent = await readTable(folder, 'a,b,c\n1,"x, y",z\n2,","l1\nl,2",t\n3,"x, y",z\n');
  assert.deepEqual([spent.rows.length, ...values(spent, 'open_quotes')], [4, 1]);
  for (const row of ["9;'tis;b", "9;b;the boys'", "9;'a';'b'", "9;b';'a", '9;"a ""b""";c', "9;l'eau;d'or"]) {
    const found = await readTable(folder, `${before}${row}\n9;a;b\n`);
    assert.deepEqual(values(found, 'delimiters_in_quotes'), [undefined], row);
  }
  const declared = await readTable(folder, `${before}9;'a;b'\n`, { quote: '"', skip_blanks: false });
  assert.deepEqual(values(declared, 'delimiters_in_quotes'), [undefined]);
});

test('rows that another delimiter cuts as the header is cut, or line by line alike, are said: files were joined', async context => {
  const folder = temporaryFolder(context);
  const numbers = (delimiter: string) => many(index => [index, `n${index}`, index * 2].join(delimiter));
  for (const [text, count, line] of [
    [`id;n;t\n${numbers(';')}id,n,t\n1,a,2\n2,b,3\n`, 3, 9002],
    [`id,n,t\n${numbers(',')}1;a;2,5\n2;b;3\n`, 2, 9002],
    [`id,n,t\n${numbers(',')}x;y;z;u\n1;a;2,5;3\n2;b;3;4\n3;c;4;5\n`, 2, 9004],
    [`id\tn\tt\n${numbers('\t')}1;a;2\n2;b;3\n`, 2, 9002],
    [`id|n\n${many(index => `${index}|x`)}1;a\n`, 1, 9002],
    ['id;n;t\n1;2;3\n2;3;4\n3;4;5\n4;5;6\nid,n,t\n4,5,6\n', 2, 6],
  ] as const) {
    const found = await readTable(folder, text);
    assert.deepEqual(values(found, 'other_delimiter'), [count], text.slice(-60));
    assert.match(found.decided['other_delimiter']?.reason ?? '', new RegExp(`^line ${line} `));
  }
  for (const text of [
    'a;b;c\n1;2;3\nDupont, Jean, x\n4;5;6\n',
    'a;b;c\n1;2;3\n"x,y,z"\n4;5;6\n',
    'a;b;c\n1;2;3\n1,5;2,5\n4;5;6\n',
  ])
    assert.deepEqual(values(await readTable(folder, text), 'other_delimiter'), [undefined], text);
});

test('short rows are counted and said: a delimiter may be missing, or a text without quotes have a line end', async context => {
  const folder = temporaryFolder(context);
  for (const [text, count, line] of [
    ['id;t;n\n1;a;1\n2;l1\nl2;5\n3;x;6\n', 2, 3],
    ['id;t;n\n1;a;1\n2b;5\n3;x;6\n', 1, 3],
    [`id;t\n${many(index => `${index};x`)}1\n2;"q\nr"\n3\n`, 2, 9002],
  ] as const) {
    const found = await readTable(folder, text);
    assert.deepEqual(values(found, 'short_rows'), [count], text.slice(0, 40));
    assert.match(found.decided['short_rows']?.reason ?? '', new RegExp(`^the row on line ${line} `));
  }
  assert.deepEqual(values(await readTable(folder, 'id;t;n\n1;a;\n2;;\n'), 'short_rows'), [undefined]);
});
