import type { Batch } from '../batch/batch.ts';
import { blankLength, skipBlanks, skipBlanksBack } from './blanks.ts';
import { chooseColumns } from './choose-columns.ts';
import { type Conversion, convertColumns } from './conversion.ts';
import type { NewStep, OnError, StepContext } from './step.ts';

export type DecimalCommaOptions = readonly string[] | { columns: readonly string[]; on_error?: OnError };

/** A text in a column of numbers ("n.d.") stays: whether it may is for the step `types` to say. */
export function decimalCommaStep(options: DecimalCommaOptions, context: StepContext): NewStep {
  const { columns, on_error: onError = 'keep' } = 'columns' in options ? options : { columns: options };
  const choose = chooseColumns({ step: 'decimal_comma', columns, missing: 'error' }, context);
  const conversion: Conversion = {
    convert: convertDecimal,
    // A zero may come before `,5`.
    boundOf: byteCount => byteCount + 1,
    onError,
    misfit: 'no number with a decimal comma',
  };
  return writer => (batch: Batch) => {
    const { header, literals, positions } = choose(batch);
    return { ...convertColumns(batch, positions, () => conversion, writer), header, literals };
  };
}

const ZERO = 48;
const PLUS = 0x2b;
const MINUS = 0x2d;
const COMMA = 0x2c;
const POINT = 0x2e;
const APOSTROPHE = 0x27;

/**
 * Writes `-1 234,56` as `-1234.56`. Thousands are apart by blanks, points or apostrophes, three digits each; one point
 * without a comma is a decimal point. Byte by byte: no string is made. definition.ts has the same as an expression.
 */
export function convertDecimal(bytes: Buffer, start: number, end: number, at: number): number {
  const to = skipBlanksBack(bytes, start, end);
  let position = skipBlanks(bytes, start, to);
  let out = at;
  const sign = signLength(bytes, position, to);
  if (sign > 0 && bytes[position] !== PLUS) bytes[out++] = MINUS;
  position += sign;
  const decimal = decimalMark(bytes, position, to);
  const firstDigit = out;
  let groupDigits = 0;
  let separator = 0;
  while (position < to) {
    const byte = bytes[position] as number;
    if (byte >= ZERO && byte <= ZERO + 9) {
      bytes[out++] = byte;
      groupDigits++;
      position++;
      continue;
    }
    if (byte === decimal) break;
    const length = separatorLength(bytes, position, to);
    if (length === 0) break;
    // Blanks of several kinds are one separator.
    const kind = byte === POINT || byte === APOSTROPHE ? byte : 1;
    if (separator === 0 ? groupDigits < 1 || groupDigits > 3 : groupDigits !== 3 || kind !== separator) return -1;
    separator = kind;
    groupDigits = 0;
    position += length;
  }
  if (separator !== 0 && groupDigits !== 3) return -1;
  const hasWhole = out > firstDigit;
  if (position < to && bytes[position] === decimal) {
    const fraction = position + 1;
    if (!hasWhole) bytes[out++] = ZERO;
    bytes[out++] = POINT;
    const before = out;
    position = fraction;
    while (position < to && isDigit(bytes[position] as number)) bytes[out++] = bytes[position++] as number;
    if (out === before && !hasWhole) return -1;
    if (out === before) out--;
  } else if (!hasWhole) return -1;
  return position === to ? out : copyExponent(bytes, position, to, out);
}

/** `+`, `-`, or U+2212. */
function signLength(bytes: Buffer, at: number, to: number): number {
  if (at >= to) return 0;
  if (bytes[at] === PLUS || bytes[at] === MINUS) return 1;
  return bytes[at] === 0xe2 && bytes[at + 1] === 0x88 && bytes[at + 2] === 0x92 && at + 2 < to ? 3 : 0;
}

/** The comma, or a single point where there is no comma; 0 where nothing is. */
function decimalMark(bytes: Buffer, from: number, to: number): number {
  let points = 0;
  for (let at = from; at < to; at++) {
    if (bytes[at] === COMMA) return COMMA;
    if (bytes[at] === POINT) points++;
  }
  return points === 1 ? POINT : 0;
}

function separatorLength(bytes: Buffer, at: number, to: number): number {
  const byte = bytes[at];
  return byte === POINT || byte === APOSTROPHE ? 1 : blankLength(bytes, at, to);
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}

/** `E+05`, up to the end. */
function copyExponent(bytes: Buffer, from: number, to: number, at: number): number {
  let position = from;
  let out = at;
  if (bytes[position] !== 0x45 && bytes[position] !== 0x65) return -1;
  bytes[out++] = bytes[position++] as number;
  if (position < to && (bytes[position] === PLUS || bytes[position] === MINUS))
    bytes[out++] = bytes[position++] as number;
  const digits = position;
  while (position < to && isDigit(bytes[position] as number)) bytes[out++] = bytes[position++] as number;
  return position === to && position > digits ? out : -1;
}
