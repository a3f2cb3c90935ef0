import type { FieldFacts, FieldKind, LeftOut } from './facts.ts';

/** A field as a mapping tells of it. */
export interface FoundField {
  type?: string;
  format?: string;
  doc_values?: boolean;
  index?: boolean;
  properties?: Record<string, FoundField>;
  fields?: Record<string, FoundField>;
}

/** What of a field its mapping tells. */
export type MappedField = Pick<FieldFacts, 'name' | 'kind' | 'type' | 'grouped' | 'formats'>;

export interface Mapped {
  fields: MappedField[];
  leftOut: LeftOut[];
}

/** The deepest that objects are looked into; Elasticsearch's own limit (index.mapping.depth.limit). */
const DEEPEST = 20;

/** The fields of several indices, as one: those that are of several types are left out. */
export function mappedFields(mappings: ReadonlyArray<Readonly<Record<string, FoundField>>>): Mapped {
  const found = new Map<string, MappedField>();
  const leftOut = new Map<string, string>();
  for (const properties of mappings) {
    for (const field of fieldsIn(properties)) {
      const former = found.get(field.name);
      if ('reason' in field) leftOut.set(field.name, field.reason);
      else if (former === undefined) found.set(field.name, field);
      else if (former.type !== field.type) leftOut.set(field.name, conflict([former.type, field.type]));
      else found.set(field.name, joined(former, field));
    }
  }
  const fields = [...found.values()].filter(({ name }) => !leftOut.has(name));
  return { fields, leftOut: [...leftOut].map(([name, reason]) => ({ name, reason })) };
}

export function conflict(types: readonly string[]): string {
  return `it is ${types.toSorted().join(' in one index and ')} in another, which Kibana can't show as one field`;
}

function joined(one: MappedField, other: MappedField): MappedField {
  const formats = [...new Set([...one.formats, ...other.formats])];
  return { ...one, formats, grouped: one.grouped === other.grouped ? one.grouped : null };
}

function fieldsIn(
  properties: Readonly<Record<string, FoundField>>,
  above = '',
  depth = 0,
): Array<MappedField | LeftOut> {
  return Object.entries(properties).flatMap(([key, field]) => {
    const name = above + key;
    // `A.keyword` that stands for `A`: the same values once more.
    if (field.type === 'alias') return [];
    if (field.type === 'nested')
      return [{ name, reason: 'it is a list of nested objects, which Kibana does not chart' }];
    if (field.properties !== undefined) return depth < DEEPEST ? fieldsIn(field.properties, `${name}.`, depth + 1) : [];
    return [mappedField(name, field)];
  });
}

function mappedField(name: string, field: FoundField): MappedField | LeftOut {
  const { type = 'object', format } = field;
  const kind = KINDS[type];
  if (kind === undefined) return { name, reason: `fields of type ${type} are not shown` };
  const formats = kind === 'date' ? (format ?? 'strict_date_optional_time||epoch_millis').split('||') : [];
  return { name, kind, type, grouped: groupedBy(name, kind, field), formats };
}

/** The name by which searches group its values. */
function groupedBy(name: string, kind: FieldKind, { doc_values: hasValues, fields = {} }: FoundField): string | null {
  if (kind !== 'text') return hasValues === false ? null : name;
  const exact = Object.entries(fields).find(([, { type, doc_values: has }]) => type === 'keyword' && has !== false);
  return exact === undefined ? null : `${name}.${exact[0]}`;
}

// https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/field-data-types
const KINDS: Readonly<Record<string, FieldKind | undefined>> = {
  byte: 'number',
  short: 'number',
  integer: 'number',
  long: 'number',
  unsigned_long: 'number',
  half_float: 'number',
  float: 'number',
  double: 'number',
  scaled_float: 'number',
  date: 'date',
  date_nanos: 'date',
  keyword: 'keyword',
  constant_keyword: 'keyword',
  wildcard: 'keyword',
  boolean: 'boolean',
  text: 'text',
  match_only_text: 'text',
  geo_point: 'geo_point',
  ip: 'ip',
};
