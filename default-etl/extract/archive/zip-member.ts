import type { Transform } from 'node:stream';
import { crc32, createInflateRaw, createZstdDecompress, inflateRawSync, zstdDecompressSync } from 'node:zlib';
import { messageOf, neverFailure } from '../../contract/failure.ts';
import type { ByteStream } from '../../unpack/source.ts';
import { PackedBytes, UNPACKER_OPTIONS } from '../../unpack/packed-bytes.ts';
import type { DirectoryRecord, RandomAccess } from './zip-directory.ts';

/**
 * What a member may unpack to: any that stays below `anyRatioBytes`; a larger one up to `maxRatio` times its packed
 * size. Deflate packs 1032 : 1 at best; lines that are all the same come near it, tables above a gigabyte to 100 : 1 at
 * most.
 */
export interface ZipLimits {
  anyRatioBytes: number;
  maxRatio: number;
  maxBytes: number;
}

const LOCAL_BYTES = 30;
const LOCAL_SIGNATURE = 0x04034b50;
/** Read with the header of a small member: its name and what else stands between that and its bytes. */
const USUAL_NAME_BYTES = 1 << 9;

interface Method {
  create(): Transform;
  /** All at once. */
  unpack(bytes: Buffer, options: { maxOutputLength: number; chunkSize: number }): Buffer;
}

/** Method of compression → what unpacks it; null for bytes that lie there as they are. */
const METHODS: Record<number, Method | null> = {
  0: null,
  8: { create: () => createInflateRaw(UNPACKER_OPTIONS), unpack: inflateRawSync },
  93: { create: () => createZstdDecompress(UNPACKER_OPTIONS), unpack: zstdDecompressSync },
};

/** One member of a zip file, whose content is held against what the archive says of it. */
export class ZipMember {
  private readonly file: RandomAccess;
  private readonly record: DirectoryRecord;
  private readonly limits: ZipLimits;

  constructor(file: RandomAccess, record: DirectoryRecord, limits: ZipLimits) {
    this.file = file;
    this.record = record;
    this.limits = limits;
  }

  async stream(): Promise<ByteStream> {
    this.assertReadable();
    const { file, record } = this;
    const start = this.contentStart(await file.readAt(record.headerOffset, LOCAL_BYTES));
    const packed = new PackedBytes(stretchOf(file, record.headerOffset + start, record.compressedBytes));
    const method = METHODS[record.method];
    const chunks = method ? packed.unpack(method.create(), error => this.damaged(error)) : packed.plain();
    return new MemberStream(this, packed, chunks);
  }

  /** All of it, unpacked at once: for small ones, of which a stream for each would take a hundred times as long. */
  async content(): Promise<Buffer> {
    this.assertReadable();
    const { file, record } = this;
    const known = LOCAL_BYTES + USUAL_NAME_BYTES + record.compressedBytes;
    let bytes = await file.readAt(record.headerOffset, known);
    const start = this.contentStart(bytes);
    const end = start + record.compressedBytes;
    if (end > known) bytes = await file.readAt(record.headerOffset, end);
    const content = this.unpack(bytes.subarray(start, end));
    this.assertWithinLimits(content.length);
    this.assertWhole(content.length, crc32(content));
    return content;
  }

  /** Throws where more has come than the archive says. */
  assertWithinLimits(length: number): void {
    if (length <= this.record.sizeBytes) return;
    const problem = limitProblem(length, this.record.compressedBytes, this.limits);
    throw this.failure(problem ?? 'is longer than the archive says: it is damaged; copy or pack it again');
  }

  /** Throws where what has come to its end is not what the archive says. */
  assertWhole(length: number, crc: number): void {
    if (length !== this.record.sizeBytes)
      throw this.failure('is shorter than the archive says: it is damaged; copy or pack it again');
    if (crc !== this.record.crc) throw this.failure('is damaged: its checksum (CRC) is wrong; copy or pack it again');
  }

  private unpack(packed: Buffer): Buffer {
    const method = METHODS[this.record.method];
    if (!method) return packed;
    // One byte more than it should be, to see that it is longer.
    const most = this.record.sizeBytes + 1;
    try {
      return method.unpack(packed, { maxOutputLength: most, chunkSize: Math.max(64, most) });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') this.assertWithinLimits(most);
      throw this.damaged(error);
    }
  }

  private assertReadable(): void {
    const { isEncrypted, isOverlapping, method, sizeBytes, compressedBytes } = this.record;
    if (isOverlapping) throw this.failure('shares its bytes with another member, as only a zip bomb does');
    if (isEncrypted) throw this.failure('is encrypted with a password; pack it without one');
    if (METHODS[method] === undefined)
      throw this.failure(`is packed by method ${method}, which can't be read here; pack it by the usual one, deflate`);
    const problem = limitProblem(sizeBytes, compressedBytes, this.limits);
    if (problem !== undefined) throw this.failure(problem);
  }

  /** Where its bytes begin behind its own header. */
  private contentStart(header: Buffer): number {
    if (header.length < LOCAL_BYTES || header.readUInt32LE(0) !== LOCAL_SIGNATURE)
      throw this.failure('is not where the archive says: it is damaged; copy or pack it again');
    return LOCAL_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  }

  private damaged(error: unknown): Error {
    return this.failure(`is damaged (${messageOf(error)}); copy or pack it again`, error);
  }

  private failure(problem: string, cause?: unknown): Error {
    return neverFailure(`${this.file.path}: its member ${this.record.name} ${problem}`, cause);
  }
}

function limitProblem(sizeBytes: number, compressedBytes: number, limits: ZipLimits): string | undefined {
  if (sizeBytes > limits.maxBytes) return `unpacks to more than the limit of ${sizeText(limits.maxBytes)}`;
  if (sizeBytes <= limits.anyRatioBytes || sizeBytes <= compressedBytes * limits.maxRatio) return undefined;
  return `unpacks to more than ${sizeText(limits.anyRatioBytes)} and more than ${limits.maxRatio} times its packed ${compressedBytes} bytes: the limit against zip bombs (EXTRACT.limits.unpacked_size)`;
}

function sizeText(bytes: number): string {
  return bytes >= 2 ** 30 ? `${bytes / 2 ** 30} GB` : `${bytes} bytes`;
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

class MemberStream implements ByteStream {
  private readonly member: ZipMember;
  private readonly packed: PackedBytes;
  private readonly chunks: AsyncGenerator<Buffer>;
  private chunk: Buffer = Buffer.alloc(0);
  private length = 0;
  private crc = 0;
  private isClosed = false;

  constructor(member: ZipMember, packed: PackedBytes, chunks: AsyncGenerator<Buffer>) {
    this.member = member;
    this.packed = packed;
    this.chunks = chunks;
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
    if (done === true) {
      this.member.assertWhole(this.length, this.crc);
      return false;
    }
    this.length += value.length;
    this.crc = crc32(value, this.crc);
    this.member.assertWithinLimits(this.length);
    this.chunk = value;
    return true;
  }
}
