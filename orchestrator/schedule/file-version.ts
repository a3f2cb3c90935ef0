import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../errors.ts';
import type { FileVersion, Run } from '../journal/journal.ts';
import type { PathNow } from './decide.ts';

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

/** What the path of a run holds now, beside the version the run is about. Never throws. */
export async function pathNow(run: Pick<Run, 'root' | 'file' | 'fileVersion'>): Promise<PathNow> {
  try {
    const version = await fileVersionAt(join(run.root, run.file));
    if (version) return run.fileVersion && isSameVersion(version, run.fileVersion) ? 'same' : 'changed';
    // A root that is not there is an unmounted one, and says nothing of its files.
    return (await fileVersionAt(run.root)) ? 'gone' : 'unknown';
  } catch {
    return 'unknown';
  }
}
