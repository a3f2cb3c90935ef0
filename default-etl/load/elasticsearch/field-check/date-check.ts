import {
  dateKind,
  firstPart,
  isNarrow,
  isYearFirst,
  numberAt,
  offsetDigits,
  secondPart,
} from '../../../types/date-cell.ts';
import { skipDigits } from '../../../types/number-cell.ts';
import type { FieldMapping } from '../inferred-mapping.ts';
import { daysInMonth, IMPOSSIBLE, isInNanos, type ReadDate } from './date-moment.ts';
import { dateFormatOf, dateReaders, isDefaultFormat, sureDates } from './date-readers.ts';
import { type FieldCheck, UNSEEN } from './field-check.ts';
import { INTEGER_RANGE, isJavaLong } from './java-number.ts';

interface Years {
  first: number;
  last: number;
}

/** More ways to write dates than a column has: then it is text. */
const MOST_KINDS = 10_000;
/** Of dates in these years none is too early or too late. */
const ALL_YEARS: Years = { first: 1, last: 9999 };
const ORDINARY_YEARS: Readonly<Record<string, Years>> = { date: ALL_YEARS, date_nanos: { first: 1971, last: 2261 } };
/** Bytes of the longest date that is remembered. */
const MOST_REMEMBERED = 40;
const ASCII = /^[\0-\x7f]*$/;
const ZERO = 48;
const NINE = 57;
const ONE = 49;
const TWO = 50;
const FIVE = 53;
const SEVEN = 55;
const LETTER_Z = 90;
const COMPACT_DIGITS = 4;
/** Bytes of one digit and what is behind it. */
const NARROW = 2;
/** Where the day is behind the year, and the year behind the day. */
const DAY_AT = 8;
const YEAR_AT = 6;
const EXTRAORDINARY = -1;
/** Of a day in any month, and in February of any year. */
const SURE_DAYS = 28;

/** `isLiteral`: cells are JSON numbers. undefined where a format is not known here. */
export function dateCheck(field: FieldMapping, isLiteral: boolean): FieldCheck | undefined {
  const type = String(field['type']);
  const format = dateFormatOf(field);
  const readers = dateReaders(format);
  const years = ORDINARY_YEARS[type];
  if (!readers || !years) return undefined;
  const inType = type === 'date_nanos' ? isInNanos : () => true;
  const sure = type === 'date' ? sureDates(format) : undefined;
  const takesLongs = isLiteral && isDefaultFormat(field);
  const isTaken = (text: string) => {
    if (sure?.test(text) || (takesLongs && isLargeLong(text))) return true;
    const moment = momentIn(readers, text);
    return moment !== undefined && moment !== IMPOSSIBLE && inType(moment);
  };
  const isImpossible = (text: string) => !isTaken(text) && momentIn(readers, text) !== undefined;
  return { ...UNSEEN, fits: remembering(isTaken, format, years), isImpossible };
}

/** Elasticsearch takes such a number as it is, without a look at how far it counts. */
function isLargeLong(text: string): boolean {
  const value = Number(text);
  return /^-?\d+$/.test(text) && (value >= INTEGER_RANGE || value < -INTEGER_RANGE) && isJavaLong(text);
}

/** Of the first format that reads it. */
function momentIn(readers: readonly ReadDate[], text: string): ReturnType<ReadDate> {
  for (const read of readers) {
    const moment = read(text);
    if (moment !== undefined) return moment;
  }
  return undefined;
}

