import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { messageOf, neverFailure } from '../contract/failure.ts';
import { MOST_RATIO } from '../contract/limits.ts';
import type { ByteStream, Source } from './source.ts';
import { type Compression, compressionOf } from './compression.ts';
import { PackedBytes, UNPACKER_OPTIONS } from './packed-bytes.ts';
import { StreamSource } from './stream-source.ts';

/** What unpacks one stretch: a gzip member, a zstd frame. */
const UNPACKERS: Record<Compression, () => Transform> = {
  gzip: () => createGunzip(UNPACKER_OPTIONS),
  zstd: () => createZstdDecompress(UNPACKER_OPTIONS),
};
/**
 * The content of a source that is gzip or zstd: all members or frames of it. Reading throws EtlFailure 65 where it is
 * damaged, or unpacks to more than `anyRatioBytes` and MOST_RATIO times its size: zstd packs what repeats to any ratio,
 * gzip to 1032 : 1.
 */
export function unpacked(source: Source, compression: Compression, anyRatioBytes: number): Source {
  return new StreamSource({
    path: source.path,
    sizeBytes: Number.POSITIVE_INFINITY,
    within: source,
    open: async () => new UnpackedStream(source, compression, anyRatioBytes),
  });
}

/**
 * Node's gunzip goes through all members; its zstd stops behind the first frame, and silently: what is left over when an
 * unpacker has ended goes to a new one. Zeros that fill up the last block of a tape or disk are no content.
 */
class UnpackedStream implements ByteStream {
  private readonly source: Source;
  private readonly compression: Compression;
  private readonly packed: PackedBytes;
  private readonly chunks: AsyncGenerator<Buffer>;
  private chunk: Buffer = Buffer.alloc(0);
  private readonly anyRatioBytes: number;
  private unpackedBytes = 0;

  constructor(source: Source, compression: Compression, anyRatioBytes: number) {
    this.source = source;
    this.anyRatioBytes = anyRatioBytes;
    this.compression = compression;
    this.packed = new PackedBytes(source.stream());
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
    this.packed.close();
  }

  private async *unpack(): AsyncGenerator<Buffer> {
    const { packed, compression } = this;
    await packed.readMore();
    while (packed.rest.length > 0) {
      const unpacker = UNPACKERS[compression]();
      for await (const chunk of packed.unpack(unpacker, error => this.damaged(messageOf(error), error))) {
        this.unpackedBytes += chunk.length;
        this.assertNoBomb();
        yield chunk;
      }
      await this.skipPadding();
      if (packed.rest.length > 0 && compressionOf(packed.rest) !== compression)
        throw this.damaged('bytes that are not packed follow its end');
    }
  }

  private async skipPadding(): Promise<void> {
    const { packed } = this;
    for (;;) {
      const used = packed.rest.findIndex(byte => byte !== 0);
      if (used >= 0) packed.rest = packed.rest.subarray(used);
      if (used >= 0) return;
      await packed.readMore();
      if (packed.rest.length === 0) return;
    }
  }

  private assertNoBomb(): void {
    if (this.unpackedBytes < this.anyRatioBytes || this.unpackedBytes < this.packed.byteCount * MOST_RATIO) return;
    throw neverFailure(
      `${this.source.path} unpacks to more than ${MOST_RATIO} times its size, beyond ${this.anyRatioBytes} bytes, which is taken for a bomb; ` +
        'where it is none, set EXTRACT.limits.unpacked_size, or put it in unpacked',
    );
  }

  private damaged(reason: string, cause?: unknown): Error {
    return neverFailure(
      `${this.source.path} is a damaged ${this.compression} file: ${reason}, after ${this.unpackedBytes} unpacked bytes; pack it again and put it back`,
      cause,
    );
  }
}
