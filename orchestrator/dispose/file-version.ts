import { stat } from 'node:fs/promises';
import { codeOf } from '../errors.ts';
import type { FileVersion } from '../journal/journal.ts';

/** Size, mtime and inode of what is at a path, or undefined where nothing is. Throws what stat(2) throws, else. */
export async function fileVersionAt(path: string): Promise<FileVersion | undefined> {
  try {
    const found = await stat(path, { bigint: true });
    return { sizeBytes: Number(found.size), mtimeNs: String(found.mtimeNs), inode: String(found.ino) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

export function isSameVersion(one: FileVersion, other: FileVersion): boolean {
  return one.sizeBytes === other.sizeBytes && one.mtimeNs === other.mtimeNs && one.inode === other.inode;
}
