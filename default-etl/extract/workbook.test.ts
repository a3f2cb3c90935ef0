import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as XLSX from '@e965/xlsx';
import * as codePages from '@e965/xlsx/dist/cpexcel.full.mjs';
import fc from 'fast-check';
import { EtlFailure } from '../contract/failure.ts';
import { odsDocument, odsOf, readWorkbook, type TestWorkbook, xlsxOf } from '../testing/workbook.ts';
import { zipOf } from '../testing/zip.ts';

const DATES =
  '<numFmts><numFmt numFmtId="164" formatCode="[$-40C]d mmmm yyyy;@"/><numFmt numFmtId="165" formatCode="[h]:mm"/><numFmt numFmtId="166" formatCode="&quot;le jour&quot; 0.00E+00"/></numFmts>' +
  '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>' +
  '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/></cellXfs>';

/** The rows of a workbook of one sheet with this XML in `<sheetData>`; the first row is the header. */
async function rowsOf(rows: string, workbook: TestWorkbook = {}): Promise<Array<Array<string | null | undefined>>> {
  return (await readWorkbook(xlsxOf({ sheets: { Data: `<sheetData>${rows}</sheetData>` }, ...workbook }))).rows;
}

async function failsWith(bytes: Buffer, message: RegExp, extract = {}): Promise<void> {
  await assert.rejects(readWorkbook(bytes, extract), (error: Error & { exitCode?: number }) => {
    assert.match(error.message, message);
    assert.equal(error.exitCode, 65);
    return true;
  });
}

const HEADER = '<row r="1"><c r="A1" t="str"><v>a</v></c><c r="B1" t="str"><v>b</v></c></row>';

test('xlsx: cells of every type are the text that they stand for', async () => {
  const cell = (attributes: string, content: string) =>
    `${HEADER}<row><c ${attributes}>${content}</c><c><v>1</v></c></row>`;
  for (const [attributes, content, expected] of [
    ['', '<v>12</v>', '12'],
    ['', '<v>1.10</v>', '1.1'],
    ['', '<v>0.30000000000000004</v>', '0.30000000000000004'],
    ['', '<v>1E-7</v>', '1e-07'],
    ['t="n"', '<v> 7 </v>', '7'],
    ['t="n"', '<v>no number</v>', 'no number'],
    ['t="b"', '<v>1</v>', 'True'],
    ['t="b"', '<v>0</v>', 'False'],
    ['t="e"', '<v>#DIV/0!</v>', '#DIV/0!'],
    ['t="str"', '<f>A2&amp;"x"</f><v>&lt;é&#x20AC;&#9731;&gt; _x000D_ _x005F_x000D_</v>', '<é€☃> \r _x000D_'],
    ['t="inlineStr"', '<is><r><t>rich </t></r><r><t xml:space="preserve"> text</t></r></is>', 'rich  text'],
    ['t="inlineStr"', '<is><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></is>', '東京'],
    ['t="inlineStr"', '<v>old</v><is><t>new</t></is>', 'new'],
    ['t="str"', '<v><![CDATA[a < b & c]]></v>', 'a < b & c'],
    ['t="d"', '<v>2020-01-02T03:04:05.5Z</v>', '2020-01-02 03:04:05.500000'],
    ['t="s"', '<v>1</v>', 'second'],
    ["t='str' s='0'", '<v>single quotes</v>', 'single quotes'],
    ['s="1"', '<v>43832</v>', '2020-01-02 00:00:00'],
    ['s="2"', '<v>43832.75</v>', '2020-01-02 18:00:00'],
    ['s="3"', '<v>1.25</v>', '30:00:00'],
    ['s="4"', '<v>43832</v>', '43832'],
    ['s="99"', '<v>5</v>', '5'],
  ] as const) {
    const strings = '<si><t>first</t></si><si><r><t>sec</t></r><r><t>ond</t></r><phoneticPr/></si>';
    assert.deepEqual(await rowsOf(cell(attributes, content), { strings, styles: DATES }), [[expected, '1']], content);
  }
});

