type Kind = 'string' | 'boolean' | 'number' | 'object' | 'array';

const text = 'string';

/** Attributes by their schemas; those with `!` must be there. */
const SCHEMAS: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  // dashboard/server/dashboard_saved_object/schema/v1/v1.ts, and v2/v2.ts, by which others are ignored.
  dashboard: {
    'title!': text,
    description: text,
    kibanaSavedObjectMeta: 'object',
    timeRestore: 'boolean',
    timeFrom: text,
    timeTo: text,
    refreshInterval: 'object',
    controlGroupInput: 'object',
    panelsJSON: text,
    optionsJSON: text,
  },
  // saved_search/server/saved_objects/schema_legacy.ts
  search: {
    'title!': text,
    description: text,
    columns: 'array',
    sort: 'array',
    grid: 'object',
    hideChart: 'boolean',
    isTextBasedQuery: 'boolean',
    timeRestore: 'boolean',
    kibanaSavedObjectMeta: 'object',
  },
};

/** What Kibana says of attributes that it does not take; null: it takes them. Types without a schema take all. */
export function attributesMistake(type: string, attributes: Record<string, unknown>): string | null {
  for (const [name, kind] of Object.entries(SCHEMAS[type] ?? {})) {
    const key = name.replace('!', '');
    const value = attributes[key];
    if (value === undefined && key === name) continue;
    if (kindOf(value) !== kind)
      return `[attributes.${key}]: expected value of type [${kind}] but got [${kindOf(value)}]`;
  }
  return null;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value;
}
