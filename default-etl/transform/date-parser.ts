import { patternParts } from './date-directives.ts';
import { clearDateFields, type DateFields, daysOf, isRealDate } from './date-fields.ts';

/** Reads bytes[from, to) into the fields; false where they do not fit. */
export type ParseDate = (bytes: Buffer, from: number, to: number, fields: DateFields) => boolean;

/** Reads one part of a date at a position, and returns the position behind it, or -1. */
type ReadPart = (bytes: Buffer, at: number, to: number, fields: DateFields) => number;

const ZERO = 48;
const SPACE = 32;

/**
 * As strptime reads the pattern, `iso` as ISO 8601. Blanks around the date do not count. Works on bytes: a pattern of
 * digits makes no string.
 */
export function createDateParser(pattern: string): ParseDate {
  const parts = pattern === 'iso' ? [readIso] : patternParts(pattern).map(partReader);
  return (bytes, from, to, fields) => {
    let start = from;
    let end = to;
    while (start < end && (bytes[start] as number) <= SPACE) start++;
    while (end > start && (bytes[end - 1] as number) <= SPACE) end--;
    clearDateFields(fields);
    let at = start;
    for (const read of parts) {
      at = read(bytes, at, end, fields);
      if (at < 0) return false;
    }
    return at === end && settle(fields) && isRealDate(fields);
  };
}

/** Noon, and the day of the year, need what was read before or after them. */
function settle(reading: DateFields): boolean {
  if (reading.half > 0) {
    if (reading.hour < 1 || reading.hour > 12) return false;
    reading.hour = (reading.hour % 12) + (reading.half === 2 ? 12 : 0);
  }
  if (reading.dayOfYear === 0) return true;
  let { dayOfYear } = reading;
  for (reading.month = 1; reading.month < 12 && dayOfYear > daysOf(reading.year, reading.month); reading.month++) {
    dayOfYear -= daysOf(reading.year, reading.month);
  }
  reading.day = dayOfYear;
  return true;
}

function partReader(part: string): ReadPart {
  switch (part) {
    case '%Y':
      return digits(4, 4, (fields, value) => (fields.year = value));
    case '%y':
      // As POSIX has it.
      return digits(2, 2, (fields, value) => (fields.year = value + (value < 69 ? 2000 : 1900)));
    case '%m':
      return digits(1, 2, (fields, value) => (fields.month = value));
    case '%d':
    case '%e':
      return optionalSpace(digits(1, 2, (fields, value) => (fields.day = value)));
    case '%H':
    case '%I':
      return digits(1, 2, (fields, value) => {
        fields.hour = value;
        fields.hasTime = true;
      });
    case '%M':
      return digits(1, 2, (fields, value) => (fields.minute = value));
    case '%S':
      return digits(1, 2, (fields, value) => (fields.second = value));
    case '%f':
      return readFraction;
    case '%j':
      return digits(1, 3, (fields, value) => (fields.dayOfYear = value));
    case '%p':
      return word(HALVES, (fields, value) => (fields.half = value));
    case '%B':
    case '%b':
      return word(MONTHS, (fields, value) => (fields.month = value));
    case '%A':
    case '%a':
      return word(DAYS, () => {});
    case '%z':
      return readOffset;
    default:
      return literal(part === '%%' ? '%' : part);
  }
}