test('xlsx: dates of the epoch of 1904', async () => {
  const rows = `${HEADER}<row><c s="1"><v>42370</v></c></row>`;
  for (const flag of ['1', 'true']) {
    const properties = `<workbookPr date1904="${flag}"/>`;
    assert.deepEqual(await rowsOf(rows, { styles: DATES, properties }), [['2020-01-02 00:00:00', null]]);
  }
});

test('xlsx: a format of the same number in a conditional format is none of the cells', async () => {
  const styles =
    '<numFmts count="1"> <numFmt numFmtId="164" formatCode="yyyy"/> </numFmts><cellXfs> <xf numFmtId="14"/> <xf numFmtId="164"/> </cellXfs>' +
    '<dxfs><dxf><numFmt numFmtId="14" formatCode="0.0"/></dxf><dxf><numFmt numFmtId="164" formatCode="0.0"/></dxf></dxfs>';
  const rows = `${HEADER}<row><c s="0"><v>43832</v></c><c s="1"><v>43832</v></c></row>`;
  assert.deepEqual(await rowsOf(rows, { styles }), [['2020-01-02 00:00:00', '2020-01-02 00:00:00']]);
});

test('xlsx: a row that comes in several elements, one for each cell, is one row, wherever a batch ends', async () => {
  const count = 5000;
  const rows = Array.from(
    { length: count },
    (_, row) =>
      `<row r="${row + 2}"><c r="A${row + 2}"><v>${row}</v></c></row><row r="${row + 2}"><c r="B${row + 2}"><v>-1</v></c></row>`,
  );
  const found = await rowsOf(HEADER + rows.join(''));
  assert.equal(found.length, count);
  for (const [row, cells] of found.entries()) assert.deepEqual(cells, [String(row), '-1']);
});

test('xlsx: rows and cells that are left out, in disorder, without positions, and of nothing', async () => {
  const rows =
    '<row r="3"><c r="B3" t="str"><v>b</v></c><c r="A3" t="str"><v>a</v></c></row><row/><row r="7"><c r="B7"><v>2</v></c></row>' +
    '<row r="8"><c r="A8" s="1"/><c r="B8" t="str"><v></v></c></row><row><c><v>3</v></c><c><v>4</v></c></row>';
  const read = await readWorkbook(xlsxOf({ sheets: { Data: `<sheetData>${rows}</sheetData>` } }));
  assert.deepEqual(
    [read.header, read.rows, read.numbers, read.lines],
    [
      ['a', 'b'],
      [
        [null, '2'],
        ['3', '4'],
      ],
      [1, 2],
      [7, 9],
    ],
  );
});

test('xlsx: strict files, prefixes, other targets, other encodings and parts without a dimension are read alike', async () => {
  const main = 'http://purl.oclc.org/ooxml/spreadsheetml/main';
  const row = (p: string, a: string, b: string) =>
    `<${p}row><${p}c t="str"><${p}v>${a}</${p}v></${p}c><${p}c t="str"><${p}v>${b}</${p}v></${p}c></${p}row>`;
  const sheet = (p: string) =>
    `<${p}worksheet xmlns${p === '' ? '' : ':x'}="${main}" xmlns:mc="m"><mc:row/><!-- <row> --><${p}sheetData>${row(p, 'a', 'b')}${row(p, 'é', '2')}</${p}sheetData></${p}worksheet>`;
  const declared = (encoding: string) => `<?xml version="1.0" encoding="${encoding}"?>`;
  for (const content of [
    Buffer.from(declared('UTF-8') + sheet('')),
    Buffer.from(declared('UTF-8') + sheet('x:')),
    Buffer.from(`\ufeff${declared('UTF-8')}${sheet('')}`),
    Buffer.from(`\ufeff${declared('UTF-16')}${sheet('')}`, 'utf16le'),
    Buffer.from(declared('windows-1252') + sheet(''), 'latin1'),
  ]) {
    const parts = [{ name: 'XL\\worksheets\\Sheet0.xml', content }];
    const bytes = xlsxOf({ sheets: { Data: '' }, parts });
    assert.deepEqual((await readWorkbook(bytes)).rows, [['é', '2']]);
  }
});

