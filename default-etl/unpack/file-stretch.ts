import type { FileHandle } from 'node:fs/promises';
import type { ByteStream, Source } from './source.ts';
import { fillUp, readHead } from './byte-stream.ts';

export interface FileStretchOptions {
  /** What was unpacked: its path and its progress are this one's. */
  within: Source;
  handle: FileHandle;
  start: number;
  sizeBytes: number;
}

/** What a source was unpacked to: a stretch of a file. */
export class FileStretch implements Source {
  readonly path: string;
  readonly sizeBytes: number;
  readonly isSeekable = true;
  bytesRead = 0;
  private readonly handle: FileHandle;
  private readonly start: number;

  constructor({ within, handle, start, sizeBytes }: FileStretchOptions) {
    this.path = within.path;
    this.sizeBytes = sizeBytes;
    this.handle = handle;
    this.start = start;
  }

  stream(start = 0): ByteStream {
    let position = start;
    return {
      fill: async (buffer, offset) => {
        const most = Math.min(buffer.length - offset, this.sizeBytes - position);
        if (most <= 0) return 0;
        const { bytesRead } = await this.handle.read(buffer, offset, most, this.start + position);
        position += bytesRead;
        return bytesRead;
      },
      close() {},
    };
  }

  async readAt(start: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, this.sizeBytes - start)));
    return buffer.subarray(0, await fillUp(this.stream(start), buffer));
  }

  async head(length: number): Promise<Buffer> {
    return await readHead(this.stream(), length);
  }

  async readAll(): Promise<Buffer> {
    return await this.readAt(0, this.sizeBytes);
  }
}
