import { configFailure } from '../contract/failure.ts';
import type { Extract } from '../contract/settings.ts';

export type Format = 'csv' | 'tsv' | 'txt' | 'xls' | 'xlsx' | 'ods' | 'json' | 'ndjson' | 'parquet' | 'xml';

const BY_ENDING: Record<string, Format> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  txt: 'txt',
  xls: 'xls',
  xlsx: 'xlsx',
  xlsm: 'xlsx',
  xlsb: 'xlsx',
  ods: 'ods',
  fods: 'ods',
  json: 'json',
  geojson: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  parquet: 'parquet',
  xml: 'xml',
};

const WORKBOOKS: ReadonlySet<Format | undefined> = new Set(['xls', 'xlsx', 'ods']);

/** What says nothing about how the text is written, and what is delimited text. */
const TEXTS: ReadonlySet<Format | undefined> = new Set([undefined, 'txt', 'csv', 'tsv']);
/** An object with a name, alone or in a list. */
const JSON_START = /^\s*(\[\s*)?\{\s*"(?:[^"\\]|\\.)*"\s*:/;

const PACKED = /\.(gz|gzip|zst|zstd|zip)$/i;

/** In hexadecimal: a ZIP (xlsx, ods), an OLE 2 file (xls since Excel 5), or the first record of an older xls, a BOF. */
const WORKBOOK_START = /^(504b0304|d0cf11e0|09(00|02|04|08))/;

/** What EXTRACT.format says, undefined where it is left out. Throws EtlFailure 78 for what there is not. */
export function declaredFormat(extract: Extract): Format | undefined {
  if (extract.format === undefined) return undefined;
  const format = BY_ENDING[extract.format.toLowerCase()];
  if (format) return format;
  throw configFailure(`EXTRACT.format ${extract.format} is not known; there is: ${Object.keys(BY_ENDING).join(', ')}`);
}

/** The format that the name's ending says; a packing's own ending is passed over. */
export function namedFormat(fileName: string): Format | undefined {
  return BY_ENDING[/\.([^.]+?)(\.(gz|gzip|zst|zstd|zip))*$/i.exec(fileName)?.[1]?.toLowerCase() ?? ''];
}

/** The format of content that is no archive: by its first bytes where they are unmistakable, else by its name, else delimited text. */
export function formatOf(fileName: string, head: Buffer): Format {
  const named = namedFormat(fileName);
  if (head.toString('latin1', 0, 4) === 'PAR1') return 'parquet';
  if (head.toString('hex', 0, 8) === 'd0cf11e0a1b11ae1') return 'xls';
  const isTree = isMarkup(head);
  if (isTree && isOdsContent(head)) return 'ods';
  if (isTree && isSpreadsheet(head)) return named === 'ods' ? 'ods' : 'xls';
  if (isTree && !WORKBOOKS.has(named) && isXml(head)) return 'xml';
  // Text in the name of a binary format: a table of HTML or XML is a workbook all the same, anything else is delimited text.
  if (WORKBOOKS.has(named) || named === 'parquet')
    return (named && isBinary(head)) || isTree ? (named as Format) : 'csv';
  return (TEXTS.has(named) ? jsonIn(head, named) : undefined) ?? named ?? 'csv';
}

/** JSON under the name of a text, or none: lines of objects, two at least under that of a table, or the beginning of a document. */
function jsonIn(head: Buffer, named: Format | undefined): Format | undefined {
  const text = head.toString('utf8').replace(/^\ufeff/, '');
  if (!JSON_START.test(text)) return undefined;
  const [first = '', second = ''] = text.trimStart().split(/\r\n|\r|\n/);
  const isTable = named === 'csv' || named === 'tsv';
  if (isObject(first)) return !isTable || isObject(second) ? 'ndjson' : undefined;
  return isTable || /\}.*[^\s,}\]]$/.test(first) ? undefined : 'json';
}

function isObject(line: string): boolean {
  if (!line.startsWith('{')) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** Whether the name says that it is packed, where these are the first bytes neither of that nor of anything that is known. */
export function isDamagedPacking(fileName: string, head: Buffer): boolean {
  return PACKED.test(fileName) && head.length > 0 && isBinary(head) && formatOf('', head) === 'csv';
}

/** Whether these can be the first bytes of a workbook: the libraries behind them read whatever they are given as text in rows. */
export function startsWorkbook(head: Buffer): boolean {
  return isMarkup(head) || WORKBOOK_START.test(head.toString('hex', 0, 4));
}

/** NUL bytes, or control characters no text has; UTF-16 says so by its byte order mark. */
function isBinary(head: Buffer): boolean {
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) return false;
  return head.length === 0 || head.subarray(0, 64).some(byte => byte < 9);
}

/** Whether it begins as XML or HTML does, in an encoding that has their letters as bytes. */
export function isMarkup(head: Buffer): boolean {
  return /^[^\x21-\x7e]*<(\?xml|!doctype|html|table|meta|head|body|div|style)/i.test(head.toString('latin1'));
}

function isXml(head: Buffer): boolean {
  return /^[^\x21-\x7e]*<\?xml[\s?]/.test(head.toString('latin1'));
}

/** The part of an OpenDocument file that has its sheets. */
function isOdsContent(head: Buffer): boolean {
  return head.includes('<office:document-content');
}

/** Whether the root is that of a part in a file of Excel, Word or PowerPoint, or of OpenDocument. */
export function isOfficePart(head: Buffer): boolean {
  const [root = ''] = /<[^\s!?][^>]*/.exec(head.toString('latin1')) ?? [];
  return /^<office:document-|xmlns(:\w+)?\s*=\s*["']http:\/\/(schemas\.openxmlformats\.org|purl\.oclc\.org\/ooxml)\//.test(
    root,
  );
}

/** Excel's XML of 2003, or a flat OpenDocument. */
function isSpreadsheet(head: Buffer): boolean {
  return /progid="Excel\.Sheet"|urn:schemas-microsoft-com:office:spreadsheet|opendocument\.spreadsheet/.test(
    head.toString('latin1'),
  );
}
