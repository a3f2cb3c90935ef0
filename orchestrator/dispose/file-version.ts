import { stat } from 'node:fs/promises';
import { codeOf } from '../errors.ts';
import { type FileVersion, versionOf } from '../journal/journal.ts';

/** Size, mtime and inode of what is at a path, or undefined where nothing is. Throws what stat(2) throws, else. */
export async function fileVersionAt(path: string): Promise<FileVersion | undefined> {
  try {
    return versionOf(await stat(path, { bigint: true }));
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
