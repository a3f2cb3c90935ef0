import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { PassThrough, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { changedFailure, messageOf, neverFailure } from './failure.ts';

const READ_BYTES = 1 << 20;

/** What the orchestrator saw of the file; null where nobody said. */
export interface ExpectedVersion {
  sizeBytes: bigint | null;
  mtimeNs: bigint | null;
  inode: bigint | null;
}

/** Bytes in order. fill() writes at `offset` up to the buffer's end and returns how many; 0 is the end of the file. */
export interface ByteStream {
  fill(buffer: Buffer, offset: number): Promise<number>;
  close(): void;
}

/**
 * The file on one open descriptor, through which everything is read: what is compared before and after is what was read
 * (rule 6).
 */
export class Source {
  readonly path: string;
  readonly sizeBytes: number;
  readonly isGzip: boolean;
  /** Bytes of the file read so far, for progress. */
  bytesRead = 0;
  private readonly handle: FileHandle;
  private readonly signal: AbortSignal;
  private readonly version: Required<ExpectedVersion>;

  private constructor(
    path: string,
    handle: FileHandle,
    signal: AbortSignal,
    version: Required<ExpectedVersion>,
    isGzip: boolean,
  ) {
    this.path = path;
    this.handle = handle;
    this.signal = signal;
    this.version = version;
    this.sizeBytes = Number(version.sizeBytes);
    this.isGzip = isGzip;
  }

  /** Throws EtlFailure 75 where the file is not the expected version, or is gone. */
  static async open(path: string, expected: ExpectedVersion, signal: AbortSignal): Promise<Source> {
    const handle = await open(path, 'r').catch((error: unknown) => {
      throw changedFailure(`${path} can't be opened: ${messageOf(error)}`, error);
    });
    try {
      const version = await versionOf(handle);
      const known = { ...version, ...withoutNulls(expected) };
      assertSame(path, known, version, 'before it was read');
      const magic = Buffer.alloc(2);
      await handle.read(magic, 0, 2, 0);
      return new Source(path, handle, signal, version, magic[0] === 0x1f && magic[1] === 0x8b);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Throws EtlFailure 75 where the file is another than when it was opened. */
  async assertUnchanged(): Promise<void> {
    assertSame(this.path, this.version, await versionOf(this.handle), 'while it was read');
  }

  /** From the beginning, unpacked where it is gzip. */
  stream(): ByteStream {
    this.bytesRead = 0;
    return this.isGzip ? this.unpacked() : this.plain();
  }

  /** Bytes [start, start + length) of the file as it lies there; fewer at its end. */
  async readAt(start: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(length);
    let used = 0;
    while (used < length) {
      const { bytesRead } = await this.handle.read(buffer, used, Math.min(length - used, 1 << 28), start + used);
      if (bytesRead === 0) break;
      used += bytesRead;
    }
    this.signal.throwIfAborted();
    return buffer.subarray(0, used);
  }

  /** The first bytes, unpacked where it is gzip. */
  async head(length: number): Promise<Buffer> {
    const stream = this.stream();
    const buffer = Buffer.allocUnsafeSlow(length);
    let used = 0;
    try {
      while (used < length) {
        const count = await stream.fill(buffer, used);
        if (count === 0) break;
        used += count;
      }
    } finally {
      stream.close();
    }
    return buffer.subarray(0, used);
  }

  /** All of it, unpacked where it is gzip. */
  async readAll(): Promise<Buffer> {
    if (!this.isGzip) {
      const bytes = await this.readAt(0, this.sizeBytes);
      this.bytesRead = bytes.length;
      return bytes;
    }
    const stream = this.stream();
    const parts: Buffer[] = [];
    for (;;) {
      const part = Buffer.allocUnsafeSlow(READ_BYTES);
      const count = await stream.fill(part, 0);
      if (count === 0) break;
      parts.push(part.subarray(0, count));
    }
    return Buffer.concat(parts);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private plain(): ByteStream {
    let position = 0;
    return {
      fill: async (buffer, offset) => {
        const { bytesRead } = await this.handle.read(buffer, offset, buffer.length - offset, position);
        this.signal.throwIfAborted();
        position += bytesRead;
        this.bytesRead = position;
        return bytesRead;
      },
      close() {},
    };
  }

  private unpacked(): ByteStream {
    const gunzip = createGunzip({ chunkSize: 1 << 18 });
    const ended = this.feed(gunzip);
    const output = gunzip.pipe(new PassThrough({ highWaterMark: READ_BYTES }));
    gunzip.on('error', error => output.destroy(error));
    return {
      fill: async (buffer, offset) => {
        const chunk = await nextChunk(output, buffer.length - offset).catch((error: unknown) => {
          this.signal.throwIfAborted();
          throw neverFailure(
            `${this.path} is a damaged gzip file (${messageOf(error)}); pack it again and put it back`,
            error,
          );
        });
        this.signal.throwIfAborted();
        return chunk === null ? 0 : chunk.copy(buffer, offset);
      },
      close() {
        gunzip.destroy();
        output.destroy();
        ended.catch(() => {});
      },
    };
  }

  private async feed(gunzip: ReturnType<typeof createGunzip>): Promise<void> {
    try {
      for (let position = 0; position < this.sizeBytes && !gunzip.destroyed; ) {
        const chunk = await this.readAt(position, Math.min(READ_BYTES, this.sizeBytes - position));
        if (chunk.length === 0) break;
        position += chunk.length;
        this.bytesRead = position;
        if (!gunzip.write(chunk)) await Promise.race([once(gunzip, 'drain'), once(gunzip, 'close')]);
      }
      gunzip.end();
    } catch (error) {
      gunzip.destroy(error as Error);
    }
  }
}

async function nextChunk(output: Readable, most: number): Promise<Buffer | null> {
  for (;;) {
    if (output.errored) throw output.errored;
    const chunk = output.read(Math.min(most, output.readableLength) || undefined) as Buffer | null;
    if (chunk !== null) {
      if (chunk.length <= most) return chunk;
      output.unshift(chunk.subarray(most));
      return chunk.subarray(0, most);
    }
    if (output.readableEnded) return null;
    await new Promise<void>((resolve, reject) => {
      const settle = () => {
        output.off('readable', settle).off('end', settle).off('error', fail);
        resolve();
      };
      const fail = (error: Error) => {
        output.off('readable', settle).off('end', settle);
        reject(error);
      };
      output.once('readable', settle).once('end', settle).once('error', fail);
    });
  }
}

async function versionOf(handle: FileHandle): Promise<Required<ExpectedVersion>> {
  const stat = await handle.stat({ bigint: true });
  return { sizeBytes: stat.size, mtimeNs: stat.mtimeNs, inode: stat.ino };
}

function withoutNulls(expected: ExpectedVersion): Partial<ExpectedVersion> {
  return Object.fromEntries(Object.entries(expected).filter(([, value]) => value !== null));
}

function assertSame(path: string, expected: ExpectedVersion, found: ExpectedVersion, when: string): void {
  const differences = (['sizeBytes', 'mtimeNs', 'inode'] as const)
    .filter(key => expected[key] !== found[key])
    .map(key => `${key} ${expected[key]} became ${found[key]}`);
  if (differences.length > 0) throw changedFailure(`${path} changed ${when}: ${differences.join(', ')}`);
}
