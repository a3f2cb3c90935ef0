import type { DateValues } from './facts.ts';

/** Dates further off than so many times what nearly all rows span are mistakes, or stand for "never". */
const FAR = 20;
/** What is shown beside nearly all rows. */
const MARGIN = 0.05;

/** From when to when rows are worth showing; all of them, unless a few are far off. In milliseconds since 1970. */
export function dateEnds({
  min,
  max,
  middle: [from, to],
}: Pick<DateValues, 'min' | 'max' | 'middle'>): readonly [from: number, to: number] {
  if (to <= from || max - min <= FAR * (to - from)) return [written(min), written(max)];
  const margin = (to - from) * MARGIN;
  return [written(Math.max(min, from - margin)), written(Math.min(max, to + margin))];
}

/** A time whose year has four digits. */
function written(time: number): number {
  return Math.min(LAST, Math.max(FIRST, time));
}

const FIRST = Date.parse('0001-01-01T00:00:00Z');
const LAST = Date.parse('9999-12-31T00:00:00Z');
