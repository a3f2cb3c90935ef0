import { normalForm } from './pollock-normal-form.ts';

/** Success, then precision, recall and F1 of the header, the records and the cells, each from 0 to 1. */
export type Score = readonly number[];

export const MEASURES: readonly string[] = [
  'success',
  'header_precision',
  'header_recall',
  'header_f1',
  'record_precision',
  'record_recall',
  'record_f1',
  'cell_precision',
  'cell_recall',
  'cell_f1',
];

/** Of a file that could not be loaded. */
export const FAILED: Score = MEASURES.map(() => 0);
const PERFECT: Score = MEASURES.map(() => 1);

/**
 * As pollock/metrics.py of the benchmark compares them: the first row is the header; all three are bags, in which order
 * does not count; a record is its cells joined without a separator; headers and records are compared in their normal
 * form, cells as they are. What they call precision is the share of the truth.
 */
export function scoreRows(truth: readonly string[][], loaded: readonly string[][]): Score {
  if (truth.length === 0) return PERFECT;
  const header =
    truth[0]?.length === 0 ? [1, 1, 1] : overlap(truth[0]!.map(normalForm), loaded[0]?.map(normalForm) ?? []);
  const records = truth.length === 1 ? [1, 1, 1] : overlap(recordsOf(truth), recordsOf(loaded));
  const cells = truth.flat();
  return [1, ...header, ...records, ...(cells.length === 0 ? [1, 1, 1] : overlap(cells, loaded.flat()))];
}

/** The ten measures together: 10 is perfect. */
export function total(score: Score): number {
  return score.reduce((sum, measure) => sum + measure, 0);
}

function recordsOf(rows: readonly string[][]): string[] {
  return rows.slice(1).map(row => row.map(normalForm).join(''));
}

function overlap(truth: readonly string[], loaded: readonly string[]): [number, number, number] {
  const left = new Map<string, number>();
  for (const item of truth) left.set(item, (left.get(item) ?? 0) + 1);
  let common = 0;
  for (const item of loaded) {
    const count = left.get(item) ?? 0;
    if (count === 0) continue;
    left.set(item, count - 1);
    common++;
  }
  if (common === 0) return [0, 0, 0];
  const precision = common / truth.length;
  const recall = common / loaded.length;
  return [precision, recall, (2 * precision * recall) / (precision + recall)];
}
