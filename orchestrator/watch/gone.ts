import type { Folder } from '../files/folder.ts';
import { lookAtSource } from '../files/source.ts';
import { UntrustedFile } from '../files/untrusted-file.ts';
import type { RealNames } from './real-names.ts';

/**
 * Whether the file of a path is gone, by a look at the path itself: it may be there though no longer matched, or have
 * come since. What can't be looked at may be there. A folder, a FIFO or the like in its place is no file; a link is one
 * as long as it leads to a file, followed or not; and where upper and lower case are the same the name has to be the
 * one that the folder has.
 */
export async function isGoneFrom(root: Folder, path: string, names: RealNames): Promise<boolean> {
  try {
    const stats = await root.look(path);
    if (stats === undefined) return true;
    if (stats.isFile()) return (await names.of(root, path, stats)) !== path;
    return !stats.isSymbolicLink() || (await leadsNowhere(root, path));
  } catch {
    return false;
  }
}

async function leadsNowhere(root: Folder, path: string): Promise<boolean> {
  try {
    return (await lookAtSource(root, path, { followLinks: true })) === undefined;
  } catch (error) {
    return error instanceof UntrustedFile && error.reason === 'not-a-file';
  }
}
