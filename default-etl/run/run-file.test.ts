import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as XLSX from '@e965/xlsx';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { load, temporaryFolder, type RunOptions } from '../testing/load.ts';

const vega = fileURLToPath(new URL('../../node_modules/vega-datasets/data', import.meta.url));

/** Loads into the lake and reads the rows back, of text alone. */
async function lake(options: RunOptions & { extract?: object }) {
  const env = {
    LOAD: '{"target":"lake","types":"text"}',
    ...options.env,
    EXTRACT: JSON.stringify(options.extract ?? {}),
  };
  const ran = await load({ ...options, env });
  const path = join(ran.workDir, 'out.parquet');
  const rows = existsSync(path) ? await parquetReadObjects({ file: plain(readFileSync(path)), compressors }) : [];
  return { ...ran, rows };
}

function plain(bytes: Buffer): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}

function workbook(rows: unknown[][], type: 'xlsx' | 'biff8' = 'xlsx'): Buffer {
  const book = XLSX.utils.book_new();
  XLSX.utils.book_append_sheet(book, XLSX.utils.aoa_to_sheet(rows), 'first');
  XLSX.utils.book_append_sheet(book, XLSX.utils.aoa_to_sheet([['b'], ['x']]), 'second');
  return XLSX.write(book, { type: 'buffer', bookType: type }) as Buffer;
}

test('French CSV: semicolons, Windows-1252, decimal commas and quoted line breaks are found out', async context => {
  const content = Buffer.from('Département;Montant\r\n" Côte-d\'Or ";"1,50"\r\n"a\r\nb";2,00\r\n', 'latin1');
  const { rows } = await lake({ folder: temporaryFolder(context), content });
  assert.deepEqual(rows, [
    { DÉPARTEMENT: " Côte-d'Or ", MONTANT: '1,50' },
    { DÉPARTEMENT: 'a\r\nb', MONTANT: '2,00' },
  ]);
});

test('UTF-16 and UTF-8 with a byte order mark are read as text', async context => {
  const folder = temporaryFolder(context);
  const utf16 = Buffer.from('\uFEFFé,b\n1,𝄞\n', 'utf16le');
  assert.deepEqual((await lake({ folder, content: utf16 })).rows, [{ É: '1', B: '𝄞' }]);
  assert.deepEqual((await lake({ folder, content: Buffer.from('\uFEFFa,b\n1,2\n') })).rows, [{ A: '1', B: '2' }]);
});

test('an empty file can never succeed; a header alone is no rows and no error', async context => {
  const folder = temporaryFolder(context);
  const empty = await lake({ folder, content: '' });
  assert.equal(empty.code, 65);
  assert.match(empty.error, /is empty/);
  const header = await lake({ folder, content: 'a,b\n' });
  assert.equal(header.code, 0, header.error);
  assert.equal(header.result?.rows_read, 0);
});

test('a quote that is never closed costs its own line only', async context => {
  const ran = await lake({ folder: temporaryFolder(context), content: 'a,b\n1,"x\n2,y\n3,z\n' });
  assert.equal(ran.code, 0, ran.error);
  assert.deepEqual(
    ran.rejects.map(reject => [reject.row, reject.line, reject.raw]),
    [[1, 2, '1,"x']],
  );
  assert.deepEqual(ran.rows, [
    { A: '2', B: 'y' },
    { A: '3', B: 'z' },
  ]);
});

test('a cell of ten megabytes and NUL bytes come through unchanged', async context => {
  const large = `${'x'.repeat(5 << 20)}"${'é'.repeat(3 << 20)}\0`;
  const content = `a,b\n1,"${large.replaceAll('"', '""')}"\n2,y\n`;
  const { rows } = await lake({ folder: temporaryFolder(context), content });
  assert.equal(rows[0]?.B === large, true);
  assert.equal(rows.length, 2);
});

test('EXTRACT says where the table begins and ends, and how it is written', async context => {
  const folder = temporaryFolder(context);
  const content = "report of 2020\n\nA|B\n1|'x|y'\n2|z\ntotal|2\n";
  const extract = { skip_rows: 2, skip_footer: 1, delimiter: '|', quote: "'", columns: ['b'] };
  const ran = await lake({ folder, content, extract });
  assert.deepEqual(ran.rows, [{ B: 'x|y' }, { B: 'z' }]);
  assert.equal(ran.result?.rows_read, 2);
  const named = await lake({ folder, content: '1,2\n3,4\n', extract: { header: ['x', 'y'] } });
  assert.deepEqual(named.rows, [
    { X: '1', Y: '2' },
    { X: '3', Y: '4' },
  ]);
});

