import type { Reader } from '../batch/batch.ts';
import { neverFailure } from '../contract/failure.ts';
import { limitsOf } from '../contract/limits.ts';
import type { Extract } from '../contract/settings.ts';
import type { Source } from '../unpack/source.ts';
import { type Compression, compressionOf, unreadablePacking } from '../unpack/compression.ts';
import type { Spill } from '../unpack/spill.ts';
import { isZip, startsWith } from './beginnings.ts';
import { limited } from './limited.ts';
import { declaredFormat, formatOf, isDamagedPacking } from './format.ts';
import { type Format, FORMATS } from './registry.ts';

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
  /** FORMATS where left out. */
  formats?: readonly Format[];
}

/**
 * Opens the file with the reader of its format, unpacked where it is gzip or zstd, and member by member where it is an
 * archive: what EXTRACT.format says, else its content where that is unmistakable, else its name. Throws EtlFailure.
 */
export async function openReader(options: OpenOptions): Promise<Reader> {
  const limits = limitsOf(options.extract);
  return limited(await openContent(options, 0), options.source, limits);
}

async function openContent(options: OpenOptions, archives: number): Promise<Reader> {
  const { source, head, compressions } = await unpack(options.source, limitsOf(options.extract).unpackedBytes);
  const { fileName, extract, formats = FORMATS } = options;
  if (compressions.length === 0 && !isZip(head) && isDamagedPacking(fileName, head, formats))
    throw neverFailure(
      `${source.path} begins neither like gzip nor zstd nor zip, though it is called so: it is damaged; copy or pack it again`,
    );
  const reader = isZip(head)
    ? await openZipped({ ...options, source }, archives)
    : await openFormat(declaredFormat(extract, formats) ?? formatOf(fileName, head, formats), head, {
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
  const { formats = FORMATS } = options;
  const format = formats.find(candidate => candidate.claimsZip?.(names));
  if (format !== undefined) return await openAs(format, source, options.extract);
  const packed = await choosePackedWorkbook(source.path, entries, options.extract.members);
  if (packed) {
    const workbook = formats.find(({ name }) => name === packed.format) as Format;
    const reader = await openAs(workbook, source, options.extract, packed.folder);
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

async function openFormat(format: Format, head: Buffer, { source, extract, spill }: OpenOptions): Promise<Reader> {
  const refusal = head.length > 0 ? (refusalOf(head) ?? format.refuses?.(head, extract)) : undefined;
  if (refusal !== undefined) throw neverFailure(`${source.path} ${refusal}`);
  return await openAs(format, format.isSeeking ? await spill.seekable(source) : source, extract);
}

async function openAs(format: Format, source: Source, extract: Extract, folder = ''): Promise<Reader> {
  const reader = await format.open(source, extract, folder);
  const reason = extract.format === undefined ? 'by its content and name' : 'as EXTRACT.format says';
  reader.decisions.unshift({ name: 'format', value: format.name, confidence: 1, reason });
  const footer = extract.skip_footer ?? 0;
  if (footer === 0) return reader;
  const { dropLast } = await import('./drop-last.ts');
  return { ...reader, batches: () => dropLast(reader.batches(), footer) };
}

/** Why what begins so is read as nothing, whatever it is called. */
function refusalOf(head: Buffer): string | undefined {
  if (/^MIME-Version:[^]*multipart\/related/i.test(head.toString('latin1')))
    return 'is a web archive (MHTML), which is not read; open it with Excel and save it as xlsx';
  return startsWith(head, 'PARE') ? 'is an encrypted Parquet file; export it without encryption' : undefined;
}
