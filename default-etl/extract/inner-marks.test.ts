import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encode } from 'iconv-lite';
import { readTable, values } from '../testing/csv-table.ts';
import { load, temporaryFolder } from '../testing/load.ts';
import { streamOf } from '../testing/workbook.ts';
import { InnerMarks, withoutInnerMarks } from './inner-marks.ts';

const MARK = '\uFEFF';

async function textOf(content: string, { most, room }: { most: number; room: number }): Promise<[string, InnerMarks]> {
  const marks = new InnerMarks();
  const stream = withoutInnerMarks(streamOf(Buffer.from(content), most), marks);
  const pieces: Buffer[] = [];
  for (;;) {
    const buffer = Buffer.alloc(room);
    const count = await stream.fill(buffer, 0);
    if (count === 0) return [Buffer.concat(pieces).toString(), marks];
    pieces.push(buffer.subarray(0, count));
  }
}

test('of joined files no value has a byte order mark, whatever stands before and behind it', async context => {
  const folder = temporaryFolder(context);
  const issue = await readTable(folder, `${MARK}id;nom\r\n1;a\r\n${MARK}"2";"b;c"\r\n`);
  assert.deepEqual(
    [issue.rows, ...values(issue, 'byte_order_marks')],
    [
      [
        ['1', 'a'],
        ['2', 'b;c'],
      ],
      1,
    ],
  );
  const names = 'id;nom;n\n';
  const rows = (count: number) => Array.from({ length: count }, (_, row) => `${row};nom ${row};7\n`).join('');
  for (const text of [
    `${MARK}${names}${rows(3)}${MARK}${names}${rows(3)}`,
    `${MARK}${names}${rows(3)}\f${MARK}${names}${rows(3)}`,
    `${MARK}${names}${rows(9000)}${MARK}${MARK}${names}${rows(3)}${MARK}${names}`,
  ]) {
    for (const encoding of ['utf8', 'utf-16le', 'utf-16be']) {
      const found = await readTable(folder, encode(text, encoding, { addBOM: false }));
      assert.ok(!JSON.stringify(found.rows).includes(MARK), encoding);
      assert.equal(found.rows.length, text.split('\n').length - 2);
    }
  }
});

test('a mark within a line stays, and is said', async context => {
  const found = await readTable(temporaryFolder(context), `a;b\n1;x${MARK}y\n2;z\n`);
  assert.deepEqual(
    [found.rows[0], ...values(found, 'byte_order_marks', 'byte_order_marks_within')],
    [['1', `x${MARK}y`], undefined, 1],
  );
});

test('wherever bytes are cut, the marks at the beginning of lines are left out, and only those', async () => {
  const piece = fc.constantFrom('a', 'é', '\n', '\r\n', MARK, MARK, '\f', '\uFEFE', 'ïÿ');
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 30 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(1, 5, 8192),
      async (pieces, most, room) => {
        const content = `x${pieces.join('')}`;
        const [text, marks] = await textOf(content, { most, room });
        assert.equal(text, content.replaceAll(/(?<=[\n\r\f])\uFEFF+/g, ''));
        assert.equal(marks.kept, text.split(MARK).length - 1);
      },
    ),
    { numRuns: 500 },
  );
});

test('a header that comes again is said at the end of the run, however far down, and its line stays a row', async context => {
  const names = '"id";"nom"\n';
  const rows = Array.from({ length: 9000 }, (_, row) => `"${row}";"nom ${row}"\n`).join('');
  for (const between of ['', MARK, '\f', `\f${MARK}`]) {
    const lines: string[] = [];
    const env = { LOAD: '{"target":"lake"}' };
    const content = `${names}${rows}${between}${names}${rows}${between}${names}`;
    const said = (line: string) => lines.push(line);
    const ran = await load({ folder: temporaryFolder(context), content, env, said });
    assert.equal(ran.result?.rows_loaded, 18_002, JSON.stringify(between));
    const [told] = lines.filter(line => line.startsWith('repeated_headers'));
    assert.match(told ?? '', /^repeated_headers 2 .*line 9002 repeats the header, and 1 line/);
  }
});
