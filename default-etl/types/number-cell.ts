/** No number as Elasticsearch reads it: text, or one with blanks, a plus sign, a decimal comma. */
export const NO_NUMBER = -1;
/** Digits that are no quantity: a leading zero, or more digits than a double holds (2^53 has 16). */
export const CODE = -2;
/** A number with a point or an exponent. */
export const DECIMAL = 0;

const MAX_DIGITS = 15;
const ZERO = 48;
const NINE = 57;
const MINUS = 45;
const POINT = 46;
const COMMA = 44;
const BLANK = 32;
const PLUS = 43;

/** What the cell bytes[start, end) is: NO_NUMBER, CODE, DECIMAL, or how many digits a whole number has (1 to 15). */
export function numberKind(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start] === MINUS ? start + 1 : start;
  const afterWhole = skipDigits(bytes, first, end);
  const digits = afterWhole - first;
  const hasLeadingZero = digits > 1 && bytes[first] === ZERO;
  if (afterWhole === end) {
    if (digits === 0) return NO_NUMBER;
    return hasLeadingZero || digits > MAX_DIGITS ? CODE : digits;
  }
  let at = afterWhole;
  if (bytes[at] === POINT) {
    at = skipDigits(bytes, at + 1, end);
    if (digits === 0 && at === afterWhole + 1) return NO_NUMBER;
  } else if (digits === 0) return NO_NUMBER;
  if (at < end) at = skipExponent(bytes, at, end);
  if (at !== end) return NO_NUMBER;
  return hasLeadingZero ? CODE : DECIMAL;
}

/**
 * Whether the cell is a number as people write it, which is text to Elasticsearch: `1 234,56`, `1 234` or ` 5`, with
 * blanks, no-break spaces or points between the thousands and blanks around it.
 */
export function isWrittenNumber(bytes: Uint8Array, start: number, end: number): boolean {
  let from = start;
  let to = end;
  while (from < to && bytes[from] === BLANK) from++;
  while (to > from && bytes[to - 1] === BLANK) to--;
  return to - from < end - start && numberKind(bytes, from, to) >= DECIMAL ? true : isGroupedNumber(bytes, from, to);
}

function isGroupedNumber(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start] === MINUS ? start + 1 : start;
  let at = skipDigits(bytes, first, end);
  if (at === first || (bytes[first] === ZERO && at > first + 1)) return false;
  let isInThousands = at - first <= 3;
  while (at < end && isBetweenThousands(bytes[at] as number)) {
    const after = skipDigits(bytes, at + 1, end);
    // A no-break space has two or three bytes.
    if (after > at + 1) isInThousands &&= after === at + 4;
    at = after;
  }
  if (at === end) return isInThousands;
  return bytes[at] === COMMA && at + 1 < end && skipDigits(bytes, at + 1, end) === end;
}

/** Or a byte of U+00A0 and U+202F, which are no-break spaces. */
function isBetweenThousands(byte: number): boolean {
  return (
    byte === BLANK ||
    byte === POINT ||
    byte === 0xc2 ||
    byte === 0xa0 ||
    byte === 0xe2 ||
    byte === 0x80 ||
    byte === 0xaf
  );
}

/** The position behind `e+10`; `at` itself where there is no exponent. */
function skipExponent(bytes: Uint8Array, at: number, end: number): number {
  if (((bytes[at] as number) | 32) !== 101) return at;
  const signed = bytes[at + 1] === MINUS || bytes[at + 1] === PLUS ? at + 2 : at + 1;
  const after = skipDigits(bytes, signed, end);
  return after > signed ? after : at;
}

/** The position behind the digits that begin at `at`. */
export function skipDigits(bytes: Uint8Array, at: number, end: number): number {
  let position = at;
  while (position < end && (bytes[position] as number) >= ZERO && (bytes[position] as number) <= NINE) position++;
  return position;
}
