/** Decimal numbers of that many digits are doubles that differ from each other. */
const MAX_DIGITS = 15;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;

/**
 * Whether numberText() would give the number back as it is written: then its bytes are copied. At most 15 digits, a
 * point inside them or none, no zero at the front of a whole part or at the end of a fraction, and none of the small
 * ones that numberText() writes with an exponent.
 */
export function isUsualNumber(bytes: Buffer, length: number): boolean {
  const first = bytes[0] === MINUS ? 1 : 0;
  const point = pointOf(bytes, first, length);
  if (point < 0) return false;
  const wholeDigits = point - first;
  if (bytes[first] === ZERO && wholeDigits > 1) return false;
  if (point === length) return bytes[first] !== ZERO || first === 0;
  if (point === length - 1 || bytes[length - 1] === ZERO) return false;
  // 0.000… is left to numberText().
  return bytes[first] !== ZERO || bytes[point + 1] !== ZERO || bytes[point + 2] !== ZERO || bytes[point + 3] !== ZERO;
}

/** The number in the bytes; NaN where there is none. */
export function parseNumber(bytes: Buffer, length: number): number {
  const first = bytes[0] === MINUS ? 1 : 0;
  const point = pointOf(bytes, first, length);
  if (point < 0) {
    const text = bytes.toString('latin1', 0, length).trim();
    return text === '' ? Number.NaN : Number(text);
  }
  let digits = 0;
  for (let at = first; at < length; at++) if (at !== point) digits = digits * 10 + (bytes[at] as number) - ZERO;
  // Two exact doubles, divided: the nearest double, as Number() gives it.
  const size = point === length ? digits : digits / 10 ** (length - 1 - point);
  return first === 0 ? size : -size;
}

/**
 * Where the point is, or the length where there is none; -1 where these are not 1 to 15 digits with one in front of the
 * point.
 */
function pointOf(bytes: Buffer, first: number, length: number): number {
  let point = length;
  for (let at = first; at < length; at++) {
    const byte = bytes[at] as number;
    if (byte === POINT && point === length) point = at;
    else if (byte < ZERO || byte > 57) return -1;
  }
  const digits = length - first - (point === length ? 0 : 1);
  return point === first || digits < 1 || digits > MAX_DIGITS ? -1 : point;
}