test('JSON keeps numbers as they are written, nested values as JSON text, and null and absent apart', async context => {
  const content = '[{"a":12345678901234567890,"b":1.50,"c":"é\\n\\"x"},\n {"b":true,"d":{"x": [1, 2]},"a":null}]';
  const { rows } = await lake({ folder: temporaryFolder(context), name: 'in.json', content });
  assert.deepEqual(rows, [
    { A: '12345678901234567890', B: '1.50', C: 'é\n"x', D: null },
    { A: null, B: 'true', C: null, D: '{"x":[1,2]}' },
  ]);
});

test('JSON: record_path leads to the list; one object is one row; a line that is no JSON is a reject', async context => {
  const folder = temporaryFolder(context);
  const nested = await lake({
    folder,
    name: 'in.json',
    content: '{"meta":{"rows":[9]},"result":{"n":1,"rows":[{"a":1},{"a":2}],"more":{}}}',
    extract: { record_path: ['result', 'rows'] },
  });
  assert.deepEqual(nested.rows, [{ A: '1' }, { A: '2' }], nested.error);
  const one = await lake({ folder, name: 'one.json', content: '{"a":{"b":1},"c":"x"}' });
  assert.deepEqual(one.rows, [{ A: '{"b":1}', C: 'x' }]);
  const lines = await lake({ folder, name: 'in.ndjson', content: '{"a":1}\n{"a":\n\n{"a":3}\n' });
  assert.deepEqual(lines.rows, [{ A: '1' }, { A: '3' }]);
  assert.deepEqual(
    lines.rejects.map(reject => [reject.row, reject.line, reject.raw]),
    [[2, 2, '{"a":']],
  );
  const damaged = await lake({ folder, name: 'damaged.json', content: '[{"a":1},{"a":' });
  assert.equal(damaged.code, 65);
});

test('real JSON gives the rows that JSON.parse gives, over every window boundary', async context => {
  const path = join(vega, 'movies.json');
  const { rows, result } = await lake({
    folder: temporaryFolder(context),
    name: 'movies.json',
    content: readFileSync(path),
  });
  const objects = JSON.parse(readFileSync(path, 'utf8')) as Array<Record<string, string | number | null>>;
  assert.equal(result?.rows_read, objects.length);
  objects.forEach((object, row) => {
    for (const [name, value] of Object.entries(object)) {
      const text = value === null || value === '' ? null : String(value);
      assert.equal(rows[row]?.[name.toUpperCase()], text);
    }
  });
});

test('workbooks: whole numbers, floats, dates, booleans and blanks are the text that pandas gives', async context => {
  const rows = [
    [' n ', 'f', 'd', 't', 'e'],
    [1, 0.1, new Date(Date.UTC(2020, 0, 2)), true, 'NA'],
    [1e21, 1e-7, null, false, ' '],
  ];
  for (const [name, type] of [
    ['in.xlsx', 'xlsx'],
    ['in.xls', 'biff8'],
    ['named.xls', 'xlsx'],
  ] as const) {
    const ran = await lake({ folder: temporaryFolder(context), name, content: workbook(rows, type) });
    assert.deepEqual(
      ran.rows,
      [
        { N: '1', F: '0.1', D: '2020-01-02 00:00:00', T: 'True', E: 'NA' },
        { N: '1000000000000000000000', F: '1e-07', D: null, T: 'False', E: ' ' },
      ],
      name + ran.error,
    );
  }
});

test('workbooks: a sheet by position or name, or all, numbered on', async context => {
  const folder = temporaryFolder(context);
  const content = workbook([['a'], [1], [2]]);
  assert.deepEqual((await lake({ folder, name: 'in.xlsx', content, extract: { sheet: 1 } })).rows, [{ B: 'x' }]);
  assert.deepEqual((await lake({ folder, name: 'in.xlsx', content, extract: { sheet: 'second' } })).rows, [{ B: 'x' }]);
  const all = await lake({ folder, name: 'in.xlsx', content, extract: { sheet: 'all' } });
  assert.deepEqual(all.rows, [
    { A: '1', B: null },
    { A: '2', B: null },
    { A: null, B: 'x' },
  ]);
  assert.equal((await lake({ folder, name: 'in.xlsx', content, extract: { sheet: 'third' } })).code, 65);
});

