import { IMPOSSIBLE, isTime, lenientMoment, momentOf, type ReadDate } from './date-moment.ts';
import { patternReader, surePattern } from './date-pattern.ts';
import { zoneSeconds } from './time-zone.ts';

/** Of a date that says nothing of its format. */
const DEFAULT_FORMATS: Readonly<Record<string, string>> = {
  date: 'strict_date_optional_time||epoch_millis',
  date_nanos: 'strict_date_optional_time_nanos||epoch_millis',
};

/** What a regular expression can tell at once; no other of these formats reads it. */
const SURE: Readonly<Record<string, string>> = {
  strict_date_optional_time: String.raw`[1-9]\d{3}(?:-(?:0[1-9]|1[0-2]))?`,
  epoch_millis: String.raw`-?\d{5,15}`,
  epoch_second: String.raw`-?\d{5,15}`,
};
const NAMED: Readonly<Record<string, ReadDate>> = {
  strict_date_optional_time: text => readIso(text, false),
  strict_date_optional_time_nanos: text => readIso(text, true),
  strict_date: readStrictDate,
  epoch_millis: epochReader(6),
  epoch_second: epochReader(9),
};

/** What a field of dates takes. */
export function dateFormatOf({ type, format }: Record<string, unknown>): string {
  return typeof format === 'string' ? format : (DEFAULT_FORMATS[String(type)] ?? '');
}

export function isDefaultFormat(field: Record<string, unknown>): boolean {
  return dateFormatOf(field) === DEFAULT_FORMATS[String(field['type'])];
}

/**
 * One for each format, as Elasticsearch's `format` has them, in their order; undefined where one of them is not known
 * here.
 */
export function dateReaders(format: string): ReadDate[] | undefined {
  const readers = format.split('||').map(one => (isNamed(one) ? NAMED[one] : patternReader(one)));
  return readers.every(read => read !== undefined) ? readers : undefined;
}

function isNamed(format: string): boolean {
  return Object.hasOwn(NAMED, format);
}

/**
 * Takes dates that a field of this format takes, of the days up to the 28th, for what dateKind() does not know: months,
 * days without separators, counted time. undefined where nothing can be told at once, as of formats behind a pattern,
 * which may read a date and find it impossible.
 */
export function sureDates(format: string): RegExp | undefined {
  const formats = format.split('||');
  const first = formats.findIndex(one => !isNamed(one));
  const named = first < 0 ? formats : formats.slice(0, first);
  const sources = first === 0 ? [surePattern(formats[0] as string)] : named.map(one => SURE[one]);
  const known = sources.filter(source => source !== undefined);
  return known.length > 0 ? new RegExp(`^(?:${known.join('|')})$`, 'u') : undefined;
}

const ISO =
  /^(-?)(\d{4})(?:-(\d\d)(?:-(\d\d)(?:(T)(?:(\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?([-+A-Za-z].*)?)?)?)?)?$/;

/** `needsSeconds`: where there is a time. */
function readIso(text: string, needsSeconds: boolean): ReturnType<ReadDate> {
  const found = ISO.exec(text);
  if (!found) return undefined;
  const [, sign, years, months = '1', days = '1', mark, hours = '0', minutes = '0', seconds, fraction = '', zone] =
    found;
  if (needsSeconds && mark !== undefined && seconds === undefined) return undefined;
  const [month, day] = [Number(months), Number(days)];
  const time = { hour: Number(hours), minute: Number(minutes), second: Number(seconds ?? 0) };
  const offset = zone === undefined ? 0 : zoneSeconds(zone);
  if (month > 12 || day > 31 || !isTime(time) || offset === undefined) return undefined;
  const year = sign === '-' ? -Number(years) : Number(years);
  return momentOf({ year, month, day, ...time, nanos: Number(fraction.padEnd(9, '0')), offset });
}

/** Not so strict: it counts on from month to month. */
function readStrictDate(text: string): ReturnType<ReadDate> {
  const [, year, month, day] = /^(?!-0+-)(-?\d{4}|[-+]\d{5,9})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  return year === undefined ? undefined : lenientMoment({ year: Number(year), month: Number(month), day: Number(day) });
}

const SAFE_DIGITS = 15;
const NANO_DECIMALS = 9;
/** Behind the milliseconds. */
const NANO_DIGITS = 6;
const LONG_MAX = 2n ** 63n - 1n;

/** `decimals`: how many a number may have, 6 of milliseconds, 9 of seconds. */
function epochReader(decimals: 6 | 9): ReadDate {
  const expression = new RegExp(`^(-?)(\\d{1,19})(?:\\.(\\d{0,${decimals}}))?$`);
  return text => {
    const found = expression.exec(text);
    if (!found) return undefined;
    const [, sign, digits = '', fraction = ''] = found;
    if (digits.length > SAFE_DIGITS && BigInt(digits) > LONG_MAX) return undefined;
    // The first decimals of a second are milliseconds.
    const behind = fraction.padEnd(decimals, '0');
    const millis = digits + behind.slice(0, -NANO_DIGITS);
    const nanos = Number(behind.slice(-NANO_DIGITS));
    if (millis.length > SAFE_DIGITS && !isLong(sign === '-', BigInt(millis), nanos)) return IMPOSSIBLE;
    // To Elasticsearch these are a second too much.
    if (decimals === NANO_DECIMALS && sign === '-' && /^0+$/.test(fraction)) return IMPOSSIBLE;
    const isBefore = sign === '-' && /[1-9]/.test(digits + fraction);
    return { millis: isBefore ? -1 : Number(millis), nanos };
  };
}

/** Whether so many milliseconds, rounded down, are within 64 bits. */
function isLong(isNegative: boolean, millis: bigint, nanos: number): boolean {
  return isNegative ? millis + (nanos > 0 ? 1n : 0n) <= LONG_MAX + 1n : millis <= LONG_MAX;
}
