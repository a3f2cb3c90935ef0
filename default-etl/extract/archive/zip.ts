import type { Transform } from 'node:stream';
import { crc32, createInflateRaw, createZstdDecompress } from 'node:zlib';
import { messageOf, neverFailure } from '../../failure.ts';
import type { ByteStream } from '../../source.ts';
import { PackedBytes, UNPACKER_OPTIONS } from '../../unpack/packed-bytes.ts';
import { type DirectoryRecord, type RandomAccess, readDirectory } from './zip-directory.ts';

/** One file in a zip file. */
export interface ZipEntry {
  /** Path in the archive, with `/`. */
  name: string;
  isFolder: boolean;
  isEncrypted: boolean;
  /** Unpacked, as the archive says; that it is true is seen when it is read. */
  sizeBytes: number;
  compressedBytes: number;
  /** Its content, from the beginning. Opening and reading throw EtlFailure 65 where it is damaged, encrypted or too large. */
  stream(): Promise<ByteStream>;
}

/**
 * What a member may unpack to: any that stays below `anyRatioBytes`; a larger one up to `maxRatio` times its packed size. Deflate packs
 * 1032 : 1 at best; lines that are all the same come near it, tables above a gigabyte to 100 : 1 at most.
 */
export interface ZipLimits {
  anyRatioBytes: number;
  maxRatio: number;
  maxBytes: number;
}

const LIMITS: ZipLimits = { anyRatioBytes: 2 ** 30, maxRatio: 200, maxBytes: 2 ** 40 };

const LOCAL_BYTES = 30;
const LOCAL_SIGNATURE = 0x04034b50;

/** Method of compression → what unpacks it; null for bytes that lie there as they are. */
const UNPACKERS: Record<number, (() => Transform) | null> = {
  0: null,
  8: () => createInflateRaw(UNPACKER_OPTIONS),
  93: () => createZstdDecompress(UNPACKER_OPTIONS),
};

/**
 * The members of a zip file in the order of its central directory. Own lines instead of a library: yauzl wants a file descriptor or its
 * own reader class, has no limits and no CRC check.
 * Throws EtlFailure 65 where the file is damaged.
 */
export async function openZip(file: RandomAccess, limits: ZipLimits = LIMITS): Promise<ZipEntry[]> {
  const records = await readDirectory(file);
  const overlapping = findOverlaps(records);
  return records.map(record => ({
    name: record.name.replaceAll('\\', '/'),
    isFolder: /[/\\]$/.test(record.name),
    isEncrypted: record.isEncrypted,
    sizeBytes: record.sizeBytes,
    compressedBytes: record.compressedBytes,
    stream: async () => {
      const problem = overlapping.has(record)
        ? 'shares its bytes with another member, as only a zip bomb does'
        : problemOf(record, limits);
      if (problem !== undefined) throw memberFailure(file, record, problem);
      return await openMember(file, record, limits);
    },
  }));
}

/** A bomb may have many members over the same bytes: a file of 10 MB that unpacks to 281 TB (D. Fifield, 2019). */
function findOverlaps(records: readonly DirectoryRecord[]): Set<DirectoryRecord> {
  const found = new Set<DirectoryRecord>();
  const inOrder = records.toSorted((a, b) => a.headerOffset - b.headerOffset);
  for (let index = 1; index < inOrder.length; index++) {
    const before = inOrder[index - 1] as DirectoryRecord;
    const record = inOrder[index] as DirectoryRecord;
    if (before.headerOffset + LOCAL_BYTES + before.compressedBytes > record.headerOffset) found.add(before).add(record);
  }
  return found;
}

function problemOf(record: DirectoryRecord, limits: ZipLimits): string | undefined {
  if (record.isEncrypted) return 'is encrypted with a password; pack it without one';
  if (UNPACKERS[record.method] === undefined)
    return `is packed by method ${record.method}, which can't be read here; pack it by the usual one, deflate`;
  return limitProblem(record.sizeBytes, record.compressedBytes, limits);
}

