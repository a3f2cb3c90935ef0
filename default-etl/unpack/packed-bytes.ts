import { once } from 'node:events';
import type { Transform } from 'node:stream';
import type { ByteStream } from './source.ts';
import { fillUp } from './byte-stream.ts';

const READ_BYTES = 1 << 18;

/** What an unpacker is made with: it hands over as much at a time, and reads no further before that is taken. */
export const UNPACKER_OPTIONS = { chunkSize: 1 << 18, highWaterMark: 1 };

/**
 * Packed bytes on their way through unpackers, one after the other: memory is used again, or given back, and none waits
 * for a collection of garbage.
 */
export class PackedBytes {
  /** Read and not yet unpacked. */
  rest: Buffer = Buffer.alloc(0);
  /** Read so far. */
  byteCount = 0;
  private readonly stream: ByteStream;
  private readonly piece = Buffer.allocUnsafeSlow(READ_BYTES);
  private unpacker: Transform | undefined;
  private isClosed = false;

  constructor(stream: ByteStream) {
    this.stream = stream;
  }

  /** Only where nothing is left: the same buffer is filled again. */
  async readMore(): Promise<void> {
    const count = await fillUp(this.stream, this.piece);
    this.byteCount += count;
    this.rest = this.piece.subarray(0, count);
  }

  /**
   * What one unpacker makes of the bytes, until it has its end; then `rest` is what it did not take. A chunk is good
   * until the next is asked for. `damaged` makes what is thrown of the unpacker's error.
   */
  async *unpack(unpacker: Transform, damaged: (error: unknown) => Error): AsyncGenerator<Buffer> {
    this.unpacker = unpacker;
    let failure: unknown;
    const feeding = this.feed(unpacker).catch((error: unknown) => {
      failure = error;
      unpacker.destroy();
    });
    try {
      for await (const chunk of unpacker as AsyncIterable<Buffer>) {
        yield chunk;
        giveBack(chunk);
      }
    } catch (error) {
      throw failure ?? (isDamage(error) ? damaged(error) : error);
    } finally {
      unpacker.destroy();
    }
    await feeding;
    if (failure !== undefined) throw failure;
  }

  /** The bytes as they are; good until more are asked for. */
  async *plain(): AsyncGenerator<Buffer> {
    for (await this.readMore(); this.rest.length > 0 && !this.isClosed; await this.readMore()) yield this.rest;
  }

  close(): void {
    this.isClosed = true;
    this.unpacker?.destroy();
    this.stream.close();
  }

  /** Writes what there is, piece by piece. */
  private async feed(unpacker: Transform & { bytesWritten?: number }): Promise<void> {
    const ended = once(unpacker, 'close').catch(() => {});
    let isEnded = false;
    void ended.then(() => (isEnded = true));
    if (this.rest.length === 0) await this.readMore();
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
}

/**
 * Node unpacks into ever new memory: 60 MB of it wait for the collector while a file of gigabytes is read (23 November
 * 2026). Behind a chunk that ends where its memory ends nothing can be written any more.
 */
function giveBack({ buffer, byteOffset, byteLength }: Buffer): void {
  const isUsedUp = byteOffset + byteLength === buffer.byteLength && buffer.byteLength === UNPACKER_OPTIONS.chunkSize;
  if (isUsedUp && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** Codes of zlib's errors, and of a stream that ended too early: Z_DATA_ERROR, Z_BUF_ERROR, ZSTD_error_…, ERR_…. */
function isDamage(error: unknown): boolean {
  return /^(Z_|ZSTD_|ERR_)/.test(String((error as NodeJS.ErrnoException).code));
}
