// Files that are cheap to make and dear to read: each is refused by a limit that is named, in time and memory of an honest file.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { htmlTables, HtmlTooWide } from '../extract/workbook/html-tables.ts';
import { kindOfFormat, NUMBER } from '../extract/workbook/number-format.ts';
import { withinReach } from './failure.ts';
import { limitsOf } from './limits.ts';
import type { Extract } from './settings.ts';
import { readContent } from '../testing/rows.ts';
import { odsOf, xlsxOf } from '../testing/workbook.ts';
import { zipOf } from '../testing/zip.ts';

async function run(context: TestContext, name: string, content: Buffer | string, limits: Extract['limits'] = {}) {
  const { code, error, rows, rejects } = await readContent(context, name, content, { limits });
  return { code, error, rows: rows.length, rejects };
}

async function isRefused(
  context: TestContext,
  name: string,
  content: Buffer | string,
  why: RegExp,
  limits = {},
): Promise<void> {
  const { code, error } = await run(context, name, content, limits);
  assert.deepEqual([code, error.startsWith(name)], [65, true], error);
  assert.match(error, why);
}

function list<T>(count: number, item: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => item(index));
}

const TOO_WIDE = /more than 20000 columns, the limit; if it is a table all the same, set EXTRACT\.limits\.columns/;

test('a million columns are refused, in every format that can have them', async t => {
  const names = list(1_000_000, index => `c${index}`);
  await isRefused(
    t,
    'wide.csv',
    `${names.join(',')}\n${'1,'.repeat(999_999)}1\n`,
    /line 1 has more than 20000 columns/,
  );
  await isRefused(t, 'commas.csv', ','.repeat(5_000_000), TOO_WIDE);
  await isRefused(t, 'wide.json', `[{${names.map(name => `"${name}":1`).join()}}]`, TOO_WIDE);
  await isRefused(
    t,
    'wide.xml',
    `<?xml version="1.0"?><r><x ${names.map(name => `${name}="1"`).join(' ')}/></r>`,
    TOO_WIDE,
  );
  const cells = '<c t="str"><v>c</v></c>'.repeat(1_000_000);
  await isRefused(
    t,
    'wide.xlsx',
    xlsxOf({ sheets: { S: `<sheetData><row>${cells}</row></sheetData>` } }),
    /beyond column 16384/,
  );
});

test('so are ever other keys, row after row, and members of an archive with ever other columns', async t => {
  const records = list(300, index => `{"k${index}":1}`);
  const columns = { columns: 200 };
  await isRefused(
    t,
    'keys.ndjson',
    records.join('\n'),
    /as far as line 201 its rows have more than 200 columns/,
    columns,
  );
  const members = list(30, index => ({ name: `${index}.csv`, content: `a${index},b${index},c${index}\n1,2,3\n` }));
  await isRefused(t, 'members.zip', zipOf(members), /its rows have more than 80 columns/, { columns: 80 });
  assert.equal((await run(t, 'members.zip', zipOf(members))).rows, 30);
});

test('a table as wide as a sheet can be is loaded; more columns where that is said', async t => {
  const header = list(16_384, index => `c${index}`).join();
  const values = list(16_384, index => index).join();
  assert.equal((await run(t, 'widest.csv', `${header}\n${values}\n`)).rows, 1);
  const few = 'a,b,c\n1,2,3\n';
  assert.match((await run(t, 'few.csv', few, { columns: 2 })).error, /line 1 has more than 2 columns/);
  assert.equal((await run(t, 'few.csv', few, { columns: 3 })).code, 0);
});

test('a row of far more cells than columns is a reject, whatever it has', async t => {
  const ran = await run(t, 'row.csv', `a,b\n1,2\n${'x,'.repeat(3_000_000)}x\n3,4\n`);
  assert.deepEqual([ran.code, ran.rows, ran.rejects.length], [0, 2, 1]);
  assert.match(ran.rejects[0]?.reason ?? '', /^\d+ cells, but the header has 2 columns$/);
});

