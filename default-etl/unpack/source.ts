import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { changedFailure, messageOf, neverFailure } from '../contract/failure.ts';

const MAX_READ_BYTES = 1 << 28;

/** What the orchestrator saw of the file; null where nobody said. */
export interface ExpectedVersion {
  sizeBytes: bigint | null;
  mtimeNs: bigint | null;
  inode: bigint | null;
}

/** Bytes in order. fill() writes at `offset` up to the buffer's end and returns how many; 0 is the end. */
export interface ByteStream {
  fill(buffer: Buffer, offset: number): Promise<number>;
  close(): void;
}

/** What a reader reads: a file, what it was unpacked to, or a member of an archive. */
export interface Source {
  /** Path of the file, and behind it the member's in an archive: for messages. */
  readonly path: string;
  /** Of the content; Infinity where only reading to its end tells. */
  readonly sizeBytes: number;
  /** Whether readAt() may be used. What is packed can only be read from its beginning. */
  readonly isSeekable: boolean;
  /** Bytes of the file read so far, packed ones where it is packed: for progress. */
  bytesRead: number;
  /** The content, from `start` on, which is 0 for what can't be entered in the middle. Several may be open at once. */
  stream(start?: number): ByteStream;
  /** Bytes [start, start + length) of the content; fewer at its end. */
  readAt(start: number, length: number): Promise<Buffer>;
  /** The first bytes of the content; fewer where it is shorter. */
  head(length: number): Promise<Buffer>;
  /** All of the content. */
  readAll(): Promise<Buffer>;
}

/**
 * The file on one open descriptor, through which everything is read: what is compared before and after is what was read
 * (rule 6).
 */
export class SourceFile implements Source {
  readonly path: string;
  readonly sizeBytes: number;
  readonly isSeekable = true;
  bytesRead = 0;
  private readonly handle: FileHandle;
  private readonly signal: AbortSignal;
  private readonly version: Required<ExpectedVersion>;

  private constructor(path: string, handle: FileHandle, signal: AbortSignal, version: Required<ExpectedVersion>) {
    this.path = path;
    this.handle = handle;
    this.signal = signal;
    this.version = version;
    this.sizeBytes = Number(version.sizeBytes);
  }

  /**
   * `path` is what messages call the file, which may lie elsewhere, at `place`: a container sees it in a folder of its
   * own. Throws EtlFailure 75 where the file is not the expected version, or is gone; 65 where it is no regular file.
   */
  static async open(path: string, expected: ExpectedVersion, signal: AbortSignal, place = path): Promise<SourceFile> {
    // A FIFO would be waited for until somebody writes.
    const handle = await open(place, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
      throw changedFailure(`${path} can't be opened: ${messageOf(error)}`, error);
    });
    try {
      if (!(await handle.stat()).isFile()) throw neverFailure(`${path} is no regular file; name one`);
      const version = await versionOf(handle);
      const known = { ...version, ...withoutNulls(expected) };
      // rule 6: the version is looked at before reading
      assertSame(path, known, version, 'before it was read');
      return new SourceFile(path, handle, signal, version);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Throws EtlFailure 75 where the file is another than when it was opened. */
  async assertUnchanged(): Promise<void> {
    assertSame(this.path, this.version, await versionOf(this.handle), 'while it was read');
  }

  stream(start = 0): ByteStream {
    let position = start;
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

  async readAt(start: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, this.sizeBytes - start)));
    let used = 0;
    while (used < buffer.length) {
      const most = Math.min(buffer.length - used, MAX_READ_BYTES);
      const { bytesRead } = await this.handle.read(buffer, used, most, start + used);
      if (bytesRead === 0) break;
      used += bytesRead;
    }
    this.signal.throwIfAborted();
    return buffer.subarray(0, used);
  }

  async head(length: number): Promise<Buffer> {
    return await this.readAt(0, length);
  }

  async readAll(): Promise<Buffer> {
    const bytes = await this.readAt(0, this.sizeBytes);
    this.bytesRead = bytes.length;
    return bytes;
  }

  async close(): Promise<void> {
    await this.handle.close();
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
  // rule 6: its mtime is looked at
  // rule 6: its inode is looked at
  const differences = (['sizeBytes', 'mtimeNs', 'inode'] as const)
    .filter(key => expected[key] !== found[key])
    .map(key => `${key} ${expected[key]} became ${found[key]}`);
  if (differences.length > 0) throw changedFailure(`${path} changed ${when}: ${differences.join(', ')}`);
}
