import type { FieldMapping } from '../inferred-mapping.ts';
import { type FieldCheck, UNSEEN } from './field-check.ts';
import { INTEGER_RANGE, isJavaLong, isNearerThan, javaDouble } from './java-number.ts';

const BYTE_RANGE = 2 ** 7;
const LONG_RANGE = 2 ** 63;
/** Of -128 to 127 the range is 128. `sureDigits`: any number of no more digits is in it. */
const WHOLE: Readonly<Record<string, { range: number; sureDigits: number }>> = {
  byte: { range: BYTE_RANGE, sureDigits: 2 },
  short: { range: 2 ** 15, sureDigits: 4 },
  integer: { range: INTEGER_RANGE, sureDigits: 9 },
  long: { range: LONG_RANGE, sureDigits: 15 },
};
/**
 * From `bound` on a number becomes infinite: it is the middle between the largest one of the type and what would come
 * next, for half_float as a float, which it is made of.
 */
const DECIMALS: Readonly<Record<string, { bound: number; sureDigits: number }>> = {
  half_float: { bound: 65_520 - 2 ** -9, sureDigits: 4 },
  float: { bound: 2 ** 128 - 2 ** 103, sureDigits: 38 },
  double: { bound: Infinity, sureDigits: 300 },
  scaled_float: { bound: Infinity, sureDigits: 300 },
};

/** `isLiteral`: cells are JSON numbers, or true and false, and no text. undefined where the field is not of numbers. */
export function numberCheck(field: FieldMapping, isLiteral: boolean): FieldCheck | undefined {
  const type = String(field['type']);
  const whole = WHOLE[type];
  const decimals = DECIMALS[type];
  if (!whole && !decimals) return undefined;
  const takesFractions = String(field['coerce']) !== 'false';
  if (!isLiteral && !takesFractions) return { ...UNSEEN, fits: () => false };
  if (decimals) {
    const { bound, sureDigits } = decimals;
    return { ...UNSEEN, fits: isLatin(text => isBelow(bound, text)), digits: sureDigits, point: true };
  }
  const { range, sureDigits } = whole as { range: number; sureDigits: number };
  const fits = isLiteral ? literalFits(range, takesFractions) : wholeFits(range);
  return { ...UNSEEN, fits, digits: sureDigits };
}

function isLatin(takes: (text: string) => boolean): FieldCheck['fits'] {
  return (bytes, start, end) => takes(bytes.toString('latin1', start, end));
}

function isBelow(bound: number, text: string): boolean {
  const value = javaDouble(text);
  return value !== undefined && isNearerThan(bound, value, text);
}

/** Of 12.5 the fraction is cut, which is told elsewhere. */
function wholeFits(range: number): FieldCheck['fits'] {
  if (range === LONG_RANGE) return (bytes, start, end) => isJavaLong(bytes.toString('utf8', start, end));
  return isLatin(text => {
    const value = javaDouble(text);
    // NaN becomes zero. A byte is cut out of an integer, the others are looked at before they are cut.
    if (value === undefined || Number.isNaN(value)) return value !== undefined;
    return isWithin(range === BYTE_RANGE ? Math.trunc(value) : value, range);
  });
}

function literalFits(range: number, takesFractions: boolean): FieldCheck['fits'] {
  return isLatin(text => {
    const value = Number(text);
    if (Number.isNaN(value) || !(takesFractions || Number.isInteger(value))) return false;
    if (range !== LONG_RANGE) return isWithin(range === INTEGER_RANGE ? value : Math.trunc(value), range);
    // With a fraction or an exponent it is a double first, to which 2^63 and the largest long are one number.
    return /^-?\d+$/.test(text) ? isJavaLong(text) : Math.abs(value) <= range;
  });
}

function isWithin(value: number, range: number): boolean {
  return value >= -range && value <= range - 1;
}
