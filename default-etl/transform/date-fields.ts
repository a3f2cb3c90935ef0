/** A date as it is written: no zone is applied. */
export interface DateFields {
  year: number;
  /** From 1. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** Millionths of a second. */
  micro: number;
  /** Minutes east of UTC; NaN where nothing is said of it. */
  offset: number;
  /** Whether hours were read. */
  hasTime: boolean;
  /** Read by `%p`: 1 before noon, 2 after it; 0 where nothing is said of it. */
  half: number;
  /** Read by `%j`, from 1; 0 where nothing is said of it. */
  dayOfYear: number;
}

export function newDateFields(): DateFields {
  return {
    year: 1900,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    micro: 0,
    offset: Number.NaN,
    hasTime: false,
    half: 0,
    dayOfYear: 0,
  };
}

/** To what C's and Python's strptime begin with. */
export function clearDateFields(fields: DateFields): void {
  fields.year = 1900;
  fields.month = 1;
  fields.day = 1;
  fields.hour = 0;
  fields.minute = 0;
  fields.second = 0;
  fields.micro = 0;
  fields.offset = Number.NaN;
  fields.hasTime = false;
  fields.half = 0;
  fields.dayOfYear = 0;
}

/** Whether there is such a day, and such a time. */
export function isRealDate({ year, month, day, hour, minute, second }: DateFields): boolean {
  return (
    month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month) && hour <= 23 && minute <= 59 && second <= 59
  );
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export function daysOf(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (DAYS[month - 1] as number);
}

/** Milliseconds since 1970-01-01 of the date as it is written, taken for UTC; setUTCFullYear knows the years before 100, too. */
export function timeOf({ year, month, day, hour, minute, second, micro }: DateFields): number {
  const date = new Date(Date.UTC(2000, 0, 1, hour, minute, second, Math.floor(micro / 1000)));
  return date.setUTCFullYear(year, month - 1, day);
}
