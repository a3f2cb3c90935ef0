import { once } from 'node:events';
import type { Transform } from 'node:stream';
import { messageOf, neverFailure } from '../failure.ts';
import type { ByteStream, Source } from '../source.ts';
import { type Compression, compressionOf } from './compression.ts';
import { fillUp } from './byte-stream.ts';
import { StreamSource } from './stream-source.ts';

const READ_BYTES = 1 << 18;
/** zstd packs what repeats to any ratio, gzip to 1032 : 1; no table above this size is packed to such a one. */
const MAX_RATIO = 500;
const ANY_RATIO_BYTES = 2 ** 31;

/** The content of a source that is gzip or zstd: all members or frames of it. Reading throws EtlFailure 65 where it is damaged. */
export function unpacked(source: Source, compression: Compression): Source {
  return new StreamSource({
    path: source.path,
    sizeBytes: Number.POSITIVE_INFINITY,
    within: source,
    open: async () => new UnpackedStream(source, compression),
  });
}

/**
 * Node's gunzip goes through all members; its zstd stops behind the first frame, and silently: what is left over when an
 * unpacker has ended goes to a new one. Zeros that fill up the last block of a tape or disk are no content.
 */
class UnpackedStream implements ByteStream {
  private readonly source: Source;
  private readonly compression: Compression;
  private readonly packed: ByteStream;
  private readonly chunks: AsyncGenerator<Buffer>;
  private unpacker: Transform | undefined;
  private readonly piece = Buffer.allocUnsafeSlow(READ_BYTES);
  /** Packed bytes that are read and not yet unpacked. */
  private rest: Buffer = Buffer.alloc(0);
  private chunk: Buffer = Buffer.alloc(0);
  private packedBytes = 0;
  private unpackedBytes = 0;
  private isClosed = false;

  constructor(source: Source, compression: Compression) {
    this.source = source;
    this.compression = compression;
    this.packed = source.stream();
    this.chunks = this.unpack();
  }

  async fill(buffer: Buffer, offset: number): Promise<number> {
    while (this.chunk.length === 0) {
      const { done, value } = await this.chunks.next();
      if (done === true) return 0;
      this.chunk = value;
    }
    const count = this.chunk.copy(buffer, offset);
    this.chunk = this.chunk.subarray(count);
    return count;
  }

  close(): void {
    this.isClosed = true;
    this.unpacker?.destroy();
    this.packed.close();
  }

  private async *unpack(): AsyncGenerator<Buffer> {
    await this.readMore();
    while (this.rest.length > 0) {
      yield* this.unpackStretch();
      await this.skipPadding();
      if (this.rest.length > 0 && compressionOf(this.rest)?.name !== this.compression.name)
        throw this.damaged('bytes that are not packed follow its end');
    }
  }

  private async *unpackStretch(): AsyncGenerator<Buffer> {
    const unpacker = this.compression.create();
    this.unpacker = unpacker;
    let failure: unknown;
    const feeding = this.feed(unpacker).catch((error: unknown) => {
      failure = error;
      unpacker.destroy();
    });
    try {
      for await (const chunk of unpacker as AsyncIterable<Buffer>) {
        this.unpackedBytes += chunk.length;
        this.assertNoBomb();
        yield chunk;
      }
    } catch (error) {
      throw failure ?? (isDamage(error) ? this.damaged(messageOf(error), error) : error);
    } finally {
      unpacker.destroy();
    }
    await feeding;
    if (failure !== undefined) throw failure;
  }

  /** Writes what there is, piece by piece, until the unpacker has its end; then `rest` is what it did not take. */
  private async feed(unpacker: Transform & { bytesWritten?: number }): Promise<void> {
    const ended = once(unpacker, 'close').catch(() => {});
    let isEnded = false;
    void ended.then(() => (isEnded = true));
    let written = 0;
    while (this.rest.length > 0 && !this.isClosed) {
      const piece = this.rest;
      await Promise.race([new Promise(resolve => unpacker.write(piece, resolve)), ended]);
      const taken = (unpacker.bytesWritten ?? 0) - written;
      written += taken;
      this.rest = piece.subarray(taken);
      if (this.rest.length > 0 || isEnded) return;
      await this.readMore();
    }
    unpacker.end();
  }

  /** Only where nothing is left: the same buffer is filled again. */
  private async readMore(): Promise<void> {
    const count = await fillUp(this.packed, this.piece);
    this.packedBytes += count;
    this.rest = this.piece.subarray(0, count);
  }

  private async skipPadding(): Promise<void> {
    for (;;) {
      const used = this.rest.findIndex(byte => byte !== 0);
      if (used >= 0) this.rest = this.rest.subarray(used);
      if (used >= 0) return;
      await this.readMore();
      if (this.rest.length === 0) return;
    }
  }

  private assertNoBomb(): void {
    if (this.unpackedBytes < ANY_RATIO_BYTES || this.unpackedBytes < this.packedBytes * MAX_RATIO) return;
    throw neverFailure(
      `${this.source.path} unpacks to more than ${MAX_RATIO} times its size, beyond 2 GB: the limit against bombs`,
    );
  }

  private damaged(reason: string, cause?: unknown): Error {
    return neverFailure(
      `${this.source.path} is a damaged ${this.compression.name} file: ${reason}, after ${this.unpackedBytes} unpacked bytes; pack it again and put it back`,
      cause,
    );
  }
}

/** zlib's errors have codes such as Z_DATA_ERROR, Z_BUF_ERROR, ZSTD_error_…. */
function isDamage(error: unknown): boolean {
  return /^(Z_|ZSTD_|ERR_)/.test(String((error as NodeJS.ErrnoException).code));
}