test('a cell beyond the header has a column of its own; in a long sheet that says that it is as wide as its header its row is a reject', async () => {
  const rows = `${HEADER}<row><c><v>1</v></c></row><row><c r="D3"><v>9</v></c></row>`;
  const read = async (dimension: string, between = '') =>
    await readWorkbook(
      xlsxOf({
        sheets: { Data: `${dimension}<sheetData>${rows.replace('<row><c r="D', `${between}$&`)}</sheetData>` },
      }),
    );
  for (const dimension of ['', '<dimension ref="A1"/>', '<dimension ref="A1:B3"/>', '<dimension ref="A1:XFD9"/>']) {
    const { header, rows: found } = await read(dimension);
    assert.deepEqual(header, ['a', 'b', 'Unnamed: 2', 'Unnamed: 3']);
    assert.deepEqual(found, [
      ['1', null, null, null],
      [null, null, null, '9'],
    ]);
  }
  const lied = await read('<dimension ref="A1:B3"/>', '<row><c><v>1</v></c></row>'.repeat(1000));
  assert.equal(lied.rows.length, 1001);
  assert.deepEqual(lied.rejects, [
    {
      row: 1002,
      line: 1003,
      reason: 'it has cells beyond the 2 columns of the table',
      raw: '{"a":null,"b":null,"Unnamed: 3":"9"}',
    },
  ]);
});

test('a single cell far to the right makes columns, and no rows of the others are lost', async () => {
  const row = '<row><c><v>1</v></c><c><v>7</v></c></row>';
  const far = '<row><c r="XFD1"><v>9</v></c></row>';
  for (const [before, after] of [
    [100, 0],
    [100, 3],
    [1, 3],
  ] as const) {
    const rows = HEADER + row.repeat(before) + far + row.repeat(after);
    const read = await readWorkbook(xlsxOf({ sheets: { Data: `<sheetData>${rows}</sheetData>` } }));
    assert.equal(read.header.length, 16_384);
    assert.equal(read.rows.length, before + 1 + after);
    assert.equal(read.rows[before]?.[16_383], '9');
  }
});

test('header: a list of names, or none', async () => {
  const bytes = xlsxOf({ sheets: { Data: `<sheetData>${HEADER}<row><c><v>1</v></c></row></sheetData>` } });
  assert.deepEqual((await readWorkbook(bytes, { header: false })).records, [
    { 0: 'a', 1: 'b' },
    { 0: '1', 1: null },
  ]);
  assert.deepEqual((await readWorkbook(bytes, { header: ['x', 'y'], skip_rows: 1 })).records, [{ x: '1', y: null }]);
});

test('all the rows of a long sheet come once and whole, whatever the windows and batches cut', async () => {
  const count = 25_000;
  const rows = Array.from(
    { length: count },
    (_, row) => `<row><c><v>${row}</v></c><c t="s"><v>${row % 3}</v></c><c t="str"><v>text &amp; ${row}</v></c></row>`,
  );
  const strings = '<si><t>un</t></si><si><t>deux</t></si><si><t>trois</t></si>';
  const header = ['n', 's', 't'].map(name => `<c t="str"><v>${name}</v></c>`).join('');
  const found = await rowsOf(`<row>${header}</row>${rows.join('')}`, { strings });
  assert.equal(found.length, count);
  for (const [row, cells] of found.entries())
    assert.deepEqual(cells, [String(row), ['un', 'deux', 'trois'][row % 3], `text & ${row}`]);
});

