/** Of Java's int, -2147483648 to 2147483647. */
export const INTEGER_RANGE = 2 ** 31;

/** What Java trims, blanks and control characters, and what may stand behind a number. */
const BLANKS = String.raw`[\0- ]*`;
const DECIMAL = new RegExp(String.raw`^${BLANKS}([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)[fFdD]?${BLANKS}$`);
const WORD = new RegExp(`^${BLANKS}([+-]?)(NaN|Infinity)${BLANKS}$`);
const HEXADECIMAL = new RegExp(
  String.raw`^${BLANKS}([+-]?)0[xX](?:([\da-fA-F]+)\.?|([\da-fA-F]*)\.([\da-fA-F]+))[pP]([+-]?\d+)[fFdD]?${BLANKS}$`,
);
const HEX_BITS = 4;
const PLAIN = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The text as Double.parseDouble of Java reads it, NaN included; undefined where it is no number to it. */
export function javaDouble(text: string): number | undefined {
  // Nearly all that come by here.
  if (PLAIN.test(text)) return Number(text);
  const decimal = DECIMAL.exec(text)?.[1];
  if (decimal !== undefined) return Number(decimal);
  const [, sign, word] = WORD.exec(text) ?? [];
  return word === undefined ? hexadecimal(text) : Number(`${word === 'NaN' ? '' : sign}${word}`);
}

/** `0x1.8p1` is 3. */
function hexadecimal(text: string): number | undefined {
  const found = HEXADECIMAL.exec(text);
  if (!found) return undefined;
  const [, sign, only = '', whole = '', fraction = '', exponent] = found;
  const digits = Number(BigInt(`0x${only}${whole}${fraction}`));
  const value = digits === 0 ? 0 : digits * 2 ** (Number(exponent) - HEX_BITS * fraction.length);
  return sign === '-' ? -value : value;
}

const PARTS = /^[\0- ]*[+-]?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?[fFdD]?[\0- ]*$/;
/** Of a longer text the exact value is not worth its time. */
const MOST_EXACT = 10_000;
/** Bounds are multiples of 1/512: so fine are those of half_float. */
const FINENESS = 512;

/**
 * Whether the number in the text is nearer to zero than the bound, of which `value`, the nearest double, may not tell
 * on which side it is: to Java a float is the one that is nearest to the text.
 */
export function isNearerThan(bound: number, value: number, text: string): boolean {
  const distance = Math.abs(value);
  const parts = distance === bound && bound < Infinity && text.length <= MOST_EXACT ? PARTS.exec(text) : null;
  if (!parts) return distance < bound;
  const [, whole = '', fraction = '', exponent = '0'] = parts;
  const power = Number(exponent) - fraction.length;
  const scaled = BigInt(whole + fraction) * BigInt(FINENESS);
  const limit = BigInt(bound * FINENESS);
  return power < 0 ? scaled < limit * 10n ** BigInt(-power) : scaled * 10n ** BigInt(power) < limit;
}

const SHORT_WHOLE = /^[+-]?\d{1,18}$/;
const EXACT = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d+))?$/;
const MOST_EXPONENT_DIGITS = 10;
const MOST_SCALE = 2 ** 31;
/** Of a long, and of the decimals, or the zeros behind, that Elasticsearch looks at. */
const LONG_DIGITS = 19;
const LONG_BOUND = 1n << 63n;

/**
 * Whether Elasticsearch makes a long of the text: by BigDecimal of Java, which takes no blanks and has no largest
 * number.
 */
export function isJavaLong(text: string): boolean {
  if (SHORT_WHOLE.test(text)) return true;
  const found = EXACT.exec(asciiDigits(text));
  if (!found) return false;
  const [, sign, decimal = '', power] = found;
  const isWhole = power === undefined && !decimal.includes('.');
  const [whole = '', fraction = ''] = decimal.split('.');
  const scale = fraction.length - Number(power ?? 0);
  const hasLongPower = power !== undefined && power.replace(/^[+-]?0*/, '').length > MOST_EXPONENT_DIGITS;
  if (hasLongPower || scale >= MOST_SCALE || scale < -MOST_SCALE) return false;
  // Zero with zeros behind it is out of range to Elasticsearch, and all with many decimals is zero.
  if (!isWhole && Math.abs(scale) > LONG_DIGITS) return scale > 0;
  const digits = (whole + fraction).replace(/^0+/, '');
  const before = digits.length - scale;
  if (before !== LONG_DIGITS) return before < LONG_DIGITS;
  const value = BigInt(digits.slice(0, LONG_DIGITS).padEnd(LONG_DIGITS, '0'));
  return value < LONG_BOUND || (value === LONG_BOUND && sign === '-');
}

/** Java's integers may have the digits of any script. */
function asciiDigits(text: string): string {
  return /^[\0-\x7f]*$/.test(text) ? text : text.replaceAll(/\p{Nd}/gu, digitValue);
}

/** The ten digits of a script stand one behind the other. */
function digitValue(digit: string): string {
  if (digit.length > 1) return digit;
  const code = digit.charCodeAt(0);
  let value = 0;
  while (/\p{Nd}/u.test(String.fromCharCode(code - value - 1))) value++;
  return String(value);
}