test('rule 3: the rows of all sheets are numbered on', async context => {
  const env = { LOAD: JSON.stringify({ source_columns: true }) };
  const content = workbook([['a'], [1], [2]]);
  const all = await lake({
    folder: temporaryFolder(context),
    name: 'in.xlsx',
    content,
    env,
    extract: { sheet: 'all' },
  });
  assert.deepEqual(
    all.rows.map(row => row['SOURCE_ROW']),
    ['1', '2', '3'],
  );
});

test('text in the name of a workbook is read as text; a damaged workbook can never succeed', async context => {
  const folder = temporaryFolder(context);
  assert.deepEqual((await lake({ folder, name: 'in.xls', content: 'a\tb\n1\t2\n' })).rows, [{ A: '1', B: '2' }]);
  const damaged = await lake({ folder, name: 'in.xlsx', content: workbook([['a'], [1]]).subarray(0, 900) });
  assert.equal(damaged.code, 65);
  const noise = Buffer.from(Array.from({ length: 3000 }, (_, byte) => (byte * 149 + 7) % 256));
  for (const name of ['noise.xlsx', 'noise.xls']) {
    const garbage = await lake({ folder, name, content: noise });
    assert.equal(garbage.code, 65);
    assert.match(garbage.error, /is no workbook/);
  }
});

test('gzip is unpacked whatever is in it; a damaged one can never succeed', async context => {
  const folder = temporaryFolder(context);
  const text = `a,b\n${Array.from({ length: 100_000 }, (_, row) => `${row},${row * 7}`).join('\n')}\n`;
  const packed = gzipSync(text);
  const ran = await lake({ folder, name: 'in.csv.gz', content: packed });
  assert.equal(ran.rows.length, 100_000);
  assert.deepEqual(ran.rows[99_999], { A: '99999', B: '699993' });
  const damaged = await lake({ folder, name: 'in.csv.gz', content: packed.subarray(0, packed.length - 1000) });
  assert.equal(damaged.code, 65);
  assert.match(damaged.error, /damaged gzip/);
  const book = await lake({ folder, name: 'in.xlsx.gz', content: gzipSync(workbook([['a'], [1]])) });
  assert.deepEqual(book.rows, [{ A: '1' }]);
});

test('Parquet written by the lake is read back with the same rows', async context => {
  const folder = temporaryFolder(context);
  const first = await lake({ folder, content: readFileSync(join(vega, 'birdstrikes.csv')) });
  assert.equal(first.rows.length, 10_000, first.error);
  const content = readFileSync(join(first.workDir, 'out.parquet'));
  const second = await lake({ folder, name: 'in.parquet', content });
  assert.deepEqual(second.rows, first.rows);
});

test('colliding names: the last column wins', async context => {
  const { rows } = await lake({ folder: temporaryFolder(context), content: 'a,b,A \n1,2,3\n' });
  assert.deepEqual(rows, [{ B: '2', A: '3' }]);
});

test('a step, an action or an encoding that does not exist is a fault of the settings, not of the file', async context => {
  const folder = temporaryFolder(context);
  assert.equal((await load({ folder, content: 'a\n1\n', env: { TRANSFORM: '["none"]' } })).code, 78);
  assert.equal((await lake({ folder, content: 'a\n1\n', extract: { encoding: 'klingon' } })).code, 78);
});

test('UTF-16 without a byte order mark is text; a first line of sep=; is no header', async context => {
  const folder = temporaryFolder(context);
  assert.deepEqual((await lake({ folder, content: Buffer.from('a;b\n1;é\n', 'utf16le') })).rows, [{ A: '1', B: 'é' }]);
  assert.deepEqual((await lake({ folder, content: 'sep=;\r\na;b\r\n1;2,5\r\n' })).rows, [{ A: '1', B: '2,5' }]);
});