test('sheets: hidden ones count, those of charts do not; none at all is said', async () => {
  const sheet = `<sheetData>${HEADER}</sheetData>`;
  const bytes = xlsxOf({ sheets: { One: sheet, Two: sheet } });
  await failsWith(bytes, /has no sheet 2 \(EXTRACT\.sheet\); it has One, Two/, { sheet: 2 });
  await failsWith(xlsxOf({}), /has no sheet at all/);
  await failsWith(xlsxOf({ sheets: { Chart1: '' }, sheetType: 'chartsheet' }), /only charts or macros \(Chart1\)/);
});

const text = (...cells: string[]) =>
  `<row>${cells.map(cell => (cell === '' ? '<c/>' : /^[\d.]+$/.test(cell) ? `<c><v>${cell}</v></c>` : `<c t="str"><v>${cell}</v></c>`)).join('')}</row>`;
const gap = '<row/>';

test('the first sheet that is a page of explanations is told as that, with the names of the others', async () => {
  const page = `<sheetData>${text('Lisez-moi')}${text('Source : Insee')}${text('Champ : France')}</sheetData>`;
  const table = `<sheetData>${text('dep', 'n')}${text('Ain', '1')}${text('Aisne', '2')}</sheetData>`;
  const sheet = (await readWorkbook(xlsxOf({ sheets: { Sommaire: page, 'Données ': table } }))).decisions[0];
  assert.equal(sheet?.value, 'Sommaire');
  assert.equal(sheet?.confidence, 0.2);
  assert.match(sheet?.reason ?? '', /there is Données , too; it looks like a page of explanations.*EXTRACT\.sheet/);
  const named = await readWorkbook(xlsxOf({ sheets: { Sommaire: page, 'Données ': table } }), { sheet: 'Données ' });
  assert.deepEqual(named.header, ['dep', 'n']);
});

test('tables in other sheets, of the same columns or of others, are a doubt; a short list of codes, a page and an empty sheet are none', async () => {
  const table = (names: [string, string], rows: number) =>
    `<sheetData>${text(...names)}${Array.from({ length: rows }, (_, row) => text(`x${row}`, `${row}`)).join('')}</sheetData>`;
  const page = `<sheetData>${text('Lisez-moi')}${text('Source : Insee')}</sheetData>`;
  const first = table(['Mois', 'Montant'], 50);
  const sheetOf = async (others: Record<string, string>, extract = {}) =>
    (await readWorkbook(xlsxOf({ sheets: { Janvier: first, ...others } }), extract)).decisions[0];
  const alike = await sheetOf({ Février: table([' mois', 'MONTANT'], 1), Notes: page });
  assert.equal(alike?.confidence, 0.3);
  assert.match(
    alike?.reason ?? '',
    /; Février has the same columns and is not loaded: EXTRACT\.sheet: all loads every sheet/,
  );
  const different = await sheetOf({ Clients: table(['Nom', 'Ville'], 30), Produits: table(['Code', 'Prix'], 5) });
  assert.equal(different?.confidence, 0.5);
  assert.match(different?.reason ?? '', /; Clients, Produits hold other tables and are not loaded/);
  for (const others of [{ Codes: table(['Code', 'Nom'], 4) }, { Notes: page }, { Vide: '<sheetData></sheetData>' }])
    assert.equal((await sheetOf(others))?.confidence, 0.7, Object.keys(others).join());
  for (const sheet of ['all', 0, 'Janvier'])
    assert.equal((await sheetOf({ Février: first }, { sheet }))?.confidence, 1, `sheet ${sheet}`);
  // A damaged sheet that is not read keeps nobody from the first one.
  assert.equal((await sheetOf({ Février: '<sheetData><row></oops></sheetData>' }))?.confidence, 0.7);
});

test('a header that comes again far down in a sheet is said once the rows were read', async () => {
  const rows = Array.from({ length: 3000 }, (_, row) => text(String(row), `nom ${row}`)).join('');
  const names = text('id', 'nom');
  const bytes = xlsxOf({ sheets: { Data: `<sheetData>${names}${rows}${names}${rows}</sheetData>` } });
  const read = await readWorkbook(bytes);
  assert.equal(read.rows.length, 6001);
  assert.deepEqual(
    read.findings.map(({ name, value }) => [name, value]),
    [['repeated_headers', 1]],
  );
  assert.match(read.findings[0]?.reason ?? '', /^row 3002 repeats the header/);
});

