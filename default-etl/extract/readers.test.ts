import { createHash } from 'node:crypto';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { odsOf, xlsxOf } from '../testing/workbook.ts';
import { readerConformance } from './conformance.ts';
import { FORMATS } from './registry.ts';
import { KEY_VALUE } from './testing/key-value-reader.ts';

/** Bytes without any order, always the same. */
function noise(length: number): Buffer {
  const blocks = Array.from({ length: length / 32 }, (_, index) => createHash('sha256').update(`${index}`).digest());
  return Buffer.concat(blocks);
}

/** A row for each number from 1 on. */
function rows(count: number, rowOf: (number: number) => string): string {
  return Array.from({ length: count }, (_, index) => rowOf(index + 1)).join('');
}

function delimited(delimiter: string): (count: number) => string {
  return count => `id${delimiter}text\n${rows(count, n => `${n}${delimiter}row ${n}\n`)}`;
}

for (const [name, delimiter] of [
  ['csv', ','],
  ['tsv', '\t'],
  ['txt', ';'],
] as const)
  readerConformance(name, {
    fileName: `a.${name}`,
    contentOf: delimited(delimiter),
    broken: [[noise(3000), /is no text/]],
  });

readerConformance('json', {
  fileName: 'a.json',
  contentOf: count => `[${rows(count, n => `${n === 1 ? '' : ',\n'}{"id":"${n}","text":"row ${n}"}`)}]`,
  unmistakable: '[\n  {"id": "1"}\n]',
  broken: [['[{"id":"1"},\n {"id" "2"}]', /is not JSON: .*\(line 2, column 8\)/]],
});

readerConformance('ndjson', {
  fileName: 'a.ndjson',
  contentOf: count => rows(count, n => `{"id":"${n}","text":"row ${n}"}\n`),
  unmistakable: '{"id":"1"}\n{"id":"2"}\n',
  broken: [],
});

readerConformance('xml', {
  fileName: 'a.xml',
  contentOf: count =>
    `<?xml version="1.0"?>\n<r>${rows(count, n => `<x><id>${n}</id><text>row ${n}</text></x>\n`)}</r>`,
  unmistakable: '<?xml version="1.0"?><r><x><id>1</id></x><x/></r>',
  broken: [
    ['<r>\n<x><id>1</id></x><x a></x></r>', /is not XML: an attribute has no value \(line 2, column 21\)/],
    ['<r>\n<x><id>1</id></x>', /is not XML: it ends in the middle of <r> \(line 2, column 18\)/],
  ],
});

readerConformance('xlsx', {
  fileName: 'a.xlsx',
  contentOf: count => {
    const header = '<row><c t="str"><v>id</v></c><c t="str"><v>text</v></c></row>';
    const body = rows(count, n => `<row><c><v>${n}</v></c><c t="str"><v>row ${n}</v></c></row>`);
    return xlsxOf({ sheets: { Data: `<sheetData>${header}${body}</sheetData>` } });
  },
  broken: [
    [xlsxOf({ sheets: { Data: '<sheetData><row><c><v>1</c></row></sheetData>' } }), /closes what is not open/],
    ['no workbook at all\0', /is no workbook, though it is called one/],
  ],
});

readerConformance('ods', {
  fileName: 'a.ods',
  contentOf: count => {
    const cell = (text: string) =>
      `<table:table-cell office:value-type="string"><text:p>${text}</text:p></table:table-cell>`;
    const row = (id: string, text: string) => `<table:table-row>${cell(id)}${cell(text)}</table:table-row>`;
    return odsOf(
      `<table:table table:name="A">${row('id', 'text')}${rows(count, n => row(`${n}`, `row ${n}`))}</table:table>`,
    );
  },
  broken: [[odsOf('<table:table table:name="A"><table:table-row></table:table>'), /closes what is not open/]],
});

readerConformance('parquet', {
  fileName: 'a.parquet',
  contentOf: count => {
    const ids = Array.from({ length: count }, (_, index) => index + 1);
    return Buffer.from(
      parquetWriteBuffer({
        columnData: [
          { name: 'id', type: 'INT32', data: ids },
          { name: 'text', type: 'STRING', data: ids.map(id => `row ${id}`) },
        ],
        rowGroupSize: 50_000,
      }),
    );
  },
  broken: [['PAR1 and no more\0', /is damaged|is no Parquet file/]],
});

readerConformance(
  'key-value',
  {
    fileName: 'a.kv',
    contentOf: count => rows(count, n => `id=${n}\ntext=row ${n}\n\n`),
    unmistakable: '#key-value\nid=1\n',
    broken: [['id=1\n\ntext', /is not a text of key=value lines: a line has no = \(line 3, column 1\)/]],
  },
  [...FORMATS, KEY_VALUE],
);
