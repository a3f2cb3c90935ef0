import type { FieldMapping } from '../inferred-mapping.ts';

/** What decides about which values a field leaves out. */
const PARAMETERS = [
  'type',
  'format',
  'ignore_malformed',
  'coerce',
  'ignore_above',
  'ignore_z_value',
  'index',
  'doc_values',
  'store',
];

/**
 * `settings`: of the index, flat: by `index.mapping.coerce` and its like it says for all fields what they do not say
 * themselves. What neither says is left out.
 */
export function effectiveField(field: FieldMapping, settings: Readonly<Record<string, string>>): FieldMapping {
  const said = PARAMETERS.map(name => [name, field[name] ?? settings[`index.mapping.${name}`]]);
  return Object.fromEntries(said.filter(([, value]) => value !== undefined)) as FieldMapping;
}
