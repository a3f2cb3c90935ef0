import type { Reader } from '../batch/batch.ts';
import { neverFailure } from '../contract/failure.ts';
import { limitsOf } from '../contract/limits.ts';
import type { Extract } from '../contract/settings.ts';
import type { Source } from '../unpack/source.ts';
import { type Compression, compressionOf, unreadablePacking } from '../unpack/compression.ts';
import type { Spill } from '../unpack/spill.ts';
import { openCsv } from './csv.ts';
import { limited } from './limited.ts';
import { declaredFormat, type Format, formatOf, isDamagedPacking, isOfficePart, startsWorkbook } from './format.ts';

const HEAD_BYTES = 1024;
/** An archive within an archive is read, one within that is not. */
const MAX_ARCHIVES = 2;
const MAX_COMPRESSIONS = 2;

export interface OpenOptions {
  source: Source;
  /** Of the file, or of the member of an archive: its ending counts where the content does not tell. */
  fileName: string;
  extract: Extract;
  /** Where what is packed goes that has to be entered in the middle. Whoever made it closes it. */
  spill: Spill;
}

/**
 * Opens the file with the reader of its format, unpacked where it is gzip or zstd, and member by member where it is an archive: what
 * EXTRACT.format says, else its content where that is unmistakable, else its name. Throws EtlFailure.
 */
export async function openReader(options: OpenOptions): Promise<Reader> {
  const limits = limitsOf(options.extract);
  return limited(await openContent(options, 0), options.source, limits);
}

async function openContent(options: OpenOptions, archives: number): Promise<Reader> {
  const { source, head, compressions } = await unpack(options.source, limitsOf(options.extract).unpackedBytes);
  if (compressions.length === 0 && !isZip(head) && isDamagedPacking(options.fileName, head))
    throw neverFailure(
      `${source.path} begins neither like gzip nor zstd nor zip, though it is called so: it is damaged; copy or pack it again`,
    );
  const reader = isZip(head)
    ? await openZipped({ ...options, source }, archives)
    : await openFormat(declaredFormat(options.extract) ?? formatOf(options.fileName, head), head, {
        ...options,
        source,
      });
  for (const value of compressions)
    reader.decisions.unshift({ name: 'compression', value, confidence: 1, reason: 'by its first bytes' });
  return reader;
}

interface Unpacked {
  source: Source;
  head: Buffer;
  compressions: Compression[];
}

async function unpack(packed: Source, anyRatioBytes: number): Promise<Unpacked> {
  const compressions: Compression[] = [];
  for (let source = packed; ; ) {
    const head = await source.head(HEAD_BYTES);
    const unreadable = unreadablePacking(head);
    if (unreadable !== undefined)
      throw neverFailure(`${source.path} is packed by ${unreadable}, which is not read; pack it by gzip, zstd or zip`);
    const compression = compressionOf(head);
    if (compression === undefined) return { source, head, compressions };
    if (compressions.length === MAX_COMPRESSIONS)
      throw neverFailure(`${source.path} is packed more than ${MAX_COMPRESSIONS} times over; unpack it first`);
    compressions.push(compression);
    const { unpacked } = await import('../unpack/unpack.ts');
    source = unpacked(source, compression, anyRatioBytes);
  }
}

/** A zip file is a workbook, by the members that each has, or an archive. */
async function openZipped(options: OpenOptions, archives: number): Promise<Reader> {
  const source = await options.spill.seekable(options.source);
  const { openZip } = await import('./archive/zip.ts');
  const { choosePackedWorkbook } = await import('./archive/packed-workbook.ts');
  const entries = await openZip(source, { anyRatioBytes: limitsOf(options.extract).unpackedBytes });
  const names = new Set(entries.map(entry => entry.name.toLowerCase()));
  if (names.has('[content_types].xml')) return await openWorkbookAs('xlsx', { ...options, source });
  if (names.has('content.xml') && (names.has('mimetype') || names.has('meta-inf/manifest.xml')))
    return await openWorkbookAs('ods', { ...options, source });
  const packed = await choosePackedWorkbook(source.path, entries, options.extract.members);
  if (packed) {
    const reader = await openWorkbookAs(packed.format, { ...options, source }, packed.folder);
    return { ...reader, decisions: [...packed.decisions, ...reader.decisions] };
  }
  if (archives === MAX_ARCHIVES)
    throw neverFailure(`${source.path} is an archive in an archive in an archive; unpack it first`);
  const { openArchive } = await import('./archive.ts');
  // EXTRACT.members chooses in the outer archive.
  const { members: wanted, ...extract } = options.extract;
  return await openArchive({
    source,
    entries,
    wanted,
    openMember: async (member, fileName) =>
      await openContent({ ...options, source: member, fileName, extract }, archives + 1),
  });
}

