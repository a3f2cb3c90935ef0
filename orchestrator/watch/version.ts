import type { BigIntStats } from 'node:fs';
import type { FileVersion } from '../journal/journal.ts';

/** What stat says of a file's version. */
export function versionOf(stats: BigIntStats): FileVersion {
  return { sizeBytes: Number(stats.size), mtimeNs: String(stats.mtimeNs), inode: String(stats.ino) };
}

/** Equal texts for equal versions: one short string a file is what 200,000 of them can cost. */
export function versionKey(version: FileVersion): string {
  return `${version.sizeBytes}:${version.mtimeNs}:${version.inode}`;
}
