import { compareMtimes } from '../files/version.ts';
import { createYielder } from '../async/yielder.ts';
import type { ListedFile } from './listing.ts';

/** So many are sorted at once: 5 ms of the event loop. The stretches are merged, others having their turn meanwhile. */
const STRETCH = 4096;
/** So many are merged before it is looked whether others are to have their turn. */
const LOOK_EACH = 512;

type Compare = (a: ListedFile, b: ListedFile) => number;

/**
 * Files that are found together, in the order in which they are to arrive: by name with ORDER: name, else by mtime,
 * then by name, so that two listings of the same folder agree.
 */
export async function inOrder(files: ListedFile[], order: 'arrival' | 'name' | 'mtime'): Promise<ListedFile[]> {
  const compare: Compare = order === 'name' ? byName : (a, b) => byMtime(a, b) || byName(a, b);
  const breathe = createYielder();
  let stretches: ListedFile[][] = [];
  for (let from = 0; from < files.length; from += STRETCH) {
    stretches.push(files.slice(from, from + STRETCH).sort(compare));
    await breathe();
  }
  while (stretches.length > 1) {
    const merged: ListedFile[][] = [];
    for (let at = 0; at < stretches.length; at += 2) {
      merged.push(await merge(stretches[at] ?? [], stretches[at + 1] ?? [], compare, breathe));
    }
    stretches = merged;
  }
  return stretches[0] ?? [];
}

async function merge(
  one: ListedFile[],
  other: ListedFile[],
  compare: Compare,
  breathe: () => Promise<void>,
): Promise<ListedFile[]> {
  const merged: ListedFile[] = [];
  let [left, right] = [0, 0];
  while (left < one.length || right < other.length) {
    const [a, b] = [one[left], other[right]];
    const isLeft = b === undefined || (a !== undefined && compare(a, b) <= 0);
    merged.push((isLeft ? a : b) as ListedFile);
    if (isLeft) left += 1;
    else right += 1;
    if (merged.length % LOOK_EACH === 0) await breathe();
  }
  return merged;
}

function byMtime(a: ListedFile, b: ListedFile): number {
  return compareMtimes(a.version, b.version);
}

function byName(a: ListedFile, b: ListedFile): number {
  return compareTexts(a.path, b.path);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
