import type { ParquetParsers } from 'hyparquet';
import { numberText } from '../number-text.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Times keep all their digits: a Date has milliseconds only. */
export const timeParsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: milliseconds => timeOf(milliseconds, 3),
  timestampFromMicroseconds: microseconds => timeOf(microseconds, 6),
  timestampFromNanoseconds: nanoseconds => timeOf(nanoseconds, 9),
  dateFromDays: days => (days === undefined || days === null ? days : isoOf(BigInt(days) * 86_400n).slice(0, 10)),
  stringFromBytes: bytes => bytes && bytesText(bytes),
  jsonFromBytes: bytes => bytes && bytesText(bytes),
};

/** ISO 8601, with as many digits of a second as there are besides zeros. */
function timeOf(count: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  const seconds = count / unit - (count % unit < 0n ? 1n : 0n);
  return isoOf(seconds) + fractionText(count - seconds * unit, digits);
}

/** Of a second, with the point; empty for none. */
export function fractionText(count: bigint, digits: number): string {
  const fraction = String(count).padStart(digits, '0').replace(/0+$/, '');
  return fraction && `.${fraction}`;
}

export function isoOf(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString().slice(0, -5);
}

/** UTF-8 where it is; else in hexadecimal behind `\x`, as PostgreSQL writes bytes: nothing of them is lost. */
export function bytesText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`;
  }
}

/** Text of a value, null for none. */
export function valueText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? numberText(value) : String(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof Uint8Array) return bytesText(value);
  return JSON.stringify(value, plain);
}

/** Nested values that JSON does not know; a whole number keeps all its digits. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return rawJson(String(value));
  return value instanceof Uint8Array ? bytesText(value) : value;
}

/** What JSON.stringify() writes as it stands. */
export function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}
