/** What a date says, as far as it says it. */
export interface DateFields {
  year?: number | undefined;
  month?: number | undefined;
  day?: number | undefined;
  hour?: number | undefined;
  minute?: number | undefined;
  second?: number | undefined;
  nanos?: number | undefined;
  /** Seconds. */
  offset?: number | undefined;
}

/**
 * Milliseconds since 1970, and nanoseconds behind them. Far from our days `millis` only says whether it is before or
 * after them.
 */
export interface Moment {
  millis: number;
  nanos: number;
}

/** It is written as a date, and there is no such day, or Elasticsearch can't count as far: no other format is tried. */
export const IMPOSSIBLE = 'impossible';

/** undefined where the text is not written so. */
export type ReadDate = (text: string) => Moment | typeof IMPOSSIBLE | undefined;

/** Seconds: offsets end at 18 hours. */
export const MOST_OFFSET = 18 * 3600;
/** In milliseconds within 64 bits. */
const LAST_YEAR = 292_278_993;
const NEAR_YEARS = { first: 1900, last: 2300 };
const NANOS_IN_MILLI = 1_000_000;
/** 2262-04-11T23:47:16.854775807Z, the last that is counted in nanoseconds within 64 bits. */
const LAST_MILLIS = 9_223_372_036_854;
const LAST_NANOS = 775_807;

export function momentOf(fields: DateFields): Moment | typeof IMPOSSIBLE {
  const { year = 1970, month = 1, day = 1, offset = 0 } = fields;
  const isDay = day >= 1 && day <= daysInMonth(year, month);
  return isDay && Math.abs(offset) <= MOST_OFFSET ? lenientMoment(fields) : IMPOSSIBLE;
}

/** The 32nd is a day of the next month. */
export function lenientMoment(fields: DateFields): Moment | typeof IMPOSSIBLE {
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, nanos = 0, offset = 0 } = fields;
  if (Math.abs(year) > LAST_YEAR) return IMPOSSIBLE;
  if (year < NEAR_YEARS.first || year > NEAR_YEARS.last) return { millis: year < 1970 ? -1 : Infinity, nanos: 0 };
  const millis = Date.UTC(year, month - 1, day, hour, minute, second) - offset * 1000;
  return { millis: millis + Math.floor(nanos / NANOS_IN_MILLI), nanos: nanos % NANOS_IN_MILLI };
}

export function isTime({ hour = 0, minute = 0, second = 0 }: DateFields): boolean {
  return hour >= 0 && hour <= 23 && minute <= 59 && second <= 59;
}

/** 0 for a month that there is not. */
export function daysInMonth(year: number, month: number): number {
  if (month < 1 || month > 12) return 0;
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Whether date_nanos has it. */
export function isInNanos({ millis, nanos }: Moment): boolean {
  return millis >= 0 && (millis < LAST_MILLIS || (millis === LAST_MILLIS && nanos <= LAST_NANOS));
}
