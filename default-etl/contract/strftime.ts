const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAY_MS = 86_400_000;

/**
 * A time in UTC, formatted as C's strftime does in the C locale. An unknown directive stays as it is.
 * `time`: milliseconds since 1970-01-01 UTC.
 */
export function strftime(format: string, time: number): string {
  const date = new Date(time);
  return format.replace(/%([A-Za-z%])/g, (directive, letter: string) => DIRECTIVES[letter]?.(date) ?? directive);
}

const DIRECTIVES: Record<string, (date: Date) => string> = {
  '%': () => '%',
  Y: date => pad(date.getUTCFullYear(), 4),
  y: date => pad(date.getUTCFullYear() % 100),
  C: date => pad(Math.floor(date.getUTCFullYear() / 100)),
  m: date => pad(date.getUTCMonth() + 1),
  // rule 11: in UTC
  d: date => pad(date.getUTCDate()),
  e: date => String(date.getUTCDate()).padStart(2),
  H: date => pad(date.getUTCHours()),
  I: date => pad(date.getUTCHours() % 12 || 12),
  M: date => pad(date.getUTCMinutes()),
  S: date => pad(date.getUTCSeconds()),
  f: date => pad(date.getUTCMilliseconds() * 1000, 6),
  p: date => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  j: date => pad(dayOfYear(date), 3),
  s: date => String(Math.floor(date.getTime() / 1000)),
  A: date => DAYS[date.getUTCDay()] as string,
  a: date => (DAYS[date.getUTCDay()] as string).slice(0, 3),
  B: date => MONTHS[date.getUTCMonth()] as string,
  b: date => (MONTHS[date.getUTCMonth()] as string).slice(0, 3),
  w: date => String(date.getUTCDay()),
  u: date => String(date.getUTCDay() || 7),
  U: date => pad(Math.floor((dayOfYear(date) + 6 - date.getUTCDay()) / 7)),
  W: date => pad(Math.floor((dayOfYear(date) + 6 - ((date.getUTCDay() + 6) % 7)) / 7)),
  V: date => pad(isoWeek(date).week),
  G: date => pad(isoWeek(date).year, 4),
  F: date => strftime('%Y-%m-%d', date.getTime()),
  T: date => strftime('%H:%M:%S', date.getTime()),
  Z: () => 'UTC',
  z: () => '+0000',
};

function pad(value: number, digits = 2): string {
  return String(value).padStart(digits, '0');
}

/** From 1. */
function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS) + 1;
}

/** ISO 8601: a week belongs to the year of its Thursday. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * DAY_MS);
  return { year: thursday.getUTCFullYear(), week: Math.ceil(dayOfYear(thursday) / 7) };
}