test('repeated cells and rows of an ods of one kilobyte, and cells far to the right of an xlsx, make no billions of cells', async t => {
  const cell = (count: number) =>
    `<table:table-cell table:number-columns-repeated="${count}"><text:p>x</text:p></table:table-cell>`;
  const row = (count: number, cells: string) =>
    `<table:table-row table:number-rows-repeated="${count}">${cells}</table:table-row>`;
  const ods = odsOf(`<table:table table:name="S">${row(1, cell(16_384))}${row(1_000_000, cell(16_384))}</table:table>`);
  assert.ok(ods.length < 1500);
  await isRefused(t, 'repeated.ods', ods, /its repeated rows make more cells .*EXTRACT\.limits\.cells/, {
    cells: 1_000_000,
  });
  const blanks = `<table:table-cell><text:p>${'<text:s text:c="16384"/>'.repeat(6000)}</text:p></table:table-cell>`;
  await isRefused(
    t,
    'blanks.ods',
    odsOf(`<table:table table:name="S">${row(1, blanks)}</table:table>`),
    /a cell of more than \d+ characters/,
  );
  const sheet = list(
    300,
    index => `<row r="${index + 1}"><c r="A${index + 1}"><v>1</v></c><c r="XFD${index + 1}"><v>2</v></c></row>`,
  );
  const xlsx = xlsxOf({ sheets: { S: `<sheetData>${sheet.join('')}</sheetData>` } });
  const { error } = await run(t, 'sparse.xlsx', xlsx, { cells: 1_000_000 });
  assert.match(error, /of 16384 columns have more than \d+ cells, empty ones included.*EXTRACT\.limits\.cells/);
});

test('spans of an HTML table take neither memory nor time', () => {
  const cell = '<td colspan=1000000000 rowspan=1000000000>x';
  assert.throws(() => htmlTables(`<table><tr>${cell.repeat(10)}</table>`), HtmlTooWide);
  assert.throws(() => htmlTables(`<table>${`<tr>${cell}`.repeat(100_000)}</table>`), HtmlTooWide);
  const tall = `<table><tr><td rowspan=65534 colspan=1000>x${'<tr><td>y'.repeat(20_000)}</table>`;
  assert.equal(htmlTables(tall)?.[0]?.[19_999]?.[1000], 'y');
});

test('a format of a number, a list of sheets and of styles take time as their length says', async t => {
  for (const piece of ['[', '[h', '"', '\\']) assert.ok(kindOfFormat(piece.repeat(3_000_000)) >= NUMBER);
  const count = 100_000;
  const relations = list(
    count,
    index => `<Relationship Id="r${index}" Type="x/worksheet" Target="worksheets/sheet0.xml"/>`,
  );
  const workbook = `<workbook><sheets>${list(count, index => `<sheet name="${index}" r:id="r${index}"/>`).join('')}</sheets></workbook>`;
  const parts = [
    { name: 'xl/_rels/workbook.xml.rels', content: `<Relationships>${relations.join('')}</Relationships>` },
    { name: 'xl/workbook.xml', content: workbook },
  ];
  const sheets = { S: '<sheetData><row><c t="str"><v>a</v></c></row><row><c><v>1</v></c></row></sheetData>' };
  assert.equal((await run(t, 'sheets.xlsx', xlsxOf({ sheets, parts }))).code, 0);
  const styles = `<cellXfs>${'<xf numFmtId="0"/>'.repeat(1_100_000)}</cellXfs>`;
  await isRefused(t, 'styles.xlsx', xlsxOf({ sheets, styles }), /more than 1048576 styles/);
});