/** `folder`: what the names of its parts begin with. */
async function openWorkbookAs(format: Format, { source, extract }: OpenOptions, folder = ''): Promise<Reader> {
  const { openWorkbook } = await import('./workbook.ts');
  return await finish(format, await openWorkbook(source, extract, folder), extract);
}

async function openFormat(format: Format, head: Buffer, options: OpenOptions): Promise<Reader> {
  assertStart(format, head, options.source);
  assertNoPart(format, head, options);
  return await finish(format, await readerOf(format, options), options.extract);
}

async function finish(format: Format, reader: Reader, extract: Extract): Promise<Reader> {
  const reason = extract.format === undefined ? 'by its content and name' : 'as EXTRACT.format says';
  reader.decisions.unshift({ name: 'format', value: format, confidence: 1, reason });
  const footer = extract.skip_footer ?? 0;
  if (footer === 0) return reader;
  const { dropLast } = await import('./drop-last.ts');
  return { ...reader, batches: () => dropLast(reader.batches(), footer) };
}

async function readerOf(format: Format, { source, extract, spill }: OpenOptions): Promise<Reader> {
  switch (format) {
    case 'csv':
      return await openCsv(source, extract, ',');
    case 'tsv':
    case 'txt':
      return await openCsv(source, extract, '\t');
    case 'xls':
    case 'xlsx':
    case 'ods':
      return await (await import('./workbook.ts')).openWorkbook(await spill.seekable(source), extract);
    case 'json':
      return await (await import('./json.ts')).openJson(source, extract);
    case 'ndjson':
      return await (await import('./json.ts')).openJson(source, extract, 'lines');
    case 'parquet':
      return await (await import('./parquet.ts')).openParquet(await spill.seekable(source), extract);
    case 'xml':
      return await (await import('./xml.ts')).openXml(source, extract);
  }
}

function isZip(head: Buffer): boolean {
  const start = head.toString('latin1', 0, 4);
  return start === 'PK\x03\x04' || start === 'PK\x05\x06';
}

/** A part of a workbook that lies there by itself has no table that it alone tells, unless somebody says where its rows are. */
function assertNoPart(format: Format, head: Buffer, { source, extract }: OpenOptions): void {
  if (format !== 'xml' || extract.format !== undefined || extract.record_path !== undefined) return;
  if (isOfficePart(head))
    throw neverFailure(
      `${source.path} is one part of a workbook or another document of Office, and no table by itself; put the document itself in, or name the elements down to its rows in EXTRACT.record_path`,
    );
}

/** Before anything is unpacked to disk. */
function assertStart(format: Format, head: Buffer, { path }: Source): void {
  if (head.length === 0) return;
  if (/^MIME-Version:[^]*multipart\/related/i.test(head.toString('latin1')))
    throw neverFailure(`${path} is a web archive (MHTML), which is not read; open it with Excel and save it as xlsx`);
  if (head.toString('latin1', 0, 4) === 'PARE')
    throw neverFailure(`${path} is an encrypted Parquet file; export it without encryption`);
  if (format === 'parquet' && head.toString('latin1', 0, 4) !== 'PAR1')
    throw neverFailure(`${path} is no Parquet file, though it is called one: it does not begin with PAR1`);
  if ((format === 'xls' || format === 'xlsx' || format === 'ods') && !startsWorkbook(head)) {
    throw neverFailure(
      `${path} is no workbook, though it is called one: it begins neither like xlsx, ods or xls nor like an HTML table; it may be damaged, so copy or export it again`,
    );
  }
}
