import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openZip } from './archive/zip.ts';
import { decided, readContent, recordsOf } from '../testing/rows.ts';
import { odsOf, streamOf, xlsxOf } from '../testing/workbook.ts';
import { type TestMember, zipOf } from '../testing/zip.ts';

const ROWS = [{ name: 'Anna', n: '1' }];
const XLSX = xlsxOf({
  sheets: {
    Data: '<sheetData><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row><row><c t="s"><v>2</v></c><c><v>1</v></c></row></sheetData>',
  },
  strings: '<si><t>name</t></si><si><t>n</t></si><si><t>Anna</t></si>',
});
const NAMED = xlsxOf({
  sheets: {
    Data: '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row><c><v>1</v></c></row><row><c><v>2</v></c></row></sheetData></worksheet>',
  },
});
const text = (value: string) =>
  `<table:table-cell office:value-type="string"><text:p>${value}</text:p></table:table-cell>`;
const ODS = odsOf(
  `<table:table table:name="Un"><table:table-row>${text('name')}${text('n')}</table:table-row><table:table-row>${text('Anna')}${text('1')}</table:table-row></table:table>`,
);

/** The parts of a workbook, as unzip would leave them, and what else would lie there. */
async function partsOf(workbook: Buffer): Promise<TestMember[]> {
  const file = {
    path: 'in.xlsx',
    sizeBytes: workbook.length,
    readAt: async (start: number, length: number) => workbook.subarray(start, start + length),
    stream: (start: number) => streamOf(workbook.subarray(start), workbook.length),
  };
  const entries = await openZip(file);
  return await Promise.all(entries.map(async entry => ({ name: entry.name, content: await entry.content() })));
}

function moved(parts: readonly TestMember[], folder: string, left: RegExp = /^$/): TestMember[] {
  return parts
    .filter(({ name }) => !left.test(String(name)))
    .map(part => ({ ...part, name: `${folder}${String(part.name)}` }));
}

const LEFT_BEHIND = [
  { name: '__MACOSX/book/._x.xml', content: 'x' },
  { name: '.DS_Store', content: 'x' },
];

test('a workbook that was zipped with its folder, or without the part that says what it is, is read', async context => {
  for (const [parts, marks] of [
    [await partsOf(XLSX), /^\[Content_Types\]\.xml$/],
    [await partsOf(ODS), /^(mimetype|META-INF\/.*)$/],
  ] as const) {
    for (const [folder, left, more] of [
      ['book/', undefined, []],
      ['./', undefined, []],
      ['a/b c/Été/', undefined, LEFT_BEHIND],
      ['book\\', undefined, []],
      ['', marks, []],
      ['', marks, [{ name: 'README.txt', content: 'about' }]],
      ['book/', marks, [{ name: 'book/', content: '' }]],
      ['', /^(\[Content_Types\]\.xml|_rels\/.*|mimetype)$/, []],
    ] as const) {
      const archive = zipOf([...more, ...moved(parts, folder, left)]);
      for (const name of ['book.zip', 'book.xlsx', 'book.ods']) {
        const read = await readContent(context, name, archive);
        assert.deepEqual([read.error, recordsOf(read)], ['', ROWS], `${name}: ${folder} ${left}`);
        assert.equal(decided(read, 'workbook'), folder.replace('\\', '/') || './');
      }
    }
  }
});

test('parts of a workbook are never rows: where what is meant can’t be told, the file fails', async context => {
  const parts = await partsOf(XLSX);
  const csv = { name: 'x.csv', content: 'a\n1\n' };
  for (const [members, message] of [
    [[...moved(parts, 'one/'), csv], /parts of a workbook \(one\/\) beside x\.csv/],
    [[...moved(parts, 'one/'), ...moved(parts, 'two/')], /parts of a workbook \(one\/\) beside two\//],
    [[...moved(parts, '', /^\[Content/), csv], /parts of a workbook \(\.\/\) beside x\.csv/],
    [moved(await partsOf(NAMED), '', /workbook\.xml|Content|_rels/), /sheet0\.xml is one part of a workbook/],
    [
      [
        { name: 'd/[Content_Types].xml', content: '<Types/>' },
        { name: 'd/word/document.xml', content: '<w><p>1</p><p>2</p></w>' },
      ],
      /is a zip file, but no workbook/,
    ],
    [
      moved(await partsOf(xlsxOf({ parts: [{ name: 'xl/workbook.bin', content: 'x' }] })), 'd/', /workbook\.xml$/),
      /an xlsb in it/,
    ],
  ] as const) {
    const read = await readContent(context, 'book.zip', zipOf(members));
    assert.deepEqual([read.code, read.rows], [65, []], read.error);
    assert.match(read.error, message);
  }
  const chosen = await readContent(context, 'a.zip', zipOf([...moved(parts, 'one/'), csv]), { members: '*.csv' });
  assert.deepEqual([chosen.error, recordsOf(chosen)], ['', [{ a: '1' }]]);
  const folder = await readContent(context, 'a.zip', zipOf([...moved(parts, 'one/'), csv]), { members: 'one/**' });
  assert.deepEqual([folder.error, recordsOf(folder)], ['', ROWS]);
});

test('a part that lies there by itself is no table, but the one that has the sheets; other XML of such names is read', async context => {
  const office = 'http://schemas.openxmlformats.org';
  for (const content of [
    `<?xml version="1.0"?>\n<worksheet xmlns="${office}/spreadsheetml/2006/main"><sheetData><row r="1"><c><v>1</v></c></row><row r="2"><c><v>2</v></c></row></sheetData></worksheet>`,
    `<x:sst xmlns:x="${office}/spreadsheetml/2006/main"><x:si><x:t>a</x:t></x:si><x:si><x:t>b</x:t></x:si></x:sst>`,
    `<Types xmlns="${office}/package/2006/content-types"><Override a="1"/><Override a="2"/></Types>`,
    '<worksheet xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"><row/><row/></worksheet>',
    '<?xml version="1.0"?><office:document-styles xmlns:office="o"><a>1</a><a>2</a></office:document-styles>',
  ]) {
    const read = await readContent(context, 'sheet1.xml', content);
    assert.deepEqual([read.code, read.rows], [65, []], content);
    assert.match(read.error, /sheet1\.xml is one part of a workbook/);
  }
  const [content] = (await partsOf(ODS)).filter(({ name }) => name === 'content.xml');
  const alone = await readContent(context, 'content.xml', content?.content ?? '');
  assert.deepEqual([alone.error, recordsOf(alone)], ['', ROWS]);
  const sheet = `<worksheet xmlns="${office}/spreadsheetml/2006/main"><c><v>1</v></c><c><v>2</v></c></worksheet>`;
  const said = await readContent(context, 'sheet1.xml', sheet, { record_path: ['worksheet', 'c'] });
  assert.deepEqual(recordsOf(said), [{ v: '1' }, { v: '2' }]);
  const other = zipOf([
    { name: 'content.xml', content: '<r><x><v>1</v></x><x><v>2</v></x></r>' },
    { name: 'xl/data.xml', content: '<r><x><v>3</v></x><x><v>4</v></x></r>' },
  ]);
  const read = await readContent(context, 'a.zip', other);
  assert.deepEqual([read.error, recordsOf(read).map(({ v }) => v)], ['', ['1', '2', '3', '4']]);
});
