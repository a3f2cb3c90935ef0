import { configFailure, messageOf } from '../../contract/failure.ts';
import type { FileTypes } from '../../types/column-type.ts';
import { type Connection, Refusal } from './connection.ts';
import {
  ALIAS_END,
  countFields,
  DYNAMIC_TEMPLATES,
  type FieldMapping,
  inferredFields,
  keywordAliases,
} from './inferred-mapping.ts';

export const LIMIT_SETTING = 'index.mapping.total_fields.limit';
/** Of an index that says nothing. */
const DEFAULT_FIELD_LIMIT = 1_000;

/** The mapping of an index as Elasticsearch tells of it. */
export interface FoundMappings {
  subobjects?: boolean | string;
  dynamic?: string | boolean;
  dynamic_templates?: Array<Record<string, unknown>>;
  properties?: Record<string, FieldMapping>;
}

export interface NewColumns {
  /** Of the index, or an alias of it. */
  name: string;
  types: FileTypes;
  mappings: FoundMappings;
  /** Flat. */
  settings: Record<string, string>;
  log: (text: string) => void;
}

/**
 * Gives an index that was there the columns it does not know; a field that it has stays as it is, whatever the cells
 * are. Whoever said in the mapping what becomes of new columns is not interfered with. Throws EtlFailure 78 where there
 * would be too many fields.
 */
export async function addColumns(connection: Connection, columns: NewColumns): Promise<void> {
  const { name, types, mappings, log } = columns;
  const fieldOf = (column: string) => fieldAt(mappings.properties, column);
  const isAlias = (column: string) => fieldOf(column)?.['type'] === 'alias';
  // Those that end so get another name in the documents.
  const aliased = [...types.keys()].filter(column => isAlias(column) && !column.endsWith(ALIAS_END));
  if (aliased.length > 0) {
    log(
      `types: index ${name} has ${aliased.join(', ')} as an alias of another column, to which Elasticsearch writes no value: rows with such ` +
        'a column are rejected; rename it by a step of TRANSFORM, or load into a new index',
    );
  }
  if (!takesNewColumns(mappings)) return;
  const has = (column: string) => fieldOf(column) !== undefined;
  const fields = inferredFields(types, has);
  if (Object.keys(fields).length === 0) return;
  try {
    // Elsewhere `A.keyword` would make an object of A: the whole mapping would be refused.
    const aliases = isFlat(mappings) ? keywordAliases(fields, has) : {};
    await declare(connection, columns, withinLimit(columns, fields, aliases));
  } catch (error) {
    // Another file may have added a column meanwhile, of another type: as any field that is there, it stays.
    if (!(error instanceof Refusal)) throw error;
    log(`types: the new columns of index ${name} are left to Elasticsearch: ${messageOf(error)}`);
  }
}

/**
 * Adds these fields to the mapping of the index. A mapping without subobjects must say so again, or Elasticsearch drops
 * an alias with a point in its name, such as `A.keyword`, without a word (9.5.0, 23 November 2026).
 */
export async function declare(
  connection: Connection,
  { name, mappings }: Pick<NewColumns, 'name' | 'mappings'>,
  properties: Record<string, unknown>,
): Promise<void> {
  const body = isFlat(mappings) ? { subobjects: false, properties } : { properties };
  await connection.request({ method: 'PUT', path: `/${encodeURIComponent(name)}/_mapping`, body });
}

/** Throws EtlFailure 78 where an index does not take so many fields. */
export function assertFewFields(name: string, count: number, limit: number): void {
  if (count <= limit) return;
  throw configFailure(
    `the columns would make ${count} fields of index ${name}, which takes ${limit} (${LIMIT_SETTING}): name those that are needed in ` +
      'EXTRACT.columns, or raise the limit of the index, or of an index template of your own',
  );
}

/** Names with points are names, not paths. */
function isFlat({ subobjects }: FoundMappings): boolean {
  return String(subobjects) === 'false';
}

/** The fields, and their aliases where there is room for them. */
function withinLimit(
  { name, mappings, settings }: NewColumns,
  fields: Record<string, FieldMapping>,
  aliases: Record<string, FieldMapping>,
): Record<string, FieldMapping> {
  const limit = Number(settings[LIMIT_SETTING] ?? DEFAULT_FIELD_LIMIT);
  const count = countFields(mappings.properties ?? {}) + countFields(fields);
  assertFewFields(name, count, limit);
  return count + countFields(aliases) <= limit ? { ...aliases, ...fields } : fields;
}

/** Whether nobody said what becomes of columns that the index does not know. */
export function takesNewColumns({ dynamic, dynamic_templates: templates = [] }: FoundMappings): boolean {
  const isDynamic = dynamic === undefined || String(dynamic) === 'true';
  const ours = new Set(DYNAMIC_TEMPLATES.flatMap(template => Object.keys(template)));
  return isDynamic && templates.every(template => Object.keys(template).every(key => ours.has(key)));
}

/** The field of a column: `a.b` is one, or `b` in an object `a`, or a sub-field of `a`. */
export function fieldAt(properties: Record<string, FieldMapping> = {}, column: string): FieldMapping | undefined {
  if (Object.hasOwn(properties, column)) return properties[column];
  for (let at = column.indexOf('.'); at >= 0; at = column.indexOf('.', at + 1)) {
    const parent = column.slice(0, at);
    if (!Object.hasOwn(properties, parent)) continue;
    const { properties: inner, fields } = properties[parent] as Record<string, Record<string, FieldMapping>>;
    const found = fieldAt({ ...inner, ...fields }, column.slice(at + 1));
    if (found) return found;
  }
  return undefined;
}
