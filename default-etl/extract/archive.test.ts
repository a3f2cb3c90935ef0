import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { load, temporaryFolder } from '../testing/load.ts';
import { decided, readContent, recordsOf } from '../testing/rows.ts';
import { zipOf } from '../testing/zip.ts';

const CSV = 'id,name\n1,Anna\n2,Zoé\n';
const ROWS = [
  { id: '1', name: 'Anna' },
  { id: '2', name: 'Zoé' },
];
/** The same two rows. */
const FORMATS: Record<string, Buffer | string> = {
  'a.csv': CSV,
  'a.tsv': CSV.replaceAll(',', '\t'),
  'a.txt': CSV.replaceAll(',', ';'),
  'a.json': JSON.stringify(ROWS),
  'a.ndjson': ROWS.map(row => JSON.stringify(row)).join('\n'),
  'a.xml': `<rows>${ROWS.map(({ id, name }) => `<row><id>${id}</id><name>${name}</name></row>`).join('')}</rows>`,
  'a.parquet': Buffer.from(
    parquetWriteBuffer({
      columnData: ['id', 'name'].map(name => ({
        name,
        data: ROWS.map(row => row[name as 'id']),
        type: 'STRING' as const,
      })),
    }),
  ),
};
const PACKINGS: Record<string, (name: string, content: Buffer) => Buffer> = {
  gz: (_, content) => gzipSync(content),
  zst: (_, content) => zstdCompressSync(content),
  zip: (name, content) => zipOf([{ name, content }]),
  'zip.gz': (name, content) => gzipSync(zipOf([{ name: `${name}.zst`, content: zstdCompressSync(content) }])),
};

for (const [packing, pack] of Object.entries(PACKINGS)) {
  test(`every format is read in .${packing}, also where the name does not say that it is packed`, async context => {
    for (const [name, content] of Object.entries(FORMATS)) {
      const packed = pack(name, Buffer.from(content));
      for (const called of [`${name}.${packing}`, name]) {
        const read = await readContent(context, called, packed);
        assert.deepEqual([read.error, recordsOf(read)], ['', ROWS], called);
      }
    }
  });
}

test('rule 3: the tables of an archive follow each other, numbered on, and what else is in it is said', async context => {
  const read = await readContent(
    context,
    'export.zip',
    zipOf([
      { name: 'north/', content: '' },
      { name: 'north/a.csv', content: CSV },
      { name: '__MACOSX/north/._a.csv', content: 'x' },
      { name: '.DS_Store', content: 'x' },
      { name: 'README.txt', content: 'about\nthis' },
      { name: 'README.pdf', content: '%PDF' },
      { name: 'empty.csv', content: '' },
      { name: 'link.csv', content: 'north/a.csv', isLink: true },
      { name: 'b.json', content: '[{"name":"Bo"},7,{"city":"Rome"}]' },
      { name: 'c.csv', content: 'id;name\n3;"Cy"\n' },
    ]),
  );
  assert.deepEqual(
    read.rows.map(({ row, line, record }) => [row, line, record]),
    [
      [1, 2, ROWS[0]],
      [2, 3, ROWS[1]],
      [3, 1, { name: 'Bo' }],
      [5, 1, { city: 'Rome' }],
      [6, 2, { id: '3', name: 'Cy' }],
    ],
  );
  assert.deepEqual(read.rejects, [{ row: 4, line: 1, reason: 'the record is not an object (in b.json)', raw: '7' }]);
  assert.deepEqual(decided(read, 'members'), ['north/a.csv', 'b.json', 'c.csv']);
  assert.deepEqual(decided(read, 'members_skipped'), ['README.txt', 'README.pdf', 'empty.csv', 'link.csv']);
  assert.deepEqual(decided(read, 'delimiter'), { 'north/a.csv': ',', 'c.csv': ';' });
});

test('the one file of an archive is read though its name has no ending, as a pipe into zip leaves it', async context => {
  const read = await readContent(context, 'sales.zip', zipOf([{ name: '-', content: CSV }]));
  assert.deepEqual([read.error, recordsOf(read)], ['', ROWS]);
});

test('EXTRACT.members chooses by globs, whatever the endings', async context => {
  const archive = zipOf([
    { name: 'sales_2023.csv', content: 'a\n1\n' },
    { name: 'x/Sales_2024.CSV', content: 'a\n2\n' },
    { name: 'x/y/sales.dat', content: 'a\n3\n' },
  ]);
  for (const [members, expected] of [
    ['sales_*.csv', ['1', '2']],
    ['x/*', ['2']],
    ['x/**', ['2', '3']],
    [
      ['*.dat', 'sales_????.csv'],
      ['1', '2', '3'],
    ],
  ] as const) {
    const read = await readContent(context, 'a.zip', archive, { members: members as string });
    assert.deepEqual([read.error, recordsOf(read).map(record => record['a'])], ['', expected]);
  }
  const none = await readContent(context, 'a.zip', archive, { members: '*.xml' });
  assert.match(none.error, /EXTRACT\.members \*\.xml fits no member; it holds sales_2023\.csv, x\/Sales_2024\.CSV/);
});