/** What was found out about a date goes for all that are written alike. */
function remembering(isTaken: (text: string) => boolean, format: string, years: Years): FieldCheck['fits'] {
  const known = new Map<number, boolean>();
  const encoding = ASCII.test(format) ? 'latin1' : 'utf8';
  /** The date before, which rows mostly have in common with the next. */
  const former = Buffer.alloc(MOST_REMEMBERED);
  let length = -1;
  let wasTaken = false;
  const look = (bytes: Buffer, start: number, end: number): boolean => {
    const kind = ordinaryKind(bytes, start, end, years);
    const isKnown = kind < 0 ? undefined : known.get(kind);
    if (isKnown !== undefined) return isKnown;
    const fits = isTaken(bytes.toString(encoding, start, end));
    if (kind >= 0 && known.size < MOST_KINDS) known.set(kind, fits);
    return fits;
  };
  return (bytes, start, end) => {
    if (end - start === length && isSame(bytes, start, former, length)) return wasTaken;
    length = end - start <= MOST_REMEMBERED ? end - start : -1;
    // So few that copy() would take longer.
    for (let at = 0; at < length; at++) former[at] = bytes[start + at] as number;
    wasTaken = look(bytes, start, end);
    return wasTaken;
  };
}

function isSame(bytes: Buffer, start: number, other: Buffer, length: number): boolean {
  let at = length - 1;
  // Hours and minutes differ sooner than years.
  while (at >= 0 && bytes[start + at] === other[at]) at--;
  return at < 0;
}

/**
 * The same number for all dates that are taken, or left out, alike: they are written alike, and have the same two
 * numbers before the year where that comes last. -1 for others: no dates, days that the calendar does not have, or not
 * in each year, and what is near the ends of what the type takes.
 */
function ordinaryKind(bytes: Buffer, start: number, end: number, years: Years): number {
  const kind = dateKind(bytes, start, end);
  if (kind < 0 || !hasSmallOffset(bytes, end, kind)) return EXTRAORDINARY;
  const zone = bytes[end - 1] === LETTER_Z ? 4 : 0;
  // Most can be told by one or two digits: reading the numbers once more is a quarter of the time.
  if (years === ALL_YEARS && !isNarrow(kind) && isPlain(bytes, start, kind)) return kind * 8 + zone;
  const afterFirst = skipDigits(bytes, start, end) + 1;
  const afterSecond = skipDigits(bytes, afterFirst, end) + 1;
  const first = numberAt(bytes, start, afterFirst - 1);
  const second = numberAt(bytes, afterFirst, afterSecond - 1);
  const third = numberAt(bytes, afterSecond, skipDigits(bytes, afterSecond, end));
  const year = isYearFirst(kind) ? first : third;
  if (year < years.first || year > years.last) return EXTRAORDINARY;
  const isSure = isYearFirst(kind)
    ? third <= SURE_DAYS || third <= daysInMonth(year, second)
    : Math.max(first, second) <= SURE_DAYS || Math.min(first, second) !== 2;
  if (!isSure) return EXTRAORDINARY;
  // Each may have one digit, and `Z` may stand for an offset.
  const isFirstNarrow = afterFirst === start + NARROW ? 1 : 0;
  const isSecondNarrow = afterSecond === afterFirst + NARROW ? 2 : 0;
  return kind * 8 + isFirstNarrow + isSecondNarrow + zone;
}

/** Of a date with all its digits: whether its year is after 999, and its day in each month of that number. */
function isPlain(bytes: Buffer, start: number, kind: number): boolean {
  if (!isYearFirst(kind)) {
    const one = firstPart(kind);
    const other = secondPart(kind);
    return bytes[start + YEAR_AT] !== ZERO && ((one <= SURE_DAYS && other <= SURE_DAYS) || (one !== 2 && other !== 2));
  }
  const tens = bytes[start + DAY_AT] as number;
  return bytes[start] !== ZERO && (tens < TWO || (tens === TWO && bytes[start + DAY_AT + 1] !== NINE));
}

/** Offsets end at 18 hours. Of `+0160` dateKind() does not see that its minutes are none. */
function hasSmallOffset(bytes: Buffer, end: number, kind: number): boolean {
  const digits = offsetDigits(kind);
  if (digits === 0 || bytes[end - 1] === LETTER_Z) return true;
  const tens = bytes[end - digits] as number;
  const isSmall = tens === ZERO || (tens === ONE && (bytes[end - digits + 1] as number) <= SEVEN);
  return isSmall && (digits !== COMPACT_DIGITS || (bytes[end - 2] as number) <= FIVE);
}
