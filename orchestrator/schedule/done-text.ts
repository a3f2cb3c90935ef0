import type { Rows, Run } from '../journal/journal.ts';

/** Below this many rows a rate says more about the start of a container than about the rows. */
const WORTH_A_RATE = 1000;
const MS_PER_SECOND = 1000;

/**
 * What became of a file whose every row is accounted for: `1,461 rows in 0.4 s (3,652 rows/s), 2 rejected`. What is
 * none is not told. The time is from its first start, waiting included; a run that was tried again has no rate.
 */
export function doneText(
  { startedAt, endedAt, attempt }: Pick<Run, 'startedAt' | 'endedAt' | 'attempt'>,
  rows: Rows,
): string {
  const seconds = Math.max(1, (endedAt ?? 0) - (startedAt ?? endedAt ?? 0)) / MS_PER_SECOND;
  const isWorthARate = rows.loaded >= WORTH_A_RATE && attempt === 1;
  const rate = isWorthARate ? ` (${number(Math.round(rows.loaded / seconds))} rows/s)` : '';
  const others = (['rejected', 'filtered', 'deleted'] as const).filter(name => rows[name] > 0);
  return [
    `${rows.loaded === 0 ? 'no' : number(rows.loaded)} ${rows.loaded === 1 ? 'row' : 'rows'} in ${duration(seconds)}${rate}`,
    ...others.map(name => `${number(rows[name])} ${name}`),
  ].join(', ');
}

function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return `${number(Math.round(seconds / 60))} min`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
