import type { ListedFile } from './listing.ts';

/**
 * Files that are found together, in the order in which they are to arrive: by name with ORDER: name, else by mtime, then by name, so that two
 * listings of the same folder agree.
 */
export function inOrder(files: ListedFile[], order: 'arrival' | 'name' | 'mtime'): ListedFile[] {
  return files.toSorted((a, b) => (order === 'name' ? 0 : byMtime(a, b)) || byName(a, b));
}

/** Nanoseconds as decimal text exceed 2^53. */
function byMtime(a: ListedFile, b: ListedFile): number {
  const [left, right] = [BigInt(a.version.mtimeNs), BigInt(b.version.mtimeNs)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function byName(a: ListedFile, b: ListedFile): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