test('a first sheet that is hidden is told as that, whatever the format', async () => {
  const sheet = XLSX.utils.aoa_to_sheet([
    ['name', 'value'],
    ['deux', 2],
  ]);
  const book = XLSX.utils.book_new(sheet, 'Listes');
  XLSX.utils.book_append_sheet(book, sheet, 'Data');
  XLSX.utils.book_set_sheet_visibility(book, 'Listes', 1);
  for (const bookType of ['xlsx', 'xlsb', 'biff8'] as XLSX.BookType[]) {
    const [said] = (await readWorkbook(XLSX.write(book, { type: 'buffer', bookType }) as Buffer)).decisions;
    assert.deepEqual([said?.value, said?.confidence], ['Listes', 0.2], bookType);
    assert.match(said?.reason ?? '', /there is Data, too; it is hidden: .*EXTRACT\.sheet/, bookType);
  }
  const row = '<table:table-row><table:table-cell><text:p>a</text:p></table:table-cell></table:table-row>';
  const styles =
    '<office:automatic-styles><style:style style:name="ta1"><style:table-properties table:display="true"/></style:style><style:style style:name="ta2"><style:table-properties table:display="false"/></style:style></office:automatic-styles>';
  const tables = ['ta2', 'ta1'].map(
    (style, at) => `<table:table table:name="S${at}" table:style-name="${style}">${row}</table:table>`,
  );
  const fods = odsDocument(tables.join(''))
    .replaceAll('document-content', 'document')
    .replace('<office:body>', `${styles}<office:body>`);
  const [said] = (await readWorkbook(Buffer.from(fods))).decisions;
  assert.match(said?.reason ?? '', /there is S1, too; it is hidden/);
});

test('the first sheet that is empty is told as that, with the names of the others', async () => {
  const table = `<sheetData>${text('dep', 'n')}${text('Ain', '1')}</sheetData>`;
  const reader = await readWorkbook(xlsxOf({ sheets: { Feuil1: '<sheetData/>', Data: table } }));
  assert.equal(reader.decisions[0]?.confidence, 0.2);
  assert.match(reader.decisions[0]?.reason ?? '', /there is Data, too; it is empty: .*EXTRACT\.sheet/);
});

test('a title above the table and notes below it are no rows, and the decisions say so; skip_rows and skip_footer decide otherwise', async () => {
  const rows = [
    text('Population des départements'),
    text('au 1er janvier', '', 'en milliers'),
    gap,
    text('code', 'nom', 'population'),
    text('01', 'Ain', '652'),
    text('02', 'Aisne', '531'),
    text('03', 'Allier', '336'),
    gap,
    text('Source : Insee, recensement.'),
  ];
  const bytes = xlsxOf({ sheets: { Data: `<sheetData>${rows.join('')}</sheetData>` } });
  const read = await readWorkbook(bytes);
  assert.deepEqual(read.header, ['code', 'nom', 'population']);
  assert.deepEqual(read.lines, [5, 6, 7]);
  const said = Object.fromEntries(read.decisions.map(({ name, value }) => [name, value]));
  assert.deepEqual(said, { sheet: 'Data', skip_rows: 3, skip_footer: 1 });
  assert.deepEqual((await readWorkbook(bytes, { skip_footer: 0 })).lines, [5, 6, 7, 9]);
  const all = await readWorkbook(bytes, { skip_rows: 0, skip_footer: 0 });
  assert.deepEqual(all.header, ['Population des départements', 'Unnamed: 1', 'Unnamed: 2']);
  assert.equal(all.rows.length, 6);
});

