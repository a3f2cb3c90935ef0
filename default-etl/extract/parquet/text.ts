import type { ParquetParsers } from 'hyparquet';
import { numberText } from '../number-text.ts';

/** A point in time or a day, already as text. */
class TimeText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): string {
    return this.text;
  }
}

const decoder = new TextDecoder();

/** Times keep all their digits: a Date has milliseconds only. */
export const timeParsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: milliseconds => timeOf(milliseconds, 3),
  timestampFromMicroseconds: microseconds => timeOf(microseconds, 6),
  timestampFromNanoseconds: nanoseconds => timeOf(nanoseconds, 9),
  dateFromDays: days =>
    days === undefined || days === null ? days : new TimeText(isoOf(BigInt(days) * 86_400n).slice(0, 10)),
  stringFromBytes: bytes => bytes && decoder.decode(bytes),
  jsonFromBytes: bytes => bytes && new TimeText(decoder.decode(bytes)),
};

/** ISO 8601, with as many digits of a second as there are besides zeros. */
function timeOf(count: bigint, digits: number): TimeText {
  const unit = 10n ** BigInt(digits);
  const seconds = count / unit - (count % unit < 0n ? 1n : 0n);
  const fraction = String(count - seconds * unit)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return new TimeText(`${isoOf(seconds)}${fraction && `.${fraction}`}`);
}

function isoOf(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString().slice(0, -5);
}

/** Text of a value, null for none. `scale`: of a decimal, whose value is a whole number or its big-endian bytes. */
export function valueText(value: unknown, scale: number | undefined): string | null {
  if (value === null || value === undefined) return null;
  if (scale !== undefined) return decimalText(wholeOf(value as number | bigint | Uint8Array), scale);
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return floatText(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof TimeText) return value.text;
  if (value instanceof Uint8Array) return decoder.decode(value);
  return JSON.stringify(value, plain);
}

function floatText(value: number): string {
  return Number.isFinite(value) ? numberText(value) : String(value);
}

/** Nested values that JSON does not know; a whole number keeps all its digits. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value));
  return value instanceof Uint8Array ? decoder.decode(value) : value;
}

function wholeOf(value: number | bigint | Uint8Array): bigint {
  if (!(value instanceof Uint8Array)) return BigInt(value);
  const digits = Buffer.from(value).toString('hex');
  return digits === '' ? 0n : BigInt.asIntN(value.length * 8, BigInt(`0x${digits}`));
}

function decimalText(whole: bigint, scale: number): string {
  if (scale <= 0) return String(whole * 10n ** BigInt(-scale));
  const digits = String(whole < 0n ? -whole : whole).padStart(scale + 1, '0');
  return `${whole < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