function limitProblem(sizeBytes: number, compressedBytes: number, limits: ZipLimits): string | undefined {
  if (sizeBytes > limits.maxBytes) return `unpacks to more than the limit of ${sizeText(limits.maxBytes)}`;
  if (sizeBytes <= limits.anyRatioBytes || sizeBytes <= compressedBytes * limits.maxRatio) return undefined;
  return `unpacks to more than ${sizeText(limits.anyRatioBytes)} and more than ${limits.maxRatio} times its packed ${compressedBytes} bytes: the limit against zip bombs`;
}

async function openMember(file: RandomAccess, record: DirectoryRecord, limits: ZipLimits): Promise<ByteStream> {
  const header = await file.readAt(record.headerOffset, LOCAL_BYTES);
  if (header.length < LOCAL_BYTES || header.readUInt32LE(0) !== LOCAL_SIGNATURE)
    throw memberFailure(file, record, 'is not where the archive says: it is damaged; copy or pack it again');
  const start = record.headerOffset + LOCAL_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  const packed = new PackedBytes(stretchOf(file, start, record.compressedBytes));
  return new MemberStream(file, record, packed, limits);
}

/** Bytes [start, start + length) of the archive. */
function stretchOf(file: RandomAccess, start: number, length: number): ByteStream {
  const stream = file.stream(start);
  let left = length;
  return {
    async fill(buffer, offset) {
      if (left === 0) return 0;
      const count = await stream.fill(buffer.subarray(0, Math.min(buffer.length, offset + left)), offset);
      left -= count;
      return count;
    },
    close: () => stream.close(),
  };
}

/** The unpacked bytes, held against what the archive says of them. */
class MemberStream implements ByteStream {
  private readonly file: RandomAccess;
  private readonly record: DirectoryRecord;
  private readonly packed: PackedBytes;
  private readonly chunks: AsyncGenerator<Buffer>;
  private readonly limits: ZipLimits;
  private chunk: Buffer = Buffer.alloc(0);
  private length = 0;
  private crc = 0;
  private isClosed = false;

  constructor(file: RandomAccess, record: DirectoryRecord, packed: PackedBytes, limits: ZipLimits) {
    this.file = file;
    this.record = record;
    this.packed = packed;
    const unpacker = UNPACKERS[record.method]?.();
    this.chunks = unpacker ? packed.unpack(unpacker, error => this.damaged(error)) : packed.plain();
    this.limits = limits;
  }

  async fill(buffer: Buffer, offset: number): Promise<number> {
    if (this.chunk.length === 0 && !(await this.advance())) return 0;
    const count = this.chunk.copy(buffer, offset);
    this.chunk = this.chunk.subarray(count);
    return count;
  }

  close(): void {
    this.isClosed = true;
    this.packed.close();
  }

  private async advance(): Promise<boolean> {
    if (this.isClosed) return false;
    const { done, value } = await this.chunks.next();
    if (done === true) return this.assertWhole();
    this.length += value.length;
    this.crc = crc32(value, this.crc);
    this.assertWithinLimits();
    this.chunk = value;
    return true;
  }

  private damaged(error: unknown): Error {
    return memberFailure(this.file, this.record, `is damaged (${messageOf(error)}); copy or pack it again`, error);
  }

  private assertWithinLimits(): void {
    if (this.length <= this.record.sizeBytes) return;
    const problem = limitProblem(this.length, this.record.compressedBytes, this.limits);
    const reason = problem ?? 'is longer than the archive says: it is damaged; copy or pack it again';
    throw memberFailure(this.file, this.record, reason);
  }

  private assertWhole(): false {
    if (this.length !== this.record.sizeBytes)
      throw memberFailure(
        this.file,
        this.record,
        'is shorter than the archive says: it is damaged; copy or pack it again',
      );
    if (this.crc !== this.record.crc)
      throw memberFailure(this.file, this.record, 'is damaged: its checksum (CRC) is wrong; copy or pack it again');
    return false;
  }
}

function memberFailure(file: RandomAccess, { name }: DirectoryRecord, problem: string, cause?: unknown): Error {
  return neverFailure(`${file.path}: its member ${name} ${problem}`, cause);
}

function sizeText(bytes: number): string {
  return bytes >= 2 ** 30 ? `${bytes / 2 ** 30} GB` : `${bytes} bytes`;
}
