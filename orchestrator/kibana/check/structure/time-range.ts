import type { Reporter } from '../finding.ts';
import { isFields, shown, textOf } from '../json.ts';
import { parseInstant } from '../figures/date-math.ts';
import type { TimeRange } from '../reading.ts';

/** The range, or null; one that can't be understood, or ends before it begins, is told. */
export function readTimeRange(value: unknown, report: Reporter): TimeRange | null {
  if (value === undefined || value === null) return null;
  const from = isFields(value) ? textOf(value['from']) : null;
  const to = isFields(value) ? textOf(value['to']) : null;
  const now = Date.now();
  const start = from === null ? null : parseInstant(from, now, 'start');
  const end = to === null ? null : parseInstant(to, now, 'end');
  if (from === null || to === null || start === null || end === null) {
    report.mistake(`The time range ${shown(value)} can't be understood.`, 'Write dates in ISO 8601, or now-24h.');
    return null;
  }
  if (start >= end) report.mistake(`The time range ends (${to}) before it begins (${from}).`, 'Swap them.');
  return { from, to };
}
