import { skipDigits } from './number-cell.ts';

/** How a date is written. */
export interface DateShape {
  /** Day and month before the year, in either order, or the year first. */
  yearFirst: boolean;
  separator: string;
  /** Days or months of one digit, `1/2/2020`. */
  narrow: boolean;
  /** Between date and time; empty where there is no time. */
  between: '' | ' ' | 'T';
  narrowHour: boolean;
  hasSeconds: boolean;
  /** Digits of the second's fraction, 0 to 9. */
  fraction: number;
  zone: (typeof ZONES)[number];
}

/** None, `Z` or `+01:00`, `+0100`, `+01`: as Elasticsearch writes them. */
const ZONES = ['', 'XXX', 'XX', 'X'] as const;
const OFFSET_DIGITS = [0, 5, 4, 2] as const;

/** Not a date. */
export const NO_DATE = -1;
/** A date of zeros only, `00/00/0000`: how some programs write that there is none. */
export const ZERO_DATE = -2;

const COLON = 58;
const POINT = 46;
/** `-` `/` `.` */
const SEPARATORS = Uint8Array.of(45, 47, 46);

/** Bits of a kind that are its shape; those above are the two numbers before the year. */
const SHAPE_BITS = 14;
const SHAPE_MASK = (1 << SHAPE_BITS) - 1;
const FRACTION_MASK = 15 << 8;
const PART_BITS = 6;

/**
 * What date the cell bytes[start, end) is, as a number that shapeNumber(), firstPart() and secondPart() take apart;
 * NO_DATE or ZERO_DATE else. Months and days are checked to be possible, not to go with each other: Elasticsearch does
 * that.
 */
export function dateKind(bytes: Uint8Array, start: number, end: number): number {
  const afterFirst = skipDigits(bytes, start, end);
  const separator = afterFirst < end ? SEPARATORS.indexOf(bytes[afterFirst] as number) : -1;
  if (separator < 0) return NO_DATE;
  const afterSecond = skipDigits(bytes, afterFirst + 1, end);
  if (afterSecond >= end || bytes[afterSecond] !== bytes[afterFirst]) return NO_DATE;
  const afterThird = skipDigits(bytes, afterSecond + 1, end);
  const first = afterFirst - start;
  const second = afterSecond - afterFirst - 1;
  const third = afterThird - afterSecond - 1;
  const yearFirst = first === 4;
  if (second < 1 || second > 2 || (yearFirst ? third < 1 || third > 2 : third !== 4 || first < 1 || first > 2)) {
    return NO_DATE;
  }
  const time = timeKind(bytes, afterThird, end);
  if (time < 0) return NO_DATE;
  const one = numberAt(bytes, start, afterFirst);
  const two = numberAt(bytes, afterFirst + 1, afterSecond);
  const three = numberAt(bytes, afterSecond + 1, afterThird);
  if (one + two + three === 0) return ZERO_DATE;
  if (yearFirst ? !isMonthAndDay(two, three) : !isMonthAndDay(two, one) && !isMonthAndDay(one, two)) return NO_DATE;
  const narrow = (yearFirst ? third : first) === 1 || second === 1;
  const shape = (yearFirst ? 1 : 0) | (separator << 1) | (narrow ? 8 : 0) | (time << 4);
  return yearFirst ? shape : shape | (one << SHAPE_BITS) | (two << (SHAPE_BITS + PART_BITS));
}

/** The same number for all dates that are written alike. */
export function shapeNumber(kind: number): number {
  return kind & SHAPE_MASK;
}

/** The same number for all dates that are written alike but for the digits of the second's fraction. */
export function withoutFraction(shape: number): number {
  return shape & ~FRACTION_MASK;
}

export function isYearFirst(kind: number): boolean {
  return (kind & 1) === 1;
}

/** Whether days or months of one digit are in it. */
export function isNarrow(kind: number): boolean {
  return (kind & 8) !== 0;
}

/**
 * How many bytes behind its sign `+01:00`, `+0100` or `+01` has; 0 without a zone, and `Z` is to be expected in their
 * place.
 */
export function offsetDigits(kind: number): number {
  return OFFSET_DIGITS[(kind >> 12) & 3] as number;
}

/** The number before the first separator: a day or a month; 0 where the year comes first. */
export function firstPart(kind: number): number {
  return (kind >> SHAPE_BITS) & ((1 << PART_BITS) - 1);
}

export function secondPart(kind: number): number {
  return kind >> (SHAPE_BITS + PART_BITS);
}

