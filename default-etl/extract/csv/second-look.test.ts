import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rowRecord } from '../../batch/batch.ts';
import { readTable, type Table, values } from '../../testing/csv-table.ts';
import { temporaryFolder } from '../../testing/load.ts';
import type { Dialect } from './marks.ts';
import { SecondLook } from './second-look.ts';
import { CsvTokenizer } from './tokenizer.ts';

const CRLF = { bytes: 2, first: 13 };
const LF = { bytes: 1, first: 10 };
const NONE = { bytes: 0, first: 0 };

/** Cuts the text as the reader does, the bytes coming in pieces of the given size. */
function cut(text: string, dialect: Dialect, lineEnd: typeof LF, width: number, pieceBytes: number) {
  const bytes = Buffer.from(text);
  const look = new SecondLook(dialect, { quote: true, escape: true, blanks: true }, lineEnd);
  const tokenizer = new CsvTokenizer(dialect, look);
  look.width = width;
  tokenizer.width = width;
  const header = Array.from({ length: width }, (_, column) => String(column));
  const records: Array<{ row: number; line: number | null; read: unknown }> = [];
  const raws: Array<{ row: number; raw: string }> = [];
  let from = 0;
  for (let to = Math.min(pieceBytes, bytes.length); ; to = Math.min(to + pieceBytes, bytes.length)) {
    const window = Buffer.from(bytes.subarray(from, to));
    from += tokenizer.parse(window, 0, window.length, to === bytes.length);
    const batch = tokenizer.take(header);
    for (let row = 0; row < batch.rows; row++) {
      const raw = batch.bytes.toString('utf8', batch.rawStarts[row], batch.rawEnds[row]);
      raws.push({ row: batch.numbers[row] as number, raw });
      records.push({
        row: batch.numbers[row] as number,
        line: batch.lines[row] as number,
        read: rowRecord(batch, row),
      });
    }
    for (const reject of batch.rejects) {
      raws.push(reject);
      records.push({ row: reject.row, line: reject.line, read: reject.reason });
    }
    if (to === bytes.length) break;
  }
  raws.sort((one, other) => one.row - other.row);
  const findings = look.findings.decisions();
  return {
    records: records.toSorted((one, other) => one.row - other.row),
    raw: raws.map(({ raw }) => raw).join('\n'),
    findings,
  };
}

const ugly = fc
  .array(
    fc.constantFrom(
      'a',
      'é',
      ' ',
      ',',
      ',',
      ',',
      '"',
      '"',
      '""',
      "'",
      '\\"',
      '\\',
      '\n',
      '\n',
      '\r\n',
      '\r',
      '"\n',
      '\n"',
      ',"',
      '",',
      '7',
    ),
    { maxLength: 60 },
  )
  .map(parts => parts.join(''));

test('whatever the bytes and the pieces they come in, rows and rejects are the same, and hold all of the text', () => {
  const dialect = fc.record({
    delimiter: fc.constantFrom(Buffer.from(','), Buffer.from(', '), Buffer.from(' ')),
    quote: fc.constantFrom(34, 34, 39, -1),
    escape: fc.constantFrom(-1, -1, 92),
    skipsBlanks: fc.boolean(),
  });
  fc.assert(
    fc.property(
      ugly,
      dialect,
      fc.constantFrom(NONE, LF, CRLF),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 30 }),
      (text, written, lineEnd, width, piece) => {
        const whole = cut(text, written, lineEnd, width, text.length * 4 + 1);
        assert.deepEqual(cut(text, written, lineEnd, width, piece), whole);
        const bare = (given: string) => given.replaceAll(/[\s]/g, '');
        assert.equal(bare(whole.raw), bare(text));
      },
    ),
    { numRuns: 5000 },
  );
});

/** Rows as one text each; the file's own line ends within cells are shown as `|`. */
function shown({ rows }: Table): string[] {
  return rows.map(row =>
    row
      .map(cell => cell ?? 'null')
      .join(';')
      .replaceAll(/\r\n|\r|\n/g, '|'),
  );
}

/** So many rows that what comes behind them is not in the first 64 KB. */
const many = (row: (index: number) => string) => Array.from({ length: 9000 }, (_, index) => `${row(index)}\n`).join('');

