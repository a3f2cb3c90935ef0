import type { Rows, Run } from '../journal/journal.ts';

/** Ids have ten digits for the row (rule 3). */
const MOST_ROWS = 9_999_999_999;
/** Whatever the file's size, and however short the attempt was. */
const ROWS_ANYHOW = 10_000_000;
/** No file that isn't packed has more than one; packed ones may have. */
const ROWS_PER_BYTE = 100;
/** The default ETL reads 1,500 a millisecond at most (2026-11), and sends far fewer. */
const ROWS_PER_MS = 10_000;
/** Rows of several former versions at once. */
const MOST_DELETED = 1000 * MOST_ROWS;
/** VERSION goes above what an index holds: half of what a number can tell leaves room for that for ever. */
export const MOST_VERSION = 2 ** 52;

/**
 * The most rows that an attempt can have read or sent, by the size of its file and the time that it had. What a program says beyond that is not
 * believed: the next run would delete as many ids, and be busy with it for days.
 */
export function mostRows({ fileVersion }: Pick<Run, 'fileVersion'>, ranMs: number): number {
  const bySize = (fileVersion?.sizeBytes ?? 0) * ROWS_PER_BYTE;
  return Math.min(MOST_ROWS, ROWS_ANYHOW + Math.max(bySize, ranMs * ROWS_PER_MS, 0));
}

/** Whether an attempt can have read, and taken out, as many rows as it says. */
export function arePlausible({ deleted, ...others }: Rows, most: number): boolean {
  return deleted <= MOST_DELETED && Object.values(others).every(count => count <= most);
}
