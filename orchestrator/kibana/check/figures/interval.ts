// How Kibana chooses the width of groups (calc_auto_interval.ts, time_buckets.ts and histogram_calculate_interval.ts of
// the plug-in data), with its default settings.
import { addUnits } from './date-math.ts';

/** histogram:barTarget and histogram:maxBars of Kibana's advanced settings. */
const BAR_TARGET = 50;
export const MAX_BARS = 1000;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** An average time of at least `bound` a bar takes the interval of the line before. Milliseconds. */
const BOUNDS: ReadonlyArray<{ bound: number; interval: number }> = [
  { bound: Infinity, interval: 365 * DAY },
  { bound: 365 * DAY, interval: 30 * DAY },
  { bound: 21 * DAY, interval: 7 * DAY },
  { bound: 7 * DAY, interval: DAY },
  { bound: DAY, interval: 12 * HOUR },
  { bound: 6 * HOUR, interval: 3 * HOUR },
  { bound: 2 * HOUR, interval: HOUR },
  { bound: 45 * MINUTE, interval: 30 * MINUTE },
  { bound: 20 * MINUTE, interval: 10 * MINUTE },
  { bound: 9 * MINUTE, interval: 5 * MINUTE },
  { bound: 3 * MINUTE, interval: MINUTE },
  { bound: 45 * SECOND, interval: 30 * SECOND },
  { bound: 15 * SECOND, interval: 10 * SECOND },
  { bound: 7.5 * SECOND, interval: 5 * SECOND },
  { bound: 5 * SECOND, interval: SECOND },
  { bound: 500, interval: 100 },
];

/** An interval as Elasticsearch takes it; months and years of `auto` are 30 and 365 days. */
export type Interval = { calendar: string } | { fixedMs: number; fixed: string };

/** The interval that `auto` means for a time range of this length. */
export function autoInterval(durationMs: number): Interval {
  const each = durationMs / BAR_TARGET;
  const below = BOUNDS.findIndex(({ bound }) => bound <= each);
  const interval = below === -1 ? Math.max(Math.floor(each), 1) : (BOUNDS[below - 1]?.interval ?? 365 * DAY);
  return intervalOf(interval);
}

const UNITS: ReadonlyArray<readonly [name: string, ms: number, calendar: boolean]> = [
  ['w', 7 * DAY, true],
  ['d', DAY, true],
  ['h', HOUR, true],
  ['m', MINUTE, true],
  ['s', SECOND, false],
  ['ms', 1, false],
];

function intervalOf(ms: number): Interval {
  const unit = UNITS.find(([, size]) => ms % size === 0);
  const [name, size, calendar] = unit ?? ['ms', 1, false];
  const count = ms / size;
  // Elasticsearch takes no weeks but one.
  if (name === 'w' && count !== 1) return { fixedMs: ms, fixed: `${ms / DAY}d` };
  return count === 1 && calendar ? { calendar: `1${name}` } : { fixedMs: ms, fixed: `${count}${name}` };
}

/** An interval as Lens keeps it, such as `1d`, `h`, `30m` or `1M`; null: it is none. */
export function parseInterval(text: string): Interval | null {
  const match = /^(\d*)(ms|s|m|h|d|w|M|q|y)$/.exec(text);
  if (match === null) return null;
  const count = match[1] === '' ? 1 : Number(match[1]);
  const unit = match[2] ?? '';
  if (count < 1) return null;
  if (count === 1 && unit !== 's' && unit !== 'ms') return { calendar: `1${unit}` };
  const ms = UNITS.find(([name]) => name === unit)?.[1];
  return ms === undefined || unit === 'w' ? null : { fixedMs: count * ms, fixed: `${count}${unit}` };
}

/** Where the group ends that begins at `start`, in UTC. */
export function intervalEnd(start: number, interval: Interval): number {
  if ('fixedMs' in interval) return start + interval.fixedMs;
  const unit = interval.calendar.slice(-1);
  return unit === 'q' ? addUnits(start, 3, 'M') : addUnits(start, 1, unit as 'y' | 'M' | 'w' | 'd' | 'h' | 'm');
}

/** How many groups there are in a time, about. */
export function groupCount(durationMs: number, interval: Interval): number {
  return durationMs / (intervalEnd(0, interval) - 0);
}

/** The width of the groups of a number between these bounds. `maxBars`: as in the column, or `auto`. */
export function numberInterval({
  min,
  max,
  maxBars,
  whole,
}: {
  min: number;
  max: number;
  maxBars: number | 'auto';
  whole: boolean;
}): number {
  // Without a choice half of the most is taken (ranges.tsx of the plug-in lens).
  const bars = Math.min(MAX_BARS, maxBars === 'auto' ? (MAX_BARS - 1) / 2 : maxBars);
  const span = max - min;
  if (!(span > 0)) return 1;
  if (whole && span < bars) return 1;
  const lower = 10 ** Math.floor(Math.log10(span / bars));
  const factor = span / lower <= bars ? 1 : ([2, 5].find(times => span / lower / times <= bars) ?? 10);
  return lower * factor;
}
