import type { ByteStream, Source } from './source.ts';

export interface MemorySourceOptions {
  /** For messages. */
  path: string;
  sizeBytes: number;
  /** What it is a part of, for progress, and how many bytes of that are read once this is. */
  within: Source;
  endsAt: number;
  /** The content. Called each time that something of it is wanted. */
  load: () => Promise<Buffer>;
}

/** What is small enough to be in memory as a whole. It does not keep it: there may be many. */
export class MemorySource implements Source {
  readonly path: string;
  readonly sizeBytes: number;
  readonly isSeekable = true;
  private readonly options: MemorySourceOptions;

  constructor(options: MemorySourceOptions) {
    this.path = options.path;
    this.sizeBytes = options.sizeBytes;
    this.options = options;
  }

  get bytesRead(): number {
    return this.options.within.bytesRead;
  }

  set bytesRead(_count: number) {
    this.options.within.bytesRead = this.options.endsAt;
  }

  stream(start = 0): ByteStream {
    let position = start;
    return {
      fill: async (buffer, offset) => {
        const count = (await this.options.load()).copy(buffer, offset, position);
        position += count;
        this.bytesRead = position;
        return count;
      },
      close() {},
    };
  }

  async readAt(start: number, length: number): Promise<Buffer> {
    return (await this.options.load()).subarray(start, start + length);
  }

  async head(length: number): Promise<Buffer> {
    return await this.readAt(0, length);
  }

  async readAll(): Promise<Buffer> {
    return await this.options.load();
  }
}
