import type { Reader } from '../batch.ts';
import { configFailure, neverFailure } from '../failure.ts';
import type { Extract } from '../settings.ts';
import type { Source } from '../source.ts';
import { openCsv } from './csv.ts';
import { dropLast } from './drop-last.ts';

type Format = 'csv' | 'tsv' | 'txt' | 'xls' | 'xlsx' | 'json' | 'ndjson' | 'parquet';

const BY_ENDING: Record<string, Format> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  txt: 'txt',
  xls: 'xls',
  xlsx: 'xlsx',
  xlsm: 'xlsx',
  json: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  parquet: 'parquet',
};

/** A ZIP (xlsx), an OLE 2 file (xls since Excel 5), or the first record of an older xls, a BOF. */
const WORKBOOK_START = /^(PK\x03\x04|\xd0\xcf\x11\xe0|\x09[\x00\x02\x04\x08])/;

/** Opens the file with the reader of its format: what EXTRACT.format says, else its content where that is unmistakable, else its name. */
export async function openReader(source: Source, fileName: string, extract: Extract): Promise<Reader> {
  const head = await source.head(512);
  const format = declaredFormat(extract) ?? formatOf(fileName, head);
  if (format === 'xls' || format === 'xlsx') assertWorkbook(head, source);
  const reader = await readerOf(format, source, extract);
  const reason = extract.format === undefined ? 'by its content and name' : 'as EXTRACT.format says';
  reader.decisions.unshift({ name: 'format', value: format, confidence: 1, reason });
  const footer = extract.skip_footer ?? 0;
  return footer === 0 ? reader : { ...reader, batches: () => dropLast(reader.batches(), footer) };
}

async function readerOf(format: Format, source: Source, extract: Extract): Promise<Reader> {
  switch (format) {
    case 'csv':
      return await openCsv(source, extract, ',');
    case 'tsv':
    case 'txt':
      return await openCsv(source, extract, '\t');
    case 'xls':
    case 'xlsx':
      return await (await import('./workbook.ts')).openWorkbook(source, extract);
    case 'json':
      return await (await import('./json.ts')).openJson(source, extract);
    case 'ndjson':
      return await (await import('./json.ts')).openJson(source, extract, 'lines');
    case 'parquet':
      return await (await import('./parquet.ts')).openParquet(source);
  }
}

function declaredFormat(extract: Extract): Format | undefined {
  if (extract.format === undefined) return undefined;
  const format = BY_ENDING[extract.format.toLowerCase()];
  if (format) return format;
  throw configFailure(`EXTRACT.format ${extract.format} is not known; there is: ${Object.keys(BY_ENDING).join(', ')}`);
}

function formatOf(fileName: string, head: Buffer): Format {
  const named = BY_ENDING[/\.([^.]+?)(\.gz)?$/i.exec(fileName)?.[1]?.toLowerCase() ?? ''];
  const found = magicFormat(head);
  if (found) return found;
  // Text in the name of a binary format: a table of HTML or XML is a workbook all the same, anything else is delimited text.
  if (named === 'xls' || named === 'xlsx' || named === 'parquet')
    return isBinary(head) || isMarkup(head) ? named : 'csv';
  return named ?? 'csv';
}

function magicFormat(head: Buffer): Format | undefined {
  if (head.toString('latin1', 0, 4) === 'PAR1') return 'parquet';
  if (head.toString('latin1', 0, 4) === 'PK\x03\x04') return 'xlsx';
  if (head.toString('hex', 0, 8) === 'd0cf11e0a1b11ae1') return 'xls';
  return undefined;
}

/** The library behind the workbooks reads whatever bytes it is given as text in rows: garbage must not become documents. */
function assertWorkbook(head: Buffer, { path }: Source): void {
  if (head.length === 0 || isMarkup(head) || WORKBOOK_START.test(head.toString('latin1', 0, 4))) return;
  throw neverFailure(
    `${path} is no workbook, though it is called one: it begins neither like xlsx or xls nor like an HTML table; it may be damaged, so copy or export it again`,
  );
}

/** NUL bytes, or control characters no text has; UTF-16 says so by its byte order mark. */
function isBinary(head: Buffer): boolean {
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) return false;
  return head.length === 0 || head.subarray(0, 64).some(byte => byte < 9);
}

function isMarkup(head: Buffer): boolean {
  return /^[^\x21-\x7e]*<(\?xml|!doctype|html|table|meta|head|body|div|style)/i.test(head.toString('latin1'));
}
