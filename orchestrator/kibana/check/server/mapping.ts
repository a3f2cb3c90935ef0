import { fieldsOf } from '../json.ts';
import type { FieldKind } from '../lens/operations.ts';
import type { FieldCaps } from './server.ts';

/** A field as the indices of a data view have it. */
export interface MappedField {
  kind: FieldKind;
  /** Elasticsearch's, more than one where indices differ. */
  types: string[];
  aggregatable: boolean;
}

/** Kinds by Elasticsearch's types, as Kibana casts them (castEsToKbnFieldTypeName). */
const KINDS: Readonly<Record<string, FieldKind>> = {
  boolean: 'boolean',
  byte: 'number',
  constant_keyword: 'string',
  date: 'date',
  date_nanos: 'date',
  double: 'number',
  float: 'number',
  geo_point: 'geo',
  geo_shape: 'geo',
  half_float: 'number',
  integer: 'number',
  ip: 'ip',
  keyword: 'string',
  long: 'number',
  match_only_text: 'string',
  scaled_float: 'number',
  short: 'number',
  text: 'string',
  token_count: 'number',
  unsigned_long: 'number',
  version: 'string',
  wildcard: 'string',
};

/** What a field of this type of Elasticsearch's is for Kibana. */
export function kindOf(type: string): FieldKind {
  return KINDS[type] ?? 'other';
}

export const WHOLE_NUMBERS: ReadonlySet<string> = new Set(['byte', 'integer', 'long', 'short']);

/** The fields by name; objects, which hold no values, are left out. */
export function mappedFields({ fields }: FieldCaps): Map<string, MappedField> {
  const mapped = new Map<string, MappedField>();
  for (const [name, byType] of Object.entries(fields)) {
    const types = Object.keys(fieldsOf(byType)).filter(type => type !== 'unmapped');
    if (types.every(type => type === 'object' || type === 'nested')) continue;
    const kinds = new Set(types.map(type => kindOf(type)));
    mapped.set(name, {
      kind: kinds.size === 1 ? ([...kinds][0] ?? 'other') : 'other',
      types,
      aggregatable: types.every(type => fieldsOf(fieldsOf(byType)[type])['aggregatable'] === true),
    });
  }
  return mapped;
}

/** Elasticsearch's own, which are there without a mapping. */
export const META_FIELDS: ReadonlySet<string> = new Set(['_id', '_index', '_ignored', '_score', '_source', '_tier']);