test('a damaged workbook says what is damaged, and how far it could be read', async () => {
  const sheet = (rows: string) => xlsxOf({ sheets: { Data: `<sheetData>${HEADER}${rows}</sheetData>` } });
  const good = '<row><c><v>1</v></c></row>';
  await failsWith(
    sheet(`${good}<row><c><v>1</c></row>`),
    /sheet0\.xml is damaged: <\/c> closes what is not open.*as far as row 3/,
  );
  await failsWith(sheet(`${good}<row><c r="A3<v>1</v></c></row>`), /a tag in it does not end.*as far as row 3/);
  await failsWith(
    sheet(`${good}<row><c t="s"><v>0</v></c></row>`),
    /row 3 names shared string 0, and there are 0 of them/,
  );
  for (const [index, shown] of [
    ['-1', '-1'],
    ['1.5', '"1.5"'],
    ['abc', '"abc"'],
    ['99999999999999999999', '99999999999999999999'],
  ] as const)
    await failsWith(
      sheet(`${good}<row><c t="s"><v>${index}</v></c></row>`),
      new RegExp(`row 3 names shared string ${shown.replace('.', '\\.')}, and there are 0 of them`),
    );
  await failsWith(sheet('<row><c r="ZZZ1"><v>1</v></c></row>'), /row 2 has a cell beyond column 16384/);
  await failsWith(sheet('<row r="99999999999"><c><v>1</v></c></row>'), /it has a row 99999999999, which no sheet has/);
  const cut = xlsxOf({ sheets: { Data: '<?xml version="1.0"?><worksheet><sheetData><row><c><v>1</v></c></row>' } });
  await failsWith(cut, /it ends in the middle.*as far as row 1/);
  const missing = xlsxOf({
    sheets: { Data: '' },
    parts: [{ name: 'xl/worksheets/sheet0.xml', content: '', lies: { crc: 1 } }],
  });
  await failsWith(missing, /checksum|nothing in it/);
  await failsWith(
    xlsxOf({ sheets: { Data: '' }, parts: [{ name: 'xl/_rels/workbook.xml.rels', content: '<Relationships/>' }] }),
    /part of sheet Data is missing/,
  );
});

test('bytes that are not UTF-8 cost their own row', async () => {
  const rows = `<row><c t="str"><v>caf\xe9</v></c></row><row><c t="str"><v>caf\xc3\xa9</v></c></row>`;
  const content = Buffer.from(`<worksheet><sheetData>${HEADER}${rows}</sheetData></worksheet>`, 'latin1');
  const read = await readWorkbook(
    xlsxOf({ sheets: { Data: '' }, parts: [{ name: 'xl/worksheets/sheet0.xml', content }] }),
  );
  assert.deepEqual([read.rows, read.numbers], [[['café', null]], [2]]);
  assert.deepEqual(read.rejects, [{ row: 1, line: 2, reason: 'not valid UTF-8', raw: '{"a":"caf�","b":null}' }]);
});