function digits(fewest: number, most: number, set: (fields: DateFields, value: number) => void): ReadPart {
  return (bytes, at, to, fields) => {
    const limit = Math.min(to, at + most);
    let end = at;
    let value = 0;
    for (; end < limit; end++) {
      const digit = (bytes[end] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (end - at < fewest) return -1;
    set(fields, value);
    return end;
  };
}

function optionalSpace(read: ReadPart): ReadPart {
  return (bytes, at, to, fields) => read(bytes, at < to && bytes[at] === SPACE ? at + 1 : at, to, fields);
}

/** A blank of the pattern stands for any number of them. */
function literal(text: string): ReadPart {
  const expected = Buffer.from(text.replace(/\s+/g, ' '));
  return (bytes, at, to) => {
    let position = at;
    for (const byte of expected) {
      if (byte !== SPACE) {
        if (position >= to || bytes[position] !== byte) return -1;
        position++;
        continue;
      }
      const before = position;
      while (position < to && bytes[position] === SPACE) position++;
      if (position === before) return -1;
    }
    return position;
  };
}

/** One to nine digits; what is below a millionth goes. */
function readFraction(bytes: Buffer, at: number, to: number, fields: DateFields): number {
  let end = at;
  let micro = 0;
  let unit = 100_000;
  for (; end < to && end < at + 9; end++) {
    const digit = (bytes[end] as number) - ZERO;
    if (digit < 0 || digit > 9) break;
    micro += Math.floor(digit * unit);
    unit /= 10;
  }
  fields.micro = micro;
  return end === at ? -1 : end;
}

/** `Z`, `+0100`, `+01:00` or `+01`. */
function readOffset(bytes: Buffer, at: number, to: number, fields: DateFields): number {
  const sign = bytes[at];
  if (at >= to) return -1;
  if (sign === 0x5a || sign === 0x7a) {
    fields.offset = 0;
    return at + 1;
  }
  if (sign !== 0x2b && sign !== 0x2d) return -1;
  const found = /^(\d\d)(?::?(\d\d))?/.exec(bytes.toString('latin1', at + 1, Math.min(to, at + 6)));
  if (!found) return -1;
  const minutes = Number(found[1]) * 60 + Number(found[2] ?? 0);
  fields.offset = sign === 0x2d ? -minutes : minutes;
  return at + 1 + found[0].length;
}

const isoDate = [
  partReader('%Y'),
  literal('-'),
  digits(2, 2, (fields, value) => (fields.month = value)),
  literal('-'),
  digits(2, 2, (fields, value) => (fields.day = value)),
];
const isoTime = [partReader('%H'), literal(':'), partReader('%M')];
const isoSecond = partReader('%S');

/** ISO 8601, extended: `2020-01-02`, with `T` or a blank and a time, which may have seconds, a fraction and a zone. */
function readIso(bytes: Buffer, from: number, to: number, fields: DateFields): number {
  let at = readAll(isoDate, bytes, from, to, fields);
  if (at < 0 || at === to) return at;
  if (bytes[at] !== 0x54 && bytes[at] !== SPACE) return -1;
  at = readAll(isoTime, bytes, at + 1, to, fields);
  if (at >= 0 && at < to && bytes[at] === 0x3a) at = isoSecond(bytes, at + 1, to, fields);
  if (at >= 0 && at < to && (bytes[at] === 0x2e || bytes[at] === 0x2c)) at = readFraction(bytes, at + 1, to, fields);
  return at < 0 || at === to ? at : readOffset(bytes, at, to, fields);
}

function readAll(parts: readonly ReadPart[], bytes: Buffer, from: number, to: number, fields: DateFields): number {
  let at = from;
  for (const read of parts) {
    at = read(bytes, at, to, fields);
    if (at < 0) return -1;
  }
  return at;
}

/** Letters (and the point of an abbreviation), looked up without case and accents. */
function word(words: ReadonlyMap<string, number>, set: (fields: DateFields, value: number) => void): ReadPart {
  return (bytes, at, to, fields) => {
    let end = at;
    while (end < to && isLetter(bytes[end] as number)) end++;
    const value = words.get(plain(bytes.toString('utf8', at, end)));
    if (value === undefined) return -1;
    set(fields, value);
    return end < to && bytes[end] === 0x2e ? end + 1 : end;
  };
}

function isLetter(byte: number): boolean {
  return byte >= 0x80 || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

const HALVES = new Map([
  ['am', 1],
  ['pm', 2],
]);

const MONTHS = numbered([
  'january jan janvier janv',
  'february feb fevrier fevr fev',
  'march mar mars',
  'april apr avril avr',
  'may mai',
  'june jun juin',
  'july jul juillet juil',
  'august aug aout aou',
  'september sep sept septembre',
  'october oct octobre',
  'november nov novembre',
  'december dec decembre',
]);

const DAYS = numbered([
  'monday mon lundi lun',
  'tuesday tue mardi mar',
  'wednesday wed mercredi mer',
  'thursday thu jeudi jeu',
  'friday fri vendredi ven',
  'saturday sat samedi sam',
  'sunday sun dimanche dim',
]);

function numbered(lines: readonly string[]): Map<string, number> {
  return new Map(lines.flatMap((line, index) => line.split(' ').map(name => [name, index + 1] as const)));
}
