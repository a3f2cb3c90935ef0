import type { ColumnType, FileTypes } from '../../types/column-type.ts';
import { widened } from './date-formats.ts';

export type FieldMapping = Record<string, unknown>;

/**
 * Characters of the longest keyword that Lucene takes: 32,766 bytes at four a character. Longer values stay in the
 * document alone.
 */
const KEYWORD_CHARACTERS = 8191;
/** A sub-field for exact values of a text: of short ones, as Elasticsearch's own is. */
const SUBFIELD_CHARACTERS = 256;
/** What the name of an alias has behind that of its column. */
export const ALIAS_END = '.keyword';
/** More columns get no alias: it is a field, too. */
const MOST_ALIASED = 1000;

const KEYWORD: FieldMapping = { type: 'keyword', ignore_above: KEYWORD_CHARACTERS };

/**
 * Names what is sent as text for columns that come up after the mapping was made: JSON keys, other sheets. Numbers are
 * those a step made; `double`, since a later one may have a fraction, and Elasticsearch's own choice, `float`, refuses
 * rows with larger ones.
 */
export const DYNAMIC_TEMPLATES = [
  { orchestrator_text: { match_mapping_type: 'string', mapping: KEYWORD } },
  { orchestrator_whole: { match_mapping_type: 'long', mapping: { type: 'double', ignore_malformed: true } } },
  { orchestrator_decimal: { match_mapping_type: 'double', mapping: { type: 'double', ignore_malformed: true } } },
];

/**
 * The field of a column. A value that is not of the type stays in the document and is left out of the field: no row is
 * rejected for a guess.
 */
export function fieldMapping({ type, formats, isPlain }: ColumnType): FieldMapping {
  switch (type) {
    case 'keyword':
      return KEYWORD;
    case 'text':
      return { type, fields: { keyword: { type: 'keyword', ignore_above: SUBFIELD_CHARACTERS } } };
    case 'date':
      // rule 7: nor does the format of a date
      return { type, format: widened(formats as string[]).join('||'), ignore_malformed: true };
    case 'boolean':
      // Elasticsearch reads `true` and `false`, and nothing else.
      return isPlain ? { type, ignore_malformed: true } : KEYWORD;
    // rule 7: a type that was found out rejects no row
    default:
      return { type, ignore_malformed: true };
  }
}

/**
 * The fields of the columns that `has` does not know: those an index is made with, or has yet to get. A text whose
 * sub-field would have the name of a column goes without it: Elasticsearch refuses a mapping that has a name twice.
 */
export function inferredFields(types: FileTypes, has: (name: string) => boolean): Record<string, FieldMapping> {
  const added = [...types].filter(([name]) => isFieldName(name) && !has(name));
  const isTaken = (name: string) => types.has(name) || has(name);
  return Object.fromEntries(
    added.map(([name, type]) => {
      const { fields, ...field } = fieldMapping(type);
      return [name, fields && !isTaken(`${name}.keyword`) ? { ...field, fields } : field];
    }),
  );
}

/**
 * `A.keyword` for `A`, as Elasticsearch's own mapping of text has it: what was made for that, a dashboard or a query,
 * goes on working. None where a column has the name, and for a text, which has the sub-field.
 */
export function keywordAliases(
  fields: Record<string, FieldMapping>,
  has: (name: string) => boolean,
): Record<string, FieldMapping> {
  const names = Object.keys(fields).filter(name => fields[name]?.['fields'] === undefined);
  if (names.length > MOST_ALIASED) return {};
  const free = names.filter(name => !(name + ALIAS_END in fields) && !has(name + ALIAS_END));
  return Object.fromEntries(free.map(name => [name + ALIAS_END, { type: 'alias', path: name }]));
}

/** How many fields these make: sub-fields count. */
export function countFields(fields: Record<string, FieldMapping>): number {
  let count = 0;
  for (const field of Object.values(fields)) {
    count += 1 + countFields((field['fields'] ?? {}) as Record<string, FieldMapping>);
    count += countFields((field['properties'] ?? {}) as Record<string, FieldMapping>);
  }
  return count;
}

/**
 * Elasticsearch refuses a whole mapping for a name that is blank or one of its own, `_id`; left out, only the rows that
 * have it say so.
 */
function isFieldName(name: string): boolean {
  return name.trim() !== '' && !/^_[a-z_]+$/.test(name);
}