test('JSON and XML that are nested or repeated without end cost their own row', async t => {
  const deep = `[{"a":${'['.repeat(1_500_000)}${']'.repeat(1_500_000)}},{"a":1}]`;
  const json = await run(t, 'deep.json', deep);
  assert.deepEqual([json.rows, json.rejects[0]?.reason], [1, 'a value in it is nested more than 1000000 deep']);
  const spaced = await run(t, 'spaced.json', `[{"a":[${' 1,\n'.repeat(3_000_000)}1]}]`);
  assert.equal(spaced.rows, 1);
  const xml = (content: string) => `<?xml version="1.0"?><r>${content}<x><y>1</y></x><x><y>2</y></x></r>`;
  // What comes first shows what a row is.
  const rows = '<x><y>1</y></x>'.repeat(80_000);
  const many = await run(t, 'many.xml', xml(`${rows}<x>${'a<b/>'.repeat(1_100_000)}</x>`));
  assert.match(many.rejects[0]?.reason ?? '', /more than 1000000 elements/);
  const names = await run(
    t,
    'names.xml',
    xml(`<x>${list(10_000, index => `<p${index}:a>1</p${index}:a>`).join('')}</x>`),
  );
  assert.equal(names.rows, 3);
  const blank = ' '.repeat(1_000_000);
  assert.equal((await run(t, 'blank.xml', xml(`<x><y>a${blank}b<z/>${blank}c</y></x>`))).rows, 3);
});

test('a name that no target takes is said to be none', async t => {
  await isRefused(
    t,
    'name.csv',
    `${'n'.repeat(40_000)},b\n1,2\n`,
    /the name of column 1 has 40000 characters, and may have 32000/,
  );
  await isRefused(t, 'name.json', `[{"${'n'.repeat(40_000)}":1}]`, /the name of column 1 has 40000/);
});

test('what is packed a thousand times over is refused beyond a size that can be set; below it is a table', async t => {
  const bomb = gzipSync(Buffer.concat([Buffer.from('a,b\n'), Buffer.alloc(400_000, '1,2\n')]));
  const { error } = await run(t, 'bomb.csv.gz', bomb, { unpacked_size: '100k' });
  assert.match(error, /more than 200 times its size, beyond 102400 bytes.*set EXTRACT\.limits\.unpacked_size/);
  assert.equal((await run(t, 'table.csv.gz', bomb)).rows, 100_000);
  const rows = `<row><c t="str"><v>a</v></c></row>${'<row><c><v>1</v></c></row>'.repeat(20_000)}`;
  const workbook = xlsxOf({ sheets: { S: `<sheetData>${rows}</sheetData>` } });
  const why = /sheet0\.xml unpacks to more than 102400 bytes .* 200 times .*\(EXTRACT\.limits\.unpacked_size\)/;
  await isRefused(t, 'bomb.xlsx', workbook, why, { unpacked_size: '100k' });
  assert.equal((await run(t, 'table.xlsx', workbook)).rows, 20_000);
});

test('a record has its limit, which can be set', async t => {
  const json = `[{"a":"${'x'.repeat(3_000_000)}"}]`;
  assert.match(
    (await run(t, 'row.json', json, { row_size: '1m' })).error,
    /does not end within 1048576 bytes \(EXTRACT\.limits\.row_size\)/,
  );
  assert.equal((await run(t, 'row.json', json)).rows, 1);
  const csv = `a,b\n1,"${'x'.repeat(3_000_000)}"\n`;
  assert.match((await run(t, 'row.csv', csv, { row_size: '1m' })).error, /line 2 does not end within/);
});

test('limits are sizes and numbers; what Node can’t hold is the file’s fault, other errors are ours', () => {
  assert.deepEqual(limitsOf({ limits: { row_size: '2k', unpacked_size: '1g', columns: 5 } }), {
    columns: 5,
    cells: 50_000_000,
    rowBytes: 2048,
    unpackedBytes: 2 ** 30,
  });
  assert.equal(limitsOf({ limits: { row_size: '1.5M' } }).rowBytes, 1.5 * 2 ** 20);
  assert.throws(() => limitsOf({ limits: { row_size: 'much' } }), /EXTRACT\.limits\.row_size much is no size/);
  const message = (error: unknown) => (withinReach('in/a.csv', error) as Error).message;
  assert.match(
    message(new RangeError('Invalid string length')),
    /^in\/a\.csv is damaged, or has something in it that is too large/,
  );
  assert.equal(message(new RangeError('a bug')), 'a bug');
  assert.equal(message(new TypeError('Invalid string length')), 'Invalid string length');
});
