import type { ByteStream, Source } from './source.ts';
import { lazyStream, readHead, readRest } from './byte-stream.ts';

export interface StreamSourceOptions {
  /** For messages. */
  path: string;
  /** Infinity where only reading to the end tells. */
  sizeBytes: number;
  /** What it is a part of: its progress is this one's. */
  within: Source;
  open: () => Promise<ByteStream>;
}

/** What is packed: it can be read from its beginning, any number of times, and in no other order. */
export class StreamSource implements Source {
  readonly path: string;
  readonly sizeBytes: number;
  readonly isSeekable = false;
  private readonly within: Source;
  private readonly open: () => Promise<ByteStream>;

  constructor({ path, sizeBytes, within, open }: StreamSourceOptions) {
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.within = within;
    this.open = open;
  }

  get bytesRead(): number {
    return this.within.bytesRead;
  }

  set bytesRead(count: number) {
    this.within.bytesRead = count;
  }

  stream(): ByteStream {
    return lazyStream(this.open);
  }

  async readAt(): Promise<Buffer> {
    throw new Error(`${this.path} is packed: it can't be entered in the middle`);
  }

  async head(length: number): Promise<Buffer> {
    return await readHead(this.stream(), length);
  }

  async readAll(): Promise<Buffer> {
    return await readRest(this.stream());
  }
}
