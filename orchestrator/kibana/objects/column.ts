/** A column of a Lens layer (`FormBasedLayer['columns']`), which stands for a metric or for groups. */
export interface Column {
  label: string;
  customLabel: true;
  dataType: DataType;
  operationType: string;
  isBucketed: boolean;
  /** Of which kind its values are; Kibana 9.x makes it out itself, 8.19 reads it. */
  scale: 'ratio' | 'interval' | 'ordinal';
  sourceField: string;
  filter?: { query: string; language: 'kuery' };
  params: Record<string, unknown>;
}

export type DataType = 'string' | 'number' | 'date' | 'boolean' | 'ip';

/** Elasticsearch's types of fields; one that isn't here is a keyword. */
export type FieldTypes = Readonly<Record<string, string>>;

/**
 * The type that Kibana gives a field of these.
 *
 * @see https://github.com/elastic/kibana/blob/main/src/platform/packages/shared/kbn-field-types/src/kbn_field_types_factory.ts
 */
export function dataType(field: string, types: FieldTypes): DataType {
  const type = Object.hasOwn(types, field) ? types[field]! : 'keyword';
  return KIBANA_TYPES.get(type) ?? 'string';
}

const NUMBERS = [
  'long',
  'integer',
  'short',
  'byte',
  'unsigned_long',
  'double',
  'float',
  'half_float',
  'scaled_float',
  'token_count',
];

const KIBANA_TYPES: ReadonlyMap<string, DataType> = new Map([
  ...NUMBERS.map(type => [type, 'number'] as const),
  ['date', 'date'],
  ['date_nanos', 'date'],
  ['boolean', 'boolean'],
  ['ip', 'ip'],
]);
