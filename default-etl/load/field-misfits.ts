import type { ColumnType, FileTypes } from '../types/column-type.ts';
import { type FieldMapping, fieldMapping } from './inferred-mapping.ts';

const WHOLE_TYPES = new Set(['long', 'integer', 'short', 'byte', 'unsigned_long']);
const DECIMAL_TYPES = new Set(['double', 'float', 'half_float', 'scaled_float']);
/** Of a date that says nothing. */
const DEFAULT_FORMAT = 'strict_date_optional_time||epoch_millis';
/** Of a wide file not every name helps. */
const MOST_NAMES = 20;

/**
 * What the fields of an index that was there do not take of a file's columns without rejecting a row, as sentences for people: fractions are cut,
 * values of another kind are left out of the field.
 */
export function misfitsOf(
  index: string,
  types: FileTypes,
  fieldOf: (column: string) => FieldMapping | undefined,
): string[] {
  const cut: string[] = [];
  const leftOut: string[] = [];
  for (const [column, type] of types) {
    const field = fieldOf(column);
    if (!field || type.confidence === 0) continue;
    if (WHOLE_TYPES.has(String(field['type'])) && type.type === 'double') cut.push(column);
    else if (field['ignore_malformed'] === true && !fits(type, field))
      leftOut.push(`${column} (${kindOf(field)}; here ${kindOf(fieldMapping(type))})`);
  }
  return [
    ...(cut.length > 0
      ? [
          `types: ${listed(cut)} in index ${index} is of whole numbers: of this file's it leaves the fractions out of the field, not of the ` +
            'document; for a new index, LOAD.mappings can say double',
        ]
      : []),
    ...(leftOut.length > 0
      ? [
          `types: in index ${index} some fields are of another kind than this file's columns: ${listed(leftOut)}; values that do not fit are left out ` +
            'of the field, not of the document; a step of TRANSFORM can write them alike, or a new index has fields of its own',
        ]
      : []),
  ];
}

function fits(type: ColumnType, field: FieldMapping): boolean {
  const { type: is, format = DEFAULT_FORMAT } = field as { type: string; format?: string };
  if (WHOLE_TYPES.has(is)) return isWhole(type);
  if (DECIMAL_TYPES.has(is)) return isWhole(type) || type.type === 'double';
  if (is === 'date') return type.type === 'date' && areFormatsOf(type, format);
  if (is === 'boolean') return type.type === 'boolean' && type.isPlain === true;
  return is !== 'geo_point' || type.type === 'geo_point';
}

/** Days in eight digits are numbers, too. */
function isWhole({ type, formats = [] }: ColumnType): boolean {
  return type === 'long' || formats.join() === 'yyyyMMdd';
}

function areFormatsOf({ formats = [] }: ColumnType, format: string): boolean {
  const known = format.split('||');
  // It reads a month, too.
  if (known.includes('strict_date_optional_time')) known.push('yyyy-MM');
  return formats.every(each => known.includes(each));
}

function kindOf(field: FieldMapping): string {
  const { type, format } = field as { type: string; format?: string };
  return format === undefined ? type : `${type} ${format}`;
}

function listed(names: readonly string[]): string {
  return names.slice(0, MOST_NAMES).join(', ') + (names.length > MOST_NAMES ? ', …' : '');
}
