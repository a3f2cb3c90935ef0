/** A table as every reader gives it: what is empty is null. */
export interface Table {
  header: readonly string[];
  rows: ReadonlyArray<ReadonlyArray<string | null>>;
}

/**
 * What a reader made of a file; `decided` is what it found out, `told` what of that it was unsure of, `rejects` how
 * many rows it gave back with a reason.
 */
export type Reading =
  | (Table & { rejects?: number; decided?: readonly string[]; told?: readonly string[] })
  | { error: string };

/** In what a reading differs from another, first of all; undefined where both are alike. */
export type Difference = 'error' | 'header' | 'rows' | 'cells';

export function differenceOf(ours: Reading, theirs: Reading): Difference | undefined {
  if ('error' in ours || 'error' in theirs) return 'error' in ours && 'error' in theirs ? undefined : 'error';
  if (!isEqual(ours.header, theirs.header)) return 'header';
  if (ours.rows.length !== theirs.rows.length) return 'rows';
  return ours.rows.every((row, index) => isEqual(row, theirs.rows[index] ?? [])) ? undefined : 'cells';
}

function isEqual(one: ReadonlyArray<string | null>, other: ReadonlyArray<string | null>): boolean {
  return one.length === other.length && one.every((cell, index) => (cell ?? '') === (other[index] ?? ''));
}