test('a cell spans lines only where a cell ends behind the quote that closes it; else the quote is text, and said', async context => {
  const folder = temporaryFolder(context);
  for (const [text, rows, rejects] of [
    ['id;n;t\n0;"q;q";z\n1;"a;x\n2;"b;y\n3;c;w\n', ['0;q;q;z', '1;"a;x', '3;c;w'], ['2;"b;y']],
    ['a;b\n"w";0\n"x;1\n"y";2\n"z";3\n', ['w;0', '"x;1', 'y;2', 'z;3'], []],
    ['a,b\r\n1,"x, y"\r\n2,"y\r\n3,"z"\r\n4,w\r\n', ['1;x, y', '2;"y', '3;z', '4;w'], []],
    ['n;m\n"1;a";x\n"2\n"3";z\n', ['1;a;x', '3;z'], ['"2']],
  ] as const) {
    const found = await readTable(folder, text);
    assert.deepEqual([shown(found), found.rejects.map(([, , raw]) => raw)], [rows, rejects], text);
    assert.ok(rejects.length > 0 || found.decided['open_quotes'] !== undefined, text);
  }
  const rows = many(index => (index % 1000 === 7 ? `${index};"n;x` : `${index};n;"x y"`));
  const behind = await readTable(folder, `id;n;t\n${many(index => `${index};n;x`)}${rows}`);
  assert.deepEqual([behind.rows.length, behind.rejects.length, ...values(behind, 'open_quotes')], [18_000, 0, 9]);
});

test('a row with line breaks whose lines could be rows is said; where its lines have many columns they are rows', async context => {
  const folder = temporaryFolder(context);
  const short = await readTable(folder, 'id;n;t\n0;"q;q";z\n1;"a;x\n2;b";y\n3;c;w\n');
  assert.deepEqual([shown(short), ...values(short, 'line_breaks')], [['0;q;q;z', '1;a;x|2;b;y', '3;c;w'], 1]);
  assert.match(short.decided['line_breaks']?.reason ?? '', /line 3 /);
  const text = await readTable(folder, 'id;n;t\n0;"two\nlines";z\n1;"a;b\nc";y\n');
  assert.deepEqual([text.rows.length, ...values(text, 'line_breaks')], [2, undefined]);
  const blank = await readTable(folder, 'a;b\n1;"x\n\n\n2;y"\n3;z\n');
  assert.deepEqual([blank.rows.length, ...values(blank, 'line_breaks')], [2, 1]);
  const surplus = await readTable(folder, 'a;b;c\n1;"q;r";n\n2;x;"y\n3;y;z;"\n4;n;n\n');
  assert.deepEqual([surplus.rows.length, ...values(surplus, 'line_breaks')], [3, 1]);
  const nested = await readTable(folder, 'a;b;c\n5;"q;r";n\n6;"x;n\n7;y";"l1\nl2"\n8;n;n\n');
  assert.deepEqual([nested.rows.length, ...values(nested, 'line_breaks')], [3, 1]);
  const vectors = Array.from({ length: 180 }, (_, index) => {
    const word = index === 10 ? '"' : index === 100 ? '."' : `w${index}`;
    return `${word} ${Array.from({ length: 20 }, (__, column) => `0.${index}${column}`).join(' ')}\n`;
  });
  const found = await readTable(
    folder,
    `word ${Array.from({ length: 20 }, (_, column) => `d${column}`).join(' ')}\n${vectors.join('')}`,
  );
  assert.deepEqual([found.rows.length, found.rejects, ...values(found, 'quotes_as_text')], [180, [], 1]);
});

test('a row that only another escape, quote or blanks around quotes make whole is read so behind the first 64 KB, and said', async context => {
  const folder = temporaryFolder(context);
  const before = `id,t,z\n${many(index => `${index},"abc",z`)}`;
  for (const [rows, expected, name] of [
    ['1,"a \\"b\nc\\" d",z\n2,"C:\\dir\\",z\n', ['1;a "b|c" d;z', '2;C:\\dir\\;z'], 'other_escape'],
    ["1,'a, b',z\n2,'a\nb',z\n3,'tis,z\n", ['1;a, b;z', '2;a|b;z', "3;'tis;z"], 'other_quote'],
    ['1, "a, b" ,z\n2, "a\nb", z\n', ['1;a, b;z', '2;a|b;z'], 'other_blanks'],
    ["1,x,'a\nb'\n2,y,'tis\n3,y,z\n", ['1;x;a|b', "2;y;'tis", '3;y;z'], 'other_quote'],
    ['1,x, "a\nb"\n2,y,z\n', ['1;x;a|b', '2;y;z'], 'other_blanks'],
    ['1,"10" pipe\nlong",z\n', ['1;10" pipe|long;z'], 'quotes_within_quotes'],
    ['1,"x,"l1\nl2"\n2,n,n\n', ['1;"x;l1|l2', '2;n;n'], 'quotes_within_quotes'],
  ] as const) {
    const found = await readTable(folder, before + rows);
    assert.deepEqual([shown(found).slice(9000), found.rejects], [expected, []]);
    assert.match(found.decided[name]?.reason ?? '', /line 9002 /);
    const declared = { delimiter: ',', quote: '"', escape: '', skip_blanks: false };
    const plain = await readTable(folder, before + rows, declared);
    if (name !== 'quotes_within_quotes') assert.equal(plain.decided[name], undefined);
  }
  const escaped = `id;t;z\n${many(index => `${index};"a\\"d;b";z`)}`;
  const paths = await readTable(folder, `${escaped}1;"C:\\";z\n2;b;z\n3;"D:\\";z\n`);
  assert.deepEqual([shown(paths).slice(9000), paths.rejects], [['1;C:\\;z', '2;b;z', '3;D:\\;z'], []]);
});

