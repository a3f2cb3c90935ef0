import type { FileTypes } from '../../types/column-type.ts';
import type { FieldMapping } from './inferred-mapping.ts';

/** Types of fields that have whole numbers only. */
export const WHOLE_TYPES: ReadonlySet<string> = new Set(['long', 'integer', 'short', 'byte', 'unsigned_long']);
/** Of a wide file not every name helps. */
const MOST_NAMES = 20;

/**
 * The columns of a file whose fractions are cut by fields that the index has, without a word of Elasticsearch, as a
 * sentence for people; undefined where there are none.
 */
export function cutFractions(
  index: string,
  types: FileTypes,
  fieldOf: (column: string) => FieldMapping | undefined,
): string | undefined {
  const cut = [...types].flatMap(([column, { type, confidence }]) =>
    confidence > 0 && type === 'double' && WHOLE_TYPES.has(String(fieldOf(column)?.['type'])) ? [column] : [],
  );
  if (cut.length === 0) return undefined;
  const names = cut.slice(0, MOST_NAMES).join(', ') + (cut.length > MOST_NAMES ? ', …' : '');
  return (
    `${names} in index ${index} ${cut.length === 1 ? 'is a field' : 'are fields'} of whole numbers, and this file has fractions: sums and charts are without them, though the ` +
    'documents have them; for a new index, LOAD.mappings can say double'
  );
}
