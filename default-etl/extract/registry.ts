import type { Reader } from '../batch/batch.ts';
import type { Extract } from '../contract/settings.ts';
import type { Source } from '../unpack/source.ts';
import {
  isMarkup,
  isOdsContent,
  isOfficePart,
  isOle,
  isSpreadsheet,
  isXml,
  jsonIn,
  startsWith,
  startsWorkbook,
} from './beginnings.ts';

/** A format of files: how it is recognised, and how it is read. */
export interface Format {
  /** What decisions call it. */
  name: string;
  /** Of file names: what EXTRACT.format may say, and WATCH_REGEX takes where it is left out. */
  endings: readonly string[];
  /** Endings by which it is recognised alone. */
  otherEndings?: readonly string[];
  /**
   * `delimited` is what text that nothing claims is read as, also where its name is that of a `workbook` or of another
   * `binary` format.
   */
  content: 'delimited' | 'text' | 'workbook' | 'binary';
  /**
   * Whether content that begins so is of this format, whatever it is called; `named` is the format by its name. The
   * first one in FORMATS that says so counts.
   */
  claims?(head: Buffer, named: Format | undefined): boolean;
  /** Whether a zip file whose members have these names, in lower case, is one. */
  claimsZip?(names: ReadonlySet<string>): boolean;
  /**
   * Why content that begins so can't be read as this, though it is called so; it goes on from the file's name. Asked
   * before anything is unpacked to disk.
   */
  refuses?(head: Buffer, extract: Extract): string | undefined;
  /** What is packed is unpacked to disk: the reader enters it in the middle. */
  isSeeking?: true;
  /** `folder`: what the names of its parts in a zip file begin with. Throws EtlFailure. */
  open(source: Source, extract: Extract, folder?: string): Promise<Reader>;
}

type Open = Format['open'];

const openCommas: Open = async (source, extract) => await (await import('./csv.ts')).openCsv(source, extract, ',');
const openTabs: Open = async (source, extract) => await (await import('./csv.ts')).openCsv(source, extract, '\t');

/** One reader reads them all, by their content. */
const WORKBOOK: Pick<Format, 'content' | 'refuses' | 'isSeeking' | 'open'> = {
  content: 'workbook',
  refuses: head =>
    startsWorkbook(head)
      ? undefined
      : 'is no workbook, though it is called one: it begins neither like xlsx, ods or xls nor like an HTML table; it may be damaged, so copy or export it again',
  isSeeking: true,
  open: async (source, extract, folder) => await (await import('./workbook.ts')).openWorkbook(source, extract, folder),
};

/** All formats that are read, in the order in which people are told of them. CONTRIBUTING.md says how one is added. */
export const FORMATS: readonly Format[] = [
  { name: 'csv', endings: ['csv'], content: 'delimited', open: openCommas },
  { name: 'tsv', endings: ['tsv'], otherEndings: ['tab'], content: 'delimited', open: openTabs },
  { name: 'txt', endings: ['txt'], content: 'delimited', open: openTabs },
  {
    ...WORKBOOK,
    name: 'xls',
    endings: ['xls'],
    claims: (head, named) => isOle(head) || (isMarkup(head) && isSpreadsheet(head) && !isOds(head, named)),
  },
  {
    ...WORKBOOK,
    name: 'xlsx',
    endings: ['xlsx', 'xlsm', 'xlsb'],
    claimsZip: names => names.has('[content_types].xml'),
  },
  {
    ...WORKBOOK,
    name: 'ods',
    endings: ['ods', 'fods'],
    claims: (head, named) => isMarkup(head) && isOds(head, named),
    claimsZip: names => names.has('content.xml') && (names.has('mimetype') || names.has('meta-inf/manifest.xml')),
  },
  {
    name: 'json',
    endings: ['json', 'geojson'],
    content: 'text',
    claims: (head, named) => isAnyText(named) && jsonIn(head, isTable(named)) === 'json',
    open: async (source, extract) => await (await import('./json.ts')).openJson(source, extract),
  },
  {
    name: 'ndjson',
    endings: ['ndjson', 'jsonl'],
    content: 'text',
    claims: (head, named) => isAnyText(named) && jsonIn(head, isTable(named)) === 'ndjson',
    open: async (source, extract) => await (await import('./json.ts')).openJson(source, extract, 'lines'),
  },
  {
    name: 'xml',
    endings: ['xml'],
    content: 'text',
    claims: (head, named) => isXml(head) && named?.content !== 'workbook',
    // A part of a workbook that lies there by itself has no table that it alone tells, unless somebody says where its rows are.
    refuses: (head, { format, record_path: path }) =>
      format === undefined && path === undefined && isOfficePart(head)
        ? 'is one part of a workbook or another document of Office, and no table by itself; put the document itself in, or name the elements down to its rows in EXTRACT.record_path'
        : undefined,
    open: async (source, extract) => await (await import('./xml.ts')).openXml(source, extract),
  },
  {
    name: 'parquet',
    endings: ['parquet'],
    content: 'binary',
    claims: head => startsWith(head, 'PAR1'),
    refuses: head =>
      startsWith(head, 'PAR1') ? undefined : 'is no Parquet file, though it is called one: it does not begin with PAR1',
    isSeeking: true,
    open: async (source, extract) => await (await import('./parquet.ts')).openParquet(source, extract),
  },
];

/** What EXTRACT.format may say, for people: the endings of file names. */
export const FORMAT_WORDS: readonly string[] = FORMATS.flatMap(({ endings }) => endings);

/** Whether the name says nothing about how the text is written, or that it is delimited text. */
function isAnyText(named: Format | undefined): boolean {
  return named === undefined || named.content === 'delimited';
}

/**
 * A flat OpenDocument is one under its own name; under another its first bytes are those of any workbook in XML, and
 * the reader tells.
 */
function isOds(head: Buffer, named: Format | undefined): boolean {
  return isOdsContent(head) || (isSpreadsheet(head) && named?.name === 'ods');
}

function isTable(named: Format | undefined): boolean {
  return named?.name === 'csv' || named?.name === 'tsv';
}