test('an archive without a table says what it holds, one within archives that it is too deep', async context => {
  const noTable = await readContent(context, 'a.zip', zipOf([{ name: 'photo.jpg', content: 'x' }]));
  assert.deepEqual([noTable.code, /it holds photo\.jpg/.test(noTable.error)], [65, true], noTable.error);
  const nothing = await readContent(context, 'a.zip', zipOf([]));
  assert.deepEqual([nothing.code, /it holds no file at all/.test(nothing.error)], [65, true], nothing.error);
  const inner = zipOf([{ name: 'a.csv', content: CSV }]);
  const middle = zipOf([{ name: 'inner.zip', content: inner }]);
  assert.deepEqual(recordsOf(await readContent(context, 'a.zip', middle)), ROWS);
  const outer = await readContent(context, 'a.zip', zipOf([{ name: 'middle.zip', content: middle }]));
  assert.deepEqual([outer.code, /archive in an archive in an archive/.test(outer.error)], [65, true], outer.error);
});

test('packings that are not read are named', async context => {
  for (const [start, name] of [
    ['425a68393141592653590000', 'bzip2'],
    ['fd377a585a000004', 'xz'],
    ['5d00008000ffffff', 'LZMA'],
    ['504b0708504b0304', 'zip in several parts'],
    ['377abcaf271c0004', '7-Zip'],
    ['526172211a070100', 'RAR'],
  ] as const) {
    const read = await readContent(context, 'a.csv', Buffer.from(start, 'hex'));
    assert.deepEqual([read.code, read.error.includes(`packed by ${name}`)], [65, true], read.error);
  }
  const tar = Buffer.alloc(1024);
  tar.write('a.csv');
  tar.write('ustar', 257);
  assert.match((await readContent(context, 'a.tar.gz', gzipSync(tar))).error, /packed by tar/);
});

test('an archive damaged in the middle fails, and leaves nothing of it in the target', async context => {
  const folder = temporaryFolder(context);
  const rows = Array.from({ length: 60_000 }, (_, row) => `${row},${Math.sqrt(row)}`).join('\n');
  const archive = zipOf([
    { name: 'a.csv', content: CSV },
    { name: 'b.csv', content: `id,name\n${rows}\n` },
  ]);
  archive.fill(0, archive.length / 2, archive.length / 2 + 100);
  const ran = await load({ folder, name: 'a.zip', content: archive });
  assert.equal(ran.code, 65);
  assert.match(ran.error, /its member b\.csv .*damaged/);
  assert.ok(!existsSync(join(ran.workDir, 'out.parquet')));
  const locked = zipOf([{ name: 'a.csv', content: CSV, isEncrypted: true }]);
  assert.match((await load({ folder, name: 'b.zip', content: locked })).error, /a\.csv is encrypted with a password/);
});

test('members that are small, large and of one name are each read as they are, between each other', async context => {
  const large = `id;name\n${Array.from({ length: 120_000 }, (_, index) => `${index};n${index}\n`).join('')}`;
  assert.ok(large.length > 1 << 20);
  const read = await readContent(
    context,
    'a.zip',
    zipOf([
      { name: 'a.csv', content: CSV },
      { name: 'large.csv', content: large },
      { name: 'a.csv', content: '\ufeffid|name\n7|"x|y"\n' },
      { name: 'stored.csv', content: Buffer.from('id;name\n8;été\n', 'latin1'), isStored: true },
    ]),
  );
  assert.equal(read.error, '');
  const records = recordsOf(read);
  assert.deepEqual([records.length, records.slice(0, 2)], [120_004, ROWS]);
  assert.deepEqual(records.slice(-3), [
    { id: '119999', name: 'n119999' },
    { id: '7', name: 'x|y' },
    { id: '8', name: 'été' },
  ]);
  assert.deepEqual(
    read.rows.map(({ row }) => row),
    records.map((_, index) => index + 1),
  );
});

test('what is called packed and begins with other bytes is damaged; text that is called so is read', async context => {
  const packed = zstdCompressSync('a,b\n1,2\n'.repeat(50));
  packed[1] = 0;
  for (const ending of ['zst', 'gz', 'zip'])
    assert.match((await readContent(context, `a.csv.${ending}`, packed)).error, /neither like gzip nor zstd nor zip/);
  assert.deepEqual(recordsOf(await readContent(context, 'a.csv.gz', 'a,b\n1,2\n')), [{ a: '1', b: '2' }]);
});
