import type { SchemaElement } from 'hyparquet';
import { numberText } from '../number-text.ts';
import { bytesText, fractionText, isoOf, valueText } from './value-text.ts';

/** How the values of a column, or of a part of a nested one, become text. */
export interface Leaf {
  /** Null for no value. */
  text: (value: unknown) => string | null;
  /** Within nested values the text is a number of JSON. */
  isNumber: boolean;
}

/** As hyparquet has them. */
export const ANY: Leaf = { text: valueText, isNumber: false };
/** Digits of a second by the unit of a time. */
const DIGITS: Record<string, number> = { MILLIS: 3, MICROS: 6, NANOS: 9 };

/**
 * How this column's values become text. Where hyparquet would make inexact numbers of them (decimals), or nothing
 * readable (times of day, spans), the element loses its type, so that the values come as they are stored.
 */
export function takeLeaf(element: SchemaElement): Leaf {
  const { type, converted_type: converted, logical_type: logical, scale = 0 } = element;
  if (type === 'FLOAT') return { text: present(value => floatText(value as number)), isNumber: true };
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL')
    return stored(element, { text: present(value => decimalText(wholeOf(value), scale)), isNumber: true });
  const digits = timeDigits(element);
  if (digits !== undefined)
    return stored(element, { text: present(value => dayTimeText(wholeOf(value), digits)), isNumber: false });
  if (converted === 'INTERVAL') return stored(element, { text: present(spanText), isNumber: false });
  if (converted === 'BSON') return stored(element, ANY);
  return ANY;
}

function stored(element: SchemaElement, leaf: Leaf): Leaf {
  delete element.converted_type;
  delete element.logical_type;
  return leaf;
}

function present(text: (value: unknown) => string): Leaf['text'] {
  return value => (value === null || value === undefined ? null : text(value));
}

function timeDigits({ converted_type: converted, logical_type: logical }: SchemaElement): number | undefined {
  if (logical?.type === 'TIME') return DIGITS[logical.unit];
  return converted === 'TIME_MILLIS' ? 3 : converted === 'TIME_MICROS' ? 6 : undefined;
}

/** The shortest that reads back as the same number of 32 bits: 0.1, where the number of 64 bits is 0.10000000149011612. */
function floatText(value: number): string {
  if (Number.isSafeInteger(value) || !Number.isFinite(value)) return valueText(value) as string;
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return numberText(short);
  }
  return numberText(Number(value.toPrecision(9)));
}

/** A whole number, or its big-endian bytes. */
function wholeOf(value: unknown): bigint {
  if (!(value instanceof Uint8Array)) return BigInt(value as number | bigint);
  const digits = Buffer.from(value).toString('hex');
  return digits === '' ? 0n : BigInt.asIntN(value.length * 8, BigInt(`0x${digits}`));
}

function decimalText(whole: bigint, scale: number): string {
  if (scale <= 0) return String(whole * 10n ** BigInt(-scale));
  const digits = String(whole < 0n ? -whole : whole).padStart(scale + 1, '0');
  return `${whole < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** Time since midnight: `12:30:00.5`. */
function dayTimeText(count: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  return isoOf(count / unit).slice(11) + fractionText(count % unit, digits);
}

/** Three numbers of 32 bits, months, days and milliseconds, as a span of ISO 8601: `P1M2DT3.5S`. */
function spanText(value: unknown): string {
  const bytes = value as Uint8Array;
  if (bytes.length !== 12) return bytesText(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [months, days, milliseconds] = [0, 4, 8].map(at => view.getUint32(at, true)) as [number, number, number];
  const time = milliseconds === 0 ? '' : `T${milliseconds / 1000}S`;
  return `P${months === 0 ? '' : `${months}M`}${days === 0 && (months !== 0 || time !== '') ? '' : `${days}D`}${time}`;
}
