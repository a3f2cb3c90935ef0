import type { BigIntStats, Dirent } from 'node:fs';
import { link, lstat, mkdir, open, opendir, rename, rmdir, unlink } from 'node:fs/promises';
import type { OpenFile } from './open-file.ts';

/** A path with `/`, or one name as its bytes. */
export type Name = string | Buffer;

/** How a Folder asks the system: by paths along which nothing can be swapped, which is for the Folder to see to. */
export interface Calls {
  open(path: Name, flags: number, mode?: number): Promise<OpenFile>;
  /** Links as links. Where nothing is, it may give undefined instead of throwing ENOENT. */
  look(path: Name): Promise<BigIntStats | undefined>;
  mkdir(path: Name, mode: number): Promise<void>;
  rename(from: Name, to: Name): Promise<void>;
  link(from: Name, to: Name): Promise<void>;
  /** Where nothing is, it may do nothing instead of throwing ENOENT. */
  unlink(path: Name): Promise<void>;
  rmdir(path: Name): Promise<void>;
  /** To be iterated over, which closes it. */
  entries(path: string): Promise<AsyncIterable<Dirent>>;
  /** The same, with names as their bytes. */
  rawEntries(path: string): Promise<AsyncIterable<Dirent<Buffer>>>;
}

const BIGINT = { bigint: true } as const;
const LISTED_AT_ONCE = 1024;

/**
 * Each call waits for one of a few threads, and nothing waits for the call but who made it: right wherever the file
 * system may take its time.
 */
export const BY_THREADS: Calls = {
  open: (path, flags, mode) => open(path, flags, mode),
  look: path => lstat(path, BIGINT),
  mkdir: (path, mode) => mkdir(path, mode),
  rename,
  link,
  unlink,
  rmdir: path => rmdir(path),
  entries: path => opendir(path, { bufferSize: LISTED_AT_ONCE }),
  // The types know nothing of `buffer`, which opendir() takes as readdir() does (Node 24.21).
  rawEntries: async path =>
    (await opendir(path, {
      encoding: 'buffer' as BufferEncoding,
      bufferSize: LISTED_AT_ONCE,
    })) as unknown as AsyncIterable<Dirent<Buffer>>,
};
