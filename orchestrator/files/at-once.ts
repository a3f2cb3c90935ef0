import {
  type BigIntStats,
  closeSync,
  createReadStream,
  type Dir,
  type Dirent,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsync,
  ftruncate,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  openSync,
  read,
  readSync,
  renameSync,
  type Stats,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs';
import { rmdir, unlink } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { Calls, Name } from './calls.ts';
import type { OpenFile } from './open-file.ts';

const BIGINT = { bigint: true } as const;
/** So much of an open file is read, and written, at once: 64 KB take some 20 µs. What comes after waits for a thread. */
const MOST_BYTES = 64 * 1024;
/** To take away a larger file takes the file system more than a moment. */
const LARGE_BYTES = 16n << 20n;
const BLOCK_BYTES = 512n;
/**
 * What a folder holds is listed at once up to here. What comes after waits, so that others have their turn between what
 * is done with each.
 */
const MOST_ENTRIES = 256;

/**
 * Small calls are made on the spot, by the thread that asks: 5 µs each, where one that waits for a thread of its own
 * costs 60 to 100 µs of the processor (2026-11-30, two cores). The whole process stands still meanwhile, so it is only
 * for file systems that keep nobody waiting: DATA_DIR's, where the journal is written in the same way. What may take
 * long goes by threads as elsewhere: the bytes of large files, their removal, to make sure that something is on disk;
 * and to take a folder away, which on ext4 waits for others' syncs (2 ms, beside one every 3 ms).
 */
export const AT_ONCE: Calls = {
  open: async (path, flags, mode) => new FileAtOnce(openSync(path, flags, mode)),
  look: async path => lookAtOnce(path),
  mkdir: async (path, mode) => mkdirSync(path, mode),
  rename: async (from, to) => renameSync(from, to),
  link: async (from, to) => linkSync(from, to),
  unlink: async path => {
    const there = lookAtOnce(path);
    if (there === undefined) return;
    if (there.isFile() && there.blocks * BLOCK_BYTES > LARGE_BYTES) await unlink(path);
    else unlinkSync(path);
  },
  rmdir,
  entries: async path => listed(opendirSync(path, { bufferSize: MOST_ENTRIES })),
  rawEntries: async path => {
    const dir = opendirSync(path, { encoding: 'buffer' as BufferEncoding, bufferSize: MOST_ENTRIES });
    return listed(dir) as AsyncIterable<unknown> as AsyncIterable<Dirent<Buffer>>;
  },
};

function lookAtOnce(path: Name): BigIntStats | undefined {
  return lstatSync(path, { ...BIGINT, throwIfNoEntry: false });
}

async function* listed(dir: Dir): AsyncGenerator<Dirent> {
  try {
    for (let count = 0; ; count += 1) {
      const entry = count < MOST_ENTRIES ? dir.readSync() : await dir.read();
      if (entry === null) return;
      yield entry;
    }
  } finally {
    dir.closeSync();
  }
}

/** As a FileHandle, but that it must be closed: nothing closes one that is forgotten. */
class FileAtOnce implements OpenFile {
  #fd: number;
  /** So many bytes are still read and written at once. */
  #left = MOST_BYTES;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** -1 once it is closed: the number may be another file's by then. */
  get fd(): number {
    return this.#fd;
  }

  stat(): Promise<Stats>;
  stat(options: { bigint: true }): Promise<BigIntStats>;
  async stat(options?: { bigint: true }): Promise<Stats | BigIntStats> {
    return options === undefined ? fstatSync(this.#fd) : fstatSync(this.#fd, options);
  }

  async read<T extends Buffer>(
    buffer: T,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ bytesRead: number; buffer: T }> {
    const most = Math.min(length, this.#left);
    if (most === 0) return byThread.read(this.#fd, buffer, offset, length, position);
    const bytesRead = readSync(this.#fd, buffer, offset, most, position);
    this.#left -= bytesRead;
    return { bytesRead, buffer };
  }

  async write(
    bytes: Buffer,
    offset = 0,
    length = bytes.length - offset,
    position: number | null = null,
  ): Promise<{ bytesWritten: number }> {
    if (length > this.#left) return byThread.write(this.#fd, bytes, offset, length, position);
    const bytesWritten = writeSync(this.#fd, bytes, offset, length, position);
    this.#left -= bytesWritten;
    return { bytesWritten };
  }

  async writeFile(content: string | Uint8Array): Promise<void> {
    const bytes =
      typeof content === 'string'
        ? Buffer.from(content)
        : Buffer.from(content.buffer, content.byteOffset, content.length);
    for (let at = 0; at < bytes.length; ) at += (await this.write(bytes, at)).bytesWritten;
  }

  async chown(uid: number, gid: number): Promise<void> {
    fchownSync(this.#fd, uid, gid);
  }

  async chmod(mode: number): Promise<void> {
    fchmodSync(this.#fd, mode);
  }

  async utimes(atime: Date, mtime: Date): Promise<void> {
    futimesSync(this.#fd, atime, mtime);
  }

  truncate(bytes: number): Promise<void> {
    return byThread.truncate(this.#fd, bytes);
  }

  sync(): Promise<void> {
    return byThread.sync(this.#fd);
  }

  createReadStream({ end }: { end: number }): Readable {
    return createReadStream('', { fd: this.#handOver(), start: 0, end });
  }

  async close(): Promise<void> {
    const fd = this.#handOver();
    if (fd >= 0) closeSync(fd);
  }

  #handOver(): number {
    const fd = this.#fd;
    this.#fd = -1;
    return fd;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const byThread = {
  read: promisify(read),
  write: promisify(write),
  truncate: promisify(ftruncate),
  sync: promisify(fsync),
};
