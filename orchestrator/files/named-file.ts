import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { Folder } from './folder.ts';
import { followPath, openDestination } from './links.ts';
import { OPEN } from './reach.ts';
import { check } from './rights.ts';

/** A file that a person named. */
export interface NamedFile {
  /** Open for reading; to be closed. */
  file: FileHandle;
  stats: BigIntStats;
  /** Absolute, without links. */
  path: string;
}

/**
 * Opens a file that a person named, at an absolute path that may have links on it: of root, of the user that we are, or
 * of others who could have read the file themselves. Throws an UntrustedFile where it is no such file, and what open(2)
 * throws.
 */
export async function openNamedFile(path: string): Promise<NamedFile> {
  if (process.platform !== 'linux') return openByPath(await realpath(path));
  return Folder.use('/', async top => {
    const destination = await followPath(top, path);
    try {
      return { file: await openDestination(destination), stats: destination.stats, path: destination.path };
    } finally {
      await destination.held.close();
    }
  });
}

/** Where nothing better is to be had. */
async function openByPath(path: string): Promise<NamedFile> {
  const file = await open(path, OPEN.anyFile);
  try {
    const stats = await file.stat({ bigint: true });
    check(stats, path, {});
    return { file, stats, path };
  } catch (error) {
    await file.close();
    throw error;
  }
}
