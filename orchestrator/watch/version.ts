import type { FileVersion } from '../journal/journal.ts';

/** Equal texts for equal versions: one short string a file is what 200,000 of them can cost. */
export function versionKey(version: FileVersion): string {
  return `${version.sizeBytes}:${version.mtimeNs}:${version.inode}`;
}

/** Whether a version has the size and mtime of the one whose key this is: a file that was restored has another inode. */
export function isSameBesidesInode(key: string, version: FileVersion): boolean {
  return key.startsWith(`${version.sizeBytes}:${version.mtimeNs}:`);
}