test('a byte that is not UTF-8 costs its own row, in CSV and in JSON', async context => {
  const folder = temporaryFolder(context);
  const csv = Buffer.concat([Buffer.from(`a\n${'é\n'.repeat(20)}x`), Buffer.from([0xe9]), Buffer.from('\nok\n')]);
  const rows = await lake({ folder, content: csv });
  assert.deepEqual([rows.result?.rows_loaded, rows.rejects.map(reject => [reject.row, reject.line])], [21, [[21, 22]]]);
  const json = Buffer.concat([
    Buffer.from(`[{"a":"${'é'.repeat(20)}"},{"a":"`),
    Buffer.from([0xe9]),
    Buffer.from('"},{"a":"ok"}]'),
  ]);
  const objects = await lake({ folder, name: 'in.json', content: json });
  assert.deepEqual(objects.rows, [{ A: 'é'.repeat(20) }, { A: 'ok' }]);
  assert.match(objects.rejects[0]?.reason ?? '', /not valid UTF-8/);
});

test('a gzip whose first accent comes late is read in its own encoding', async context => {
  const text = `a;b\n${'x;1\n'.repeat(300_000)}Côte;2\n`;
  const ran = await lake({
    folder: temporaryFolder(context),
    name: 'in.csv.gz',
    content: gzipSync(Buffer.from(text, 'latin1')),
  });
  assert.deepEqual([ran.rejects, ran.rows.at(-1)], [[], { A: 'Côte', B: '2' }]);
});

test('JSON whose keys come up late takes no more memory than its rows', async context => {
  const narrow = Array.from({ length: 40_000 }, (_, row) => ({ a: String(row) }));
  const wide = Object.fromEntries(Array.from({ length: 3000 }, (_, column) => [`k${column}`, 'v']));
  const content = JSON.stringify([...narrow, wide, ...narrow]);
  const file = { folder: temporaryFolder(context), name: 'in.json', content };
  const before = process.memoryUsage.rss();
  // The whole of it in rows of the final width would be 2 GB.
  const ran = await load({ ...file, env: { LOAD: '{"target":"lake"}', EXTRACT: '{"columns":["a","k2999"]}' } });
  assert.equal(ran.result?.rows_loaded, 80_001, ran.error);
  assert.ok(process.memoryUsage.rss() - before < 500e6);
});

test('records held back for a footer keep their cells while the reader goes on', async context => {
  const folder = temporaryFolder(context);
  // Rows of one cell under 5,000 columns: many batches of the same bytes, each with a cell to unescape.
  const header = Array.from({ length: 5000 }, (_, column) => `c${column}`).join(',');
  const csv = `${header}\n${Array.from({ length: 1000 }, (_, row) => `"${row}""x"\n`).join('')}`;
  const extract = { skip_footer: 300, columns: ['c0'] };
  const ran = await lake({ folder, content: csv, extract });
  assert.deepEqual(
    ran.rows,
    Array.from({ length: 700 }, (_, row) => ({ C0: `${row}"x` })),
  );
});

test('blank lines, a trailing delimiter, short rows and lone CR', async context => {
  const folder = temporaryFolder(context);
  const { rows } = await lake({ folder, content: '\n  \na,b,\r1,2,\r\r3\r   \r4,"x\ry",5\r' });
  assert.deepEqual(rows, [
    { A: '1', B: '2', 'UNNAMED: 2': null },
    { A: '3', B: null, 'UNNAMED: 2': null },
    { A: '4', B: 'x\ry', 'UNNAMED: 2': '5' },
  ]);
  for (const content of ['\uFEFF', '\n\n', '\uFEFF\n']) assert.equal((await lake({ folder, content })).code, 65);
});

test('EXTRACT.min_confidence: what is less sure is refused before a row is loaded, unless EXTRACT says it', async context => {
  const folder = temporaryFolder(context);
  const least = (more: object) => ({ EXTRACT: JSON.stringify({ min_confidence: 0.6, ...more }) });
  const content = 'one word\nanother one here\nand so on\n';
  const refused = await load({ folder, content, env: least({}) });
  assert.equal(refused.code, 65);
  assert.match(
    refused.error,
    /^delimiter "," is only 50 % sure, and EXTRACT\.min_confidence is 0\.6: .*; say it by EXTRACT/,
  );
  assert.equal(existsSync(join(refused.workDir, 'out.parquet')), false);
  assert.equal((await load({ folder, content, env: least({ delimiter: ',' }) })).code, 0);
  assert.equal((await load({ folder, content, env: least({ min_confidence: 0.5 }) })).code, 0);
  assert.equal((await load({ folder, content })).code, 0);
});