test('bombs: entities are not expanded, and a row has its limit', async () => {
  const laughs = '<!DOCTYPE x [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>';
  const sheet = `<?xml version="1.0"?>${laughs}<worksheet><sheetData><row><c t="str"><v>&lol2;</v></c></row></sheetData></worksheet>`;
  await failsWith(xlsxOf({ sheets: { Data: sheet } }), /it has the entity &lol2;, and none but XML's own/);
  const strings = `<si><t>${'x'.repeat(1 << 20)}</t></si>`;
  const wide = `<row>${'<c t="s"><v>0</v></c>'.repeat(200)}</row>`;
  await failsWith(
    xlsxOf({ sheets: { Data: `<sheetData>${wide}</sheetData>` }, strings }),
    /more than the limit of 67108864 bytes/,
  );
});

test('zip files that are no workbooks say what they hold', async () => {
  const word = [
    {
      name: '_rels/.rels',
      content:
        '<Relationships><Relationship Id="1" Type="x/officeDocument" Target="word/document.xml"/></Relationships>',
    },
    { name: 'word/document.xml', content: '<w/>' },
    { name: 'xl/workbook.xml', content: '' },
  ];
  await failsWith(xlsxOf({ parts: word }), /is a zip file, but no workbook: it holds .*word\/document\.xml/);
});

const ODS_ROWS =
  '<table:table table:name="Un"><office:forms/><table:table-column/>' +
  '<table:table-row><table:table-cell office:value-type="string"><text:p>a</text:p></table:table-cell><table:table-cell office:value-type="string"><text:p>b</text:p></table:table-cell></table:table-row>' +
  '<table:table-row table:number-rows-repeated="2"><table:table-cell office:value-type="float" office:value="1.50"><text:p>1,5</text:p></table:table-cell>' +
  '<table:table-cell office:value-type="string"><office:annotation><text:p>note</text:p></office:annotation><text:p>two<text:s text:c="2"/> blanks\n and</text:p><text:p><text:span>a</text:span><text:tab/><text:a>line</text:a></text:p></table:table-cell></table:table-row>' +
  '<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>' +
  '<table:table-row><table:table-cell office:value-type="date" office:date-value="2020-01-02"/><table:table-cell office:value-type="time" office:time-value="PT30H05M00S"/></table:table-row>' +
  '<table:table-row><table:table-cell office:value-type="boolean" office:boolean-value="true"/><table:covered-table-cell office:value-type="percentage" office:value="0.5"/></table:table-row>' +
  '<table:table-row table:number-rows-repeated="40000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row></table:table>' +
  '<table:table table:name="Deux"><table:table-row><table:table-cell table:number-columns-repeated="3" office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row></table:table>';

test('ods and fods: values, repeated rows and cells, lines, blanks and notes', async () => {
  for (const bytes of [
    odsOf(ODS_ROWS),
    Buffer.from(odsDocument(ODS_ROWS).replaceAll('document-content', 'document')),
  ]) {
    const read = await readWorkbook(bytes);
    const spaced = 'two   blanks and\na\tline';
    assert.deepEqual(read.header, ['a', 'b']);
    assert.deepEqual(read.rows, [
      ['1.5', spaced],
      ['1.5', spaced],
      ['2020-01-02 00:00:00', '30:05:00'],
      ['True', '0.5'],
    ]);
    assert.deepEqual(read.lines, [2, 3, 1_000_004, 1_000_005]);
    assert.deepEqual((await readWorkbook(bytes, { sheet: 'Deux' })).header, ['x', 'x.1', 'x.2']);
  }
});

test('ods: a row that stands for too many is refused', async () => {
  const bomb = (attribute: string) =>
    odsOf(
      `<table:table><table:table-row table:number-rows-repeated="${attribute}"><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row></table:table>`,
    );
  await failsWith(bomb('99999999999'), /more than 16777216 rows/);
  await failsWith(odsOf(''), /has no sheet at all/);
});

test('a password is said to be one, whatever the format', async () => {
  const manifest =
    '<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>';
  const ods = zipOf([
    { name: 'mimetype', content: '' },
    { name: 'content.xml', content: 'encrypted' },
    { name: 'META-INF/manifest.xml', content: manifest },
  ]);
  await failsWith(ods, /is protected with a password; save it without one/);
  const container = XLSX.CFB.utils.cfb_new();
  XLSX.CFB.utils.cfb_add(container, '/EncryptionInfo', Buffer.alloc(8));
  XLSX.CFB.utils.cfb_add(container, '/EncryptedPackage', Buffer.alloc(5000));
  await failsWith(XLSX.CFB.write(container, { type: 'buffer' }) as Buffer, /is protected with a password/);
});

test('xlsb, xls of every age and tables in HTML and XML are read', async () => {
  const sheet = XLSX.utils.aoa_to_sheet([
    ['name', 'value'],
    ['été €', 1.5],
    ['deux', 2],
  ]);
  const book = XLSX.utils.book_new(sheet, 'Data');
  for (const bookType of ['xlsb', 'biff8', 'biff5', 'biff4', 'biff3', 'biff2', 'xlml', 'html'] as XLSX.BookType[]) {
    // The library writes text of an old xls in the code page that it is told.
    XLSX.set_cptable(codePages);
    const bytes = XLSX.write(book, { type: 'buffer', bookType, codepage: 1252 }) as Buffer;
    const { header, rows } = await readWorkbook(bytes);
    const [name] = rows[0] as [string];
    assert.deepEqual(
      [header, rows],
      [
        ['name', 'value'],
        [
          [name, '1.5'],
          ['deux', '2'],
        ],
      ],
      bookType,
    );
    if (!/biff[2-5]/.test(bookType)) assert.equal(name, 'été €', bookType);
  }
});

test('an xlsb of which a part is damaged fails, and is given to no library that might read it for ever', async () => {
  const book = XLSX.utils.book_new(XLSX.utils.aoa_to_sheet([['name'], ['deux'], ['trois']]), 'Data');
  for (const compression of [false, true]) {
    const bytes = XLSX.write(book, { type: 'buffer', bookType: 'xlsb', compression }) as Buffer;
    const part = bytes.indexOf('sheet1.bin') + 'sheet1.bin'.length;
    bytes.fill(0, part + 20, part + 60);
    await failsWith(bytes, /its member xl\/.* is damaged/);
  }
});

test('damage anywhere in the XML of a workbook gives rows or a clear failure, nothing else', async () => {
  const sheet = `<worksheet><dimension ref="A1:B9"/><sheetData>${HEADER}<row r="2"><c r="A2" t="s"><v>0</v></c><c s="1"><v>43832</v></c></row></sheetData></worksheet>`;
  const parts = ['<?xml version="1.0"?>' + sheet, '<sst><si><t>x</t></si></sst>', `<styleSheet>${DATES}</styleSheet>`];
  const names = ['xl/worksheets/sheet0.xml', 'xl/sharedStrings.xml', 'xl/styles.xml'];
  await fc.assert(
    fc.asyncProperty(
      fc.nat(2),
      fc.nat(400),
      fc.constantFrom('<', '>', '"', '&', '/', '0', '', ' ', '\0', '<c ', ']]>'),
      async (part, at, damage) => {
        const damaged = parts.map((xml, index) =>
          index === part ? xml.slice(0, at % xml.length) + damage + xml.slice((at % xml.length) + 1) : xml,
        );
        const bytes = xlsxOf({
          sheets: { Data: '' },
          parts: damaged.map((content, index) => ({ name: names[index] as string, content })),
        });
        await readWorkbook(bytes).catch((error: unknown) =>
          assert.ok(error instanceof EtlFailure && error.exitCode === 65, String(error)),
        );
      },
    ),
    { numRuns: 150 },
  );
});

test('XML of Excel and OpenDocument is read by its bytes, whatever its first line declares', async () => {
  const excel = (encoding: string) =>
    `<?xml version="1.0" encoding="${encoding}"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="S"><Table>${['nom', 'Zoé', 'été'].map(cell => `<Row><Cell><Data ss:Type="String">${cell}</Data></Cell></Row>`).join('')}</Table></Worksheet></Workbook>`;
  const cells = ['nom', 'Zoé', 'été'].map(
    cell =>
      `<table:table-row><table:table-cell office:value-type="string"><text:p>${cell}</text:p></table:table-cell></table:table-row>`,
  );
  const open = (encoding: string) =>
    odsDocument(`<table:table table:name="S">${cells.join('')}</table:table>`)
      .replaceAll('document-content', 'document')
      .replace('<?xml version="1.0"?>', `<?xml version="1.0" encoding="${encoding}"?>`);
  for (const document of [excel, open])
    for (const bytes of [
      Buffer.from(document('UTF-8')),
      Buffer.from(document('ISO-8859-1')),
      Buffer.from(document('windows-1252'), 'latin1'),
    ]) {
      const read = await readWorkbook(bytes);
      assert.deepEqual([read.header, read.rows], [['nom'], [['Zoé'], ['été']]]);
    }
});
