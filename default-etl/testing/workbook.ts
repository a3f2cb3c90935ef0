import { cellText, rowRecord } from '../batch/batch.ts';
import type { Decision, Reject } from '../contract/protocol.ts';
import { openWorkbook } from '../extract/workbook.ts';
import type { Extract } from '../contract/settings.ts';
import type { Source } from '../unpack/source.ts';
import { type TestMember, zipOf } from './zip.ts';

const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

/** A workbook made for a test, part by part; `sheets` are the XML in `<worksheet>`, or all of it where it begins with `<`?. */
export interface TestWorkbook {
  sheets?: Record<string, string>;
  /** What the sheets are, where they are no worksheets. */
  sheetType?: string;
  /** The XML in `<sst>`. */
  strings?: string;
  /** The XML in `<styleSheet>`. */
  styles?: string;
  /** The XML in `<workbook>`, in front of its sheets. */
  properties?: string;
  /** Instead of, or besides, the usual parts. */
  parts?: TestMember[];
}

/** The bytes of an .xlsx. */
export function xlsxOf(workbook: TestWorkbook): Buffer {
  const { sheets = {}, sheetType = 'worksheet', strings, styles, properties = '', parts = [] } = workbook;
  const names = Object.keys(sheets);
  const relations = names.map((_, index) => relation(`rId${index}`, sheetType, `worksheets/sheet${index}.xml`));
  const members: TestMember[] = [
    { name: '[Content_Types].xml', content: '<Types/>' },
    { name: '_rels/.rels', content: relationships([relation('rId1', 'officeDocument', 'xl/workbook.xml')]) },
    {
      name: 'xl/_rels/workbook.xml.rels',
      content: relationships([
        ...relations,
        relation('rIdT', 'sharedStrings', '/xl/sharedStrings.xml'),
        relation('rIdS', 'styles', 'styles.xml'),
      ]),
    },
    { name: 'xl/workbook.xml', content: workbookXml(names, properties) },
    ...names.map((name, index) => ({
      name: `xl/worksheets/sheet${index}.xml`,
      content: worksheetXml(sheets[name] as string),
    })),
  ];
  if (strings !== undefined) members.push({ name: 'xl/sharedStrings.xml', content: `<sst>${strings}</sst>` });
  if (styles !== undefined) members.push({ name: 'xl/styles.xml', content: `<styleSheet>${styles}</styleSheet>` });
  const own = new Set(parts.map(part => part.name));
  return zipOf([...members.filter(member => !own.has(member.name)), ...parts]);
}

function worksheetXml(content: string): string {
  return content.startsWith('<?') ? content : `<worksheet>${content}</worksheet>`;
}

function workbookXml(names: readonly string[], properties: string): string {
  const sheets = names.map((name, index) => `<sheet name="${name}" sheetId="${index + 1}" r:id="rId${index}"/>`);
  return `<workbook xmlns:r="${RELATIONS}">${properties}<sheets>${sheets.join('')}</sheets></workbook>`;
}

function relation(id: string, type: string, target: string): string {
  return `<Relationship Id="${id}" Type="${RELATIONS}/${type}" Target="${target}"/>`;
}

function relationships(relations: readonly string[]): string {
  return `<Relationships>${relations.join('')}</Relationships>`;
}

/** The bytes of an .ods with this XML in `<office:spreadsheet>`. */
export function odsOf(content: string): Buffer {
  return zipOf([
    { name: 'mimetype', content: 'application/vnd.oasis.opendocument.spreadsheet', isStored: true },
    { name: 'content.xml', content: odsDocument(content) },
  ]);
}

/** A whole document of OpenDocument. */
export function odsDocument(content: string): string {
  return `<?xml version="1.0"?><office:document-content><office:body><office:spreadsheet>${content}</office:spreadsheet></office:body></office:document-content>`;
}

/** What a workbook gives. */
export interface ReadWorkbook {
  decisions: Decision[];
  /** What was found while the rows were read. */
  findings: Decision[];
  header: readonly string[];
  rows: Array<Array<string | null | undefined>>;
  records: Array<Record<string, string | null>>;
  numbers: number[];
  lines: number[];
  rejects: Reject[];
}

/** Reads all of it. */
export async function readWorkbook(bytes: Buffer, extract: Extract = {}): Promise<ReadWorkbook> {
  const reader = await openWorkbook(memorySource(bytes), extract);
  const read: ReadWorkbook = {
    decisions: reader.decisions,
    findings: [],
    header: [],
    rows: [],
    records: [],
    numbers: [],
    lines: [],
    rejects: [],
  };
  read.header = reader.emptyHeader?.().header ?? [];
  for await (const batch of reader.batches()) {
    for (let row = 0; row < batch.rows; row++) {
      read.rows.push(batch.header.map((_, column) => cellText(batch, row, column)));
      read.records.push(rowRecord(batch, row));
      read.numbers.push(batch.numbers[row] as number);
      read.lines.push(batch.lines[row] as number);
    }
    read.rejects.push(...batch.rejects);
  }
  read.findings = reader.findings?.() ?? [];
  return read;
}

function memorySource(bytes: Buffer): Source {
  return {
    path: 'in.xlsx',
    sizeBytes: bytes.length,
    isSeekable: true,
    bytesRead: 0,
    readAt: async (start, length) => bytes.subarray(start, start + length),
    head: async length => bytes.subarray(0, length),
    readAll: async () => bytes,
    stream: (start = 0) => streamOf(bytes.subarray(start), bytes.length),
  };
}

/** Bytes as a stream, `most` at a time. */
export function streamOf(bytes: Buffer, most: number): ReturnType<Source['stream']> {
  let at = 0;
  return {
    fill: async (buffer, offset) => {
      const count = bytes.copy(buffer, offset, at, Math.min(bytes.length, at + most));
      at += count;
      return count;
    },
    close() {},
  };
}
