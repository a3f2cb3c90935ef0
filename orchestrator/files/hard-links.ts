import type { BigIntStats } from 'node:fs';
import { readFile } from 'node:fs/promises';

const OTHERS_WRITE = 0o022n;

/**
 * Whether a file with several names may be taken at one of them. A hard link to somebody else's file gives it away to
 * whoever is to see the rows. Where the kernel lets people link only to what they can read and write
 * (fs.protected_hardlinks), no link gives away more than its maker could have copied. Else the file must belong to the
 * owner of its folder, in which nobody else can make names.
 */
export function mayHaveSeveralNames(
  file: Pick<BigIntStats, 'uid'>,
  folder: Pick<BigIntStats, 'uid' | 'mode'>,
  isProtected: boolean,
): boolean {
  return isProtected || (file.uid === folder.uid && (folder.mode & OTHERS_WRITE) === 0n);
}

/** Whether fs.protected_hardlinks is in force, as it is wherever nobody turned it off (sysctl(8)). */
export async function areHardLinksProtected(): Promise<boolean> {
  const text = await readFile('/proc/sys/fs/protected_hardlinks', 'utf8').catch(() => '0');
  return text.trim() !== '0';
}
