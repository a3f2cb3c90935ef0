import type { FieldMapping } from '../inferred-mapping.ts';
import { isAddress } from './address-check.ts';
import { dateCheck } from './date-check.ts';
import { type FieldCheck, UNSEEN } from './field-check.ts';
import { numberCheck } from './number-check.ts';
import { isPlace } from './place-check.ts';

/**
 * `isLiteral`: cells are JSON numbers, or true and false, and no text. undefined where all is taken, or what is not
 * makes its row a reject, or it can't be told here.
 */
export function checkOf(field: FieldMapping, isLiteral = false): FieldCheck | undefined {
  const type = String(field['type']);
  if ((type === 'keyword' || type === 'boolean') && !isKept(field)) return undefined;
  if (type === 'keyword') return lengthCheck(Number(field['ignore_above'] ?? Infinity));
  if (String(field['ignore_malformed']) !== 'true') return undefined;
  if (type === 'date' || type === 'date_nanos') return dateCheck(field, isLiteral);
  const fits = fitsOf(type, field, isLiteral);
  return fits ? { ...UNSEEN, fits } : numberCheck(field, isLiteral);
}

function fitsOf(type: string, field: FieldMapping, isLiteral: boolean): FieldCheck['fits'] | undefined {
  if (type === 'boolean') return isBoolean;
  if (type === 'ip') return (bytes, start, end) => isAddress(bytes.toString('latin1', start, end));
  if (type !== 'geo_point') return undefined;
  const takesAltitude = String(field['ignore_z_value']) !== 'false';
  return (bytes, start, end) => !isLiteral && isPlace(bytes, start, end, takesAltitude);
}

/** Elasticsearch does not look at the values of a field that keeps none. */
function isKept({ index, doc_values: values, store }: FieldMapping): boolean {
  return String(index) !== 'false' || String(values) !== 'false' || String(store) === 'true';
}

/** In characters, of which none has less than a byte. */
function lengthCheck(most: number): FieldCheck | undefined {
  if (most === Infinity) return undefined;
  return { ...UNSEEN, fits: (bytes, start, end) => bytes.toString('utf8', start, end).length <= most, bytes: most };
}

function isBoolean(bytes: Buffer, start: number, end: number): boolean {
  const text = end - start > 5 ? '' : bytes.toString('latin1', start, end);
  return text === 'true' || text === 'false';
}
