import { LIMITS } from '../limits.ts';
import type { Rows, Run } from '../journal/journal.ts';

/**
 * The most rows that an attempt can have read or sent, by the size of its file and the time that it had. What a program
 * says beyond that is not believed: the next run would delete as many ids, and be busy with it for days.
 */
export function mostRows({ fileVersion }: Pick<Run, 'fileVersion'>, ranMs: number): number {
  const bySize = (fileVersion?.sizeBytes ?? 0) * LIMITS.rowsPerByte;
  return Math.min(LIMITS.rows, LIMITS.rowsAnyhow + Math.max(bySize, ranMs * LIMITS.rowsPerMs, 0));
}

/** Whether an attempt can have read, and taken out, as many rows as it says. */
export function arePlausible({ deleted, ...others }: Rows, most: number): boolean {
  return deleted <= LIMITS.deletedRows && Object.values(others).every(count => count <= most);
}