test('one quote that is not closed does not hide that the others are quotes', async context => {
  const folder = temporaryFolder(context);
  const rows = Array.from({ length: 40 }, (_, index) => (index === 7 ? "7;'x;'z'\n" : `${index};'a;b\nc';'z'\n`));
  const found = await readTable(folder, `id;n;t\n${rows.join('')}`);
  assert.deepEqual([found.rows.length, ...values(found, 'quote')], [40, "'"]);
  assert.deepEqual(shown(found).slice(6, 8), ['6;a;b|c;z', "7;'x;z"]);
});

test('a row that no reading makes whole is a reject, and so is what goes on from it', async context => {
  const folder = temporaryFolder(context);
  const found = await readTable(folder, 'id,t,z\n0,"a, b",z\n1,"10" pipe\nlong" x,z\n2,x,z\n3,y\n');
  assert.deepEqual(
    [shown(found), found.rejects.map(([, line]) => line)],
    [
      ['0;a, b;z', '2;x;z', '3;y;null'],
      [3, 4],
    ],
  );
  const ragged = `id,t,z\n0,"a, b",z\n${'1,"10" pipe\n'.repeat(2)}2,x\n3,"y" y\n4,z\n`;
  const kept = await readTable(folder, ragged);
  assert.deepEqual(
    [shown(kept), kept.rejects.map(([, line]) => line)],
    [
      ['0;a, b;z', '2;x;null', '3;y y;null', '4;z;null'],
      [3, 4],
    ],
  );
});

test('where all other rows end with CRLF a lone LF is text, if the row has all its cells only then; and so for other line ends', async context => {
  const folder = temporaryFolder(context);
  for (const [text, rows] of [
    ['id;t;n\r\n1;a;1\r\n2;l1\nl2;5\r\n3;x;6\r\n', ['1;a;1', '2;l1|l2;5', '3;x;6']],
    ['id;t\r\n1;a\r\n2;l1\n\nl2\r\n3;x\r\n', ['1;a', '2;l1||l2', '3;x']],
    ['id;t\r\n1;a\r\nk1\nk2;y\r\n3;x\r\n', ['1;a', 'k1|k2;y', '3;x']],
    ['id;t;n\n1;a;1\n2;l1\rl2;5\n3;x;6\n', ['1;a;1', '2;l1|l2;5', '3;x;6']],
    ['id;t;n\n1;a;1\n2;l1\r\nl2;5\n3;x;6\n', ['1;a;1', '2;l1|l2;5', '3;x;6']],
  ] as const) {
    const found = await readTable(folder, text);
    assert.deepEqual([shown(found), found.rejects], [rows, []], text);
    assert.match(found.decided['line_break_without_quotes']?.reason ?? '', /line 3 /);
    assert.equal(found.decided['short_rows'], undefined);
  }
  for (const end of ['\n', '\n\r\n', '\n \n']) {
    const last = await readTable(folder, `id;t\r\n1;a\r\n2;b${end}`);
    assert.deepEqual([shown(last), last.rejects], [['1;a', '2;b'], []]);
  }
  const mixed = await readTable(folder, 'id;t;n\r\n1;a;1\r\n2;b;2\r\n3;c;3\n4;d\n5;e;6\r\n');
  assert.deepEqual([mixed.rows.length, ...values(mixed, 'other_line_ends')], [5, 2]);
  const column = await readTable(folder, 'n\r\na\r\nb\r\nl1\nl2\r\n');
  assert.deepEqual([shown(column), ...values(column, 'other_line_ends')], [['a', 'b', 'l1', 'l2'], 1]);
});
