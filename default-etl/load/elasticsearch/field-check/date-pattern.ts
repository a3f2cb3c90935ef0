import { daysInMonth, type DateFields, isTime, momentOf, type ReadDate } from './date-moment.ts';

type Field = keyof DateFields | 'era';
interface Part {
  field: Field;
  source: string;
  /** What is there in any year and month. */
  sure: string;
}
/** Of one letter: with zeros in front, or a minus, which no date comes of but where Java does not look. */
const ANY_WIDTH = String.raw`-?\d{1,19}`;
/** What letters of a pattern read. */
const PARTS: Readonly<Record<string, Part>> = {
  yyyy: { field: 'era', source: String.raw`\d{4}|\+\d{5,9}`, sure: String.raw`[1-9]\d{3}` },
  uuuu: { field: 'year', source: String.raw`-?\d{4}|[-+]\d{5,9}`, sure: String.raw`[1-9]\d{3}` },
  MM: { field: 'month', source: String.raw`\d\d`, sure: '0[1-9]|1[0-2]' },
  M: { field: 'month', source: ANY_WIDTH, sure: '0[1-9]|1[0-2]|[1-9]' },
  dd: { field: 'day', source: String.raw`\d\d`, sure: String.raw`0[1-9]|1\d|2[0-8]` },
  d: { field: 'day', source: ANY_WIDTH, sure: String.raw`0[1-9]|1\d|2[0-8]|[1-9]` },
  HH: { field: 'hour', source: String.raw`\d\d`, sure: String.raw`[01]\d|2[0-3]` },
  H: { field: 'hour', source: ANY_WIDTH, sure: String.raw`[01]\d|2[0-3]|\d` },
  mm: { field: 'minute', source: String.raw`\d\d`, sure: String.raw`[0-5]\d` },
  ss: { field: 'second', source: String.raw`\d\d`, sure: String.raw`[0-5]\d` },
  XXX: { field: 'offset', source: String.raw`Z|[-+][0-5]\d:[0-5]\d`, sure: String.raw`Z|[-+](?:0\d|1[0-7]):[0-5]\d` },
  XX: { field: 'offset', source: String.raw`Z|[-+][0-5]\d[0-5]\d`, sure: String.raw`Z|[-+](?:0\d|1[0-7])[0-5]\d` },
  X: {
    field: 'offset',
    source: String.raw`Z|[-+][0-5]\d(?:[0-5]\d)?`,
    sure: String.raw`Z|[-+](?:0\d|1[0-7])(?:[0-5]\d)?`,
  },
};
/** A quoted text, letters of one kind, or any other sign. */
const TOKEN = /'((?:[^']|'')*)'|([A-Za-z])\2*|./gsu;
const NANO_DIGITS = 9;

/** A pattern as DateTimeFormatter of Java has it; undefined where it has letters that are not known here. */
export function patternReader(pattern: string): ReadDate | undefined {
  const found = compiled(pattern, ({ source }) => `(${source})`);
  if (!found) return undefined;
  const { source, fields } = found;
  const expression = new RegExp(`^${source}$`, 'u');
  return text => {
    const values = expression.exec(text);
    return values ? read(values, fields) : undefined;
  };
}

/**
 * Source of a regular expression for dates that are read by this pattern, and that there are in any year; undefined
 * where that takes more than the digits.
 */
export function surePattern(pattern: string): string | undefined {
  const found = compiled(pattern, ({ sure }) => `(?:${sure})`);
  return found && new Set(found.fields).size === found.fields.length ? found.source : undefined;
}

function compiled(pattern: string, sourceOf: (part: Part) => string): { source: string; fields: Field[] } | undefined {
  const fields: Field[] = [];
  let source = '';
  for (const [token, quoted, letter] of pattern.matchAll(TOKEN)) {
    if (quoted !== undefined) source += quoted === '' ? "'" : escaped(quoted.replaceAll("''", "'"));
    else if (letter === undefined) source += signSource(token);
    else {
      const part = partOf(token);
      if (!part) return undefined;
      fields.push(part.field);
      source += sourceOf(part);
    }
  }
  return { source, fields };
}

function partOf(letters: string): Part | undefined {
  const { length } = letters;
  const digits = `\\d{${length}}`;
  if (letters[0] === 'S' && length <= NANO_DIGITS) return { field: 'nanos', source: digits, sure: digits };
  return Object.hasOwn(PARTS, letters) ? PARTS[letters] : undefined;
}

function signSource(sign: string): string {
  if (sign === '[') return '(?:';
  return sign === ']' ? ')?' : escaped(sign);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
}

function read(found: RegExpExecArray, fields: readonly Field[]): ReturnType<ReadDate> {
  const values: Partial<Record<Field, number>> = {};
  for (const [at, field] of fields.entries()) {
    const text = found[at + 1];
    if (text === undefined) continue;
    const value = valueOf(field, text);
    // `+01:00Z` says two things, and Java knows no minus zero but in offsets.
    if (Object.is(value, -0)) return undefined;
    if (values[field] !== undefined && values[field] !== value) return undefined;
    values[field] = value;
  }
  const { era, year = era, month, day, offset, ...time } = values;
  if ((!hasGap(time) && !isTime(time)) || era === 0 || (era === undefined && !isDay(values))) return undefined;
  return momentOf({ year, month, day, offset, ...(hasGap(time) ? {} : time) });
}

/** At a time with a gap in it, a fraction without seconds for one, Java does not look. */
function hasGap({ hour, minute, second, nanos }: DateFields): boolean {
  if (hour === undefined) return false;
  return (minute === undefined && (second ?? nanos) !== undefined) || (second === undefined && nanos !== undefined);
}

/**
 * Java looks at days of `uuuu` while it reads, and so tries the next format; with `yyyy`, which might be years before
 * Christ, they are looked at in the end.
 */
function isDay({ year, month, day }: DateFields): boolean {
  return (
    year === undefined || month === undefined || day === undefined || (day >= 1 && day <= daysInMonth(year, month))
  );
}

function valueOf(field: Field, text: string): number {
  if (field === 'nanos') return Number(text.padEnd(NANO_DIGITS, '0'));
  if (field !== 'offset' || text === 'Z') return text === 'Z' ? 0 : Number(text);
  const digits = text.replace(':', '');
  const seconds = Number(digits.slice(1, 3)) * 3600 + Number(digits.slice(3)) * 60;
  return digits.startsWith('-') ? 0 - seconds : seconds;
}
