import type { Grouping, TimeRange } from '../dashboard.ts';
import { dateEnds } from '../facts/date-ends.ts';
import type { DateValues } from '../facts/facts.ts';

const DAY_MS = 86_400_000;
/** More bars are not told apart. */
const MOST_BARS = 160;
/** A gap at the end that leaves the chart readable. */
const SMALL_GAP = 0.25;

export interface ChosenRange {
  range: TimeRange;
  reason: string;
}

/**
 * What a dashboard shows when it is opened: all days that the rows have, so that it is not empty. It ends with "now"
 * where the rows nearly do, so that rows to come are seen.
 */
export function timeRange(date: DateValues, now: number): ChosenRange {
  const [from, to] = dateEnds(date);
  const isWhole = from === date.min && to === date.max;
  const ends = isWhole ? 'from the first to the last day of the rows' : 'without the few dates that are far off';
  const start = new Date(floorDay(from)).toISOString();
  if (to <= now && now - to <= SMALL_GAP * (to - from)) {
    return { range: { from: start, to: 'now' }, reason: `${ends}, and on to now, since the rows are recent` };
  }
  return { range: { from: start, to: new Date(floorDay(to) + DAY_MS - 1).toISOString() }, reason: ends };
}

/** The width of the bars: fixed where dates are days, so that each bar has some, and as the picker wants it for times. */
export function intervalOf(date: DateValues): Extract<Grouping, { by: 'time' }>['interval'] {
  const [from, to] = dateEnds(date);
  const span = (to - from) / DAY_MS + 1;
  if (date.hasTimes || date.days === null) return 'auto';
  const gap = span / date.days;
  const fits = INTERVALS.find(({ days }) => days >= gap * 0.7 && span / days <= MOST_BARS);
  return fits?.name ?? '1y';
}

const INTERVALS = [
  { name: '1d', days: 1 },
  { name: '1w', days: 7 },
  { name: '1M', days: 30.4 },
  { name: '1y', days: 365 },
] as const;

function floorDay(time: number): number {
  return Math.floor(time / DAY_MS) * DAY_MS;
}
