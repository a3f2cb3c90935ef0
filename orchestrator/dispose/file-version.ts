import { basename, dirname } from 'node:path';
import { Folder } from '../files/folder.ts';
import { unless } from '../files/unless.ts';
import { type FileVersion, versionOf } from '../journal/journal.ts';

/** Size, mtime and inode of what has a name in a folder, or undefined where nothing has; of a link itself. */
export async function fileVersionIn(folder: Folder, relative: string): Promise<FileVersion | undefined> {
  const stats = await folder.look(relative);
  return stats && versionOf(stats);
}

/** The same of a path, in a folder that only we can write. */
export async function fileVersionAt(path: string): Promise<FileVersion | undefined> {
  const folder = await Folder.open(dirname(path)).catch(unless('ENOENT', 'ENOTDIR'));
  if (folder === undefined) return undefined;
  try {
    return await fileVersionIn(folder, basename(path));
  } finally {
    await folder.close();
  }
}
