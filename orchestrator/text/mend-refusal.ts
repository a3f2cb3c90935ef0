import type { Run } from '../journal/journal.ts';

/**
 * Why the rejected rows of a run can't be mended, or null where they can: all others of its version have to be loaded,
 * or there must be none. The run is one that read a file.
 */
export function mendRefusal({ state, rows }: Pick<Run, 'state' | 'rows'>): string | null {
  if (state === 'done' || isWhollyRejected({ state, rows })) return null;
  if (state !== 'quarantined') return `can’t be mended: it is ${state}, and its rows are not loaded`;
  return (
    'can’t be mended row by row: the rows that were not rejected are not loaded either. Do what its error says ' +
    '(mend the file itself, or raise LOAD.max_rejects), then replay it, or copy the file again; what is rejected then can be mended'
  );
}

/** Quarantined because every row was rejected, and for nothing else: no row of it is in the target. */
export function isWhollyRejected({ state, rows }: Pick<Run, 'state' | 'rows'>): boolean {
  // rule 12: of a quarantined run rows are mended only where all were rejected
  return state === 'quarantined' && rows !== null && rows.rejected > 0 && rows.rejected === rows.read;
}
