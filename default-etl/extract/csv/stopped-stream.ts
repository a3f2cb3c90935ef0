import type { ByteStream } from '../../unpack/source.ts';

/** The bytes of a stream up to a place, and those behind it once goOn() was called. */
export class StoppedStream implements ByteStream {
  private readonly stream: ByteStream;
  private left: number;

  /** `length`: bytes before the place. */
  constructor(stream: ByteStream, length = Number.POSITIVE_INFINITY) {
    this.stream = stream;
    this.left = length;
  }

  /** Whether the place is reached, and goOn() would show more. */
  get isStopped(): boolean {
    return this.left === 0;
  }

  goOn(): void {
    this.left = Number.POSITIVE_INFINITY;
  }

  async fill(buffer: Buffer, offset: number): Promise<number> {
    const room = Math.min(buffer.length - offset, this.left);
    if (room === 0) return 0;
    const count = await this.stream.fill(buffer.subarray(0, offset + room), offset);
    this.left -= count;
    return count;
  }

  close(): void {
    this.stream.close();
  }
}
