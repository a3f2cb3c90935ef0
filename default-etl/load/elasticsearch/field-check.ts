import { dateKind } from '../../types/date-cell.ts';
import { isPosition, isWktPoint } from '../../types/text-cell.ts';
import { dateExpression } from './date-formats.ts';
import type { FieldMapping } from './inferred-mapping.ts';

/** Whether the field takes the cell bytes[start, end); else it is left out of the field, though not of the document. */
type Fits = (bytes: Buffer, start: number, end: number) => boolean;

/** What a field takes. What can be seen in a loop over a column need not be asked of `fits`, which then costs too much. */
export interface FieldCheck {
  fits: Fits;
  /** A cell of no more bytes fits. */
  bytes: number;
  /** A number of no more digits fits, with a sign in front and, where `point`, with one point in it. */
  digits: number;
  point: boolean;
}

/** Of a date that says nothing. */
const DEFAULT_FORMAT = 'strict_date_optional_time||epoch_millis';
/** More ways to write dates than a column has: then it is text. */
const MOST_KINDS = 10_000;
/** As Java reads a double; and a BigDecimal, which a long is made of. */
const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[fFdD]?\s*$/;
const EXACT = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const LONG_BITS = 63n;
const WHOLE: Readonly<Record<string, { bits: bigint; sureDigits: number }>> = {
  byte: { bits: 7n, sureDigits: 2 },
  short: { bits: 15n, sureDigits: 4 },
  integer: { bits: 31n, sureDigits: 9 },
  long: { bits: 63n, sureDigits: 15 },
};
const DECIMALS: ReadonlySet<string> = new Set(['double', 'float', 'scaled_float']);
/** A double takes numbers of 308 digits. */
const MOST_DIGITS = 300;
const UNSEEN = { bytes: 0, digits: 0, point: false };
const GEOHASH = /^[0-9b-hjkmnp-z]{1,12}$/;
const PAIR = /^\s*-?\d+(\.\d+)?\s*,\s*-?\d+(\.\d+)?\s*$/;

/** undefined where all is taken, or what is not makes its row a reject, or it can't be told here. */
export function checkOf(field: FieldMapping): FieldCheck | undefined {
  const type = String(field['type']);
  if (type === 'keyword') return lengthCheck(Number(field['ignore_above'] ?? Infinity));
  if (field['ignore_malformed'] !== true) return undefined;
  const whole = WHOLE[type];
  if (whole) return wholeCheck(whole);
  if (DECIMALS.has(type)) return { ...UNSEEN, fits: isDecimal, digits: MOST_DIGITS, point: true };
  const fits = fitsOf(type, field);
  return fits && { ...UNSEEN, fits };
}

function fitsOf(type: string, field: FieldMapping): Fits | undefined {
  if (type === 'date') return dateCheck(dateFormatOf(field));
  if (type === 'boolean') return isBoolean;
  return type === 'geo_point' ? isPlace : undefined;
}

/** What a field of dates takes. */
export function dateFormatOf({ format }: FieldMapping): string {
  return typeof format === 'string' ? format : DEFAULT_FORMAT;
}

/** In characters, of which none has less than a byte. */
function lengthCheck(most: number): FieldCheck | undefined {
  if (most === Infinity) return undefined;
  return { ...UNSEEN, fits: (bytes, start, end) => bytes.toString('utf8', start, end).length <= most, bytes: most };
}

/** Of -128 to 127 `most` is 128. */
function isBelow(value: number | bigint, most: bigint): boolean {
  return value >= -most && value < most;
}

/** Of 12.5 the fraction is cut, which is told elsewhere. */
function wholeCheck({ bits, sureDigits }: { bits: bigint; sureDigits: number }): FieldCheck {
  const most = 1n << bits;
  const fits: Fits = (bytes, start, end) => {
    const text = bytes.toString('latin1', start, end);
    if (bits === LONG_BITS && /^[+-]?\d+$/.test(text)) return isBelow(BigInt(text.replace('+', '')), most);
    const isNumber = (bits === LONG_BITS ? EXACT : NUMBER).test(text);
    return isNumber && isBelow(Math.trunc(Number.parseFloat(text)), most);
  };
  return { ...UNSEEN, fits, digits: sureDigits };
}

function isDecimal(bytes: Buffer, start: number, end: number): boolean {
  const text = bytes.toString('latin1', start, end);
  return NUMBER.test(text) && Number.isFinite(Number.parseFloat(text));
}

/** Once for all that are written alike, with the same two numbers before the year. That 30 February is no day is not seen. */
function dateCheck(format: string): Fits | undefined {
  const expression = dateExpression(format);
  if (expression === undefined) return undefined;
  const known = new Map<number, boolean>();
  /** The date before, which rows mostly have in common with the next. */
  let former = Buffer.alloc(0);
  let wasTaken = false;
  const isTaken = (bytes: Buffer, start: number, end: number): boolean => {
    const kind = dateKind(bytes, start, end);
    const isKnown = kind < 0 ? undefined : known.get(kind);
    if (isKnown !== undefined) return isKnown;
    const fits = expression.test(bytes.toString('latin1', start, end));
    if (kind >= 0 && known.size < MOST_KINDS) known.set(kind, fits);
    return fits;
  };
  return (bytes, start, end) => {
    if (isSame(bytes, start, end, former)) return wasTaken;
    if (former.length !== end - start) former = Buffer.alloc(end - start);
    bytes.copy(former, 0, start, end);
    wasTaken = isTaken(bytes, start, end);
    return wasTaken;
  };
}

function isSame(bytes: Buffer, start: number, end: number, other: Buffer): boolean {
  const { length } = other;
  if (end - start !== length) return false;
  let at = length - 1;
  // Hours and minutes differ sooner than years.
  while (at >= 0 && bytes[start + at] === other[at]) at--;
  return at < 0;
}

function isBoolean(bytes: Buffer, start: number, end: number): boolean {
  const text = end - start > 5 ? '' : bytes.toString('latin1', start, end);
  return text === 'true' || text === 'false';
}

function isPlace(bytes: Buffer, start: number, end: number): boolean {
  if (isPosition(bytes, start, end) || isWktPoint(bytes, start, end)) return true;
  const text = bytes.toString('latin1', start, end);
  // What is beyond a pole goes on on the other side.
  return PAIR.test(text) || GEOHASH.test(text);
}