function isMonthAndDay(month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/**
 * 0 for no time, -1 for none of those that are read. Bits: blank or T (2), narrow hour (1), seconds (1), fraction (4),
 * zone (2).
 */
function timeKind(bytes: Uint8Array, from: number, end: number): number {
  if (from === end) return 0;
  const between = bytes[from] === 32 ? 1 : bytes[from] === 84 ? 2 : 0;
  const afterHour = skipDigits(bytes, from + 1, end);
  const hourDigits = afterHour - from - 1;
  if (between === 0 || hourDigits < 1 || hourDigits > 2 || numberAt(bytes, from + 1, afterHour) > 23) return -1;
  let at = twoDigits(bytes, afterHour, end);
  if (at < 0) return -1;
  let kind = between | (hourDigits === 1 ? 4 : 0);
  if (bytes[at] === COLON && at < end) {
    at = twoDigits(bytes, at, end);
    if (at < 0) return -1;
    kind |= 8;
    if (bytes[at] === POINT && at < end) {
      const after = skipDigits(bytes, at + 1, end);
      if (after === at + 1 || after > at + 10) return -1;
      kind |= (after - at - 1) << 4;
      at = after;
    }
  }
  const zone = zoneKind(bytes, at, end);
  return zone < 0 ? -1 : kind | (zone << 8);
}

/** The position behind `:59`; -1 where there is no such thing. */
function twoDigits(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== COLON || at >= end) return -1;
  const after = skipDigits(bytes, at + 1, end);
  return after === at + 3 && numberAt(bytes, at + 1, after) < 60 ? after : -1;
}

/** Position in ZONES; -1 for anything else. */
function zoneKind(bytes: Uint8Array, at: number, end: number): number {
  if (at === end) return 0;
  if (bytes[at] === 90) return at + 1 === end ? 1 : -1;
  if (bytes[at] !== 43 && bytes[at] !== 45) return -1;
  const after = skipDigits(bytes, at + 1, end);
  if (after === end) return after === at + 5 ? 2 : after === at + 3 ? 3 : -1;
  return after === at + 3 && twoDigits(bytes, after, end) === end ? 1 : -1;
}

/** Of digits alone. */
export function numberAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 10 + (bytes[at] as number) - 48;
  return value;
}

/** What a number of shapeNumber() says. */
export function shapeOf(shape: number): DateShape {
  const time = shape >> 4;
  return {
    yearFirst: (shape & 1) === 1,
    separator: String.fromCharCode(SEPARATORS[(shape >> 1) & 3] as number),
    narrow: (shape & 8) !== 0,
    between: (['', ' ', 'T'] as const)[time & 3] as '' | ' ' | 'T',
    narrowHour: (time & 4) !== 0,
    hasSeconds: (time & 8) !== 0,
    fraction: (time >> 4) & 15,
    zone: ZONES[time >> 8] as DateShape['zone'],
  };
}

/**
 * The shape as Elasticsearch's `format` has it. Its own ISO parser is several times as fast as a pattern. `fractions`:
 * how many digits those of the shape have; PostgreSQL leaves out zeros at the end.
 */
export function dateFormat(shape: DateShape, dayFirst: boolean, fractions = [shape.fraction]): string {
  const { yearFirst, separator, narrow, between, narrowHour, hasSeconds, zone } = shape;
  const isIso = yearFirst && separator === '-' && !narrow && !narrowHour && between !== ' ';
  if (isIso) return 'strict_date_optional_time';
  const [day, month] = narrow ? ['d', 'M'] : ['dd', 'MM'];
  const order = yearFirst ? ['yyyy', month, day] : dayFirst ? [day, month, 'yyyy'] : [month, day, 'yyyy'];
  const date = order.join(separator);
  if (between === '') return date;
  const time = `${narrowHour ? 'H' : 'HH'}:mm${hasSeconds ? ':ss' : ''}${fractionFormat(fractions)}`;
  return `${date}${between === 'T' ? "'T'" : ' '}${time}${zone}`;
}

/**
 * `[.SSSSSS]` for none or six digits. Where they vary, any number up to the longest may come: `[.SSS][.SS][.S]`, of
 * which the first that fits is taken.
 */
function fractionFormat(digits: readonly number[]): string {
  const [only = 0] = digits;
  if (digits.length === 1) return only > 0 ? `.${'S'.repeat(only)}` : '';
  const longest = Math.max(...digits);
  const isFixed = digits.every(count => count === 0 || count === longest);
  const possible = isFixed ? [longest] : Array.from({ length: longest }, (_, shorter) => longest - shorter);
  return possible.map(count => `[.${'S'.repeat(count)}]`).join('');
}
