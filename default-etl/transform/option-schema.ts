// The parts that options of steps are made of. Imports nothing.

/**
 * JSON Schema, as far as options of steps and targets need it. `x-type` says the type in words, `x-default` the
 * default, `x-pattern` what a text is read as.
 */
export interface OptionSchema {
  type?: 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'array' | 'object';
  const?: unknown;
  enum?: readonly string[];
  anyOf?: readonly OptionSchema[];
  items?: OptionSchema;
  minItems?: number;
  minLength?: number;
  minimum?: number;
  pattern?: string;
  default?: unknown;
  properties?: Readonly<Record<string, OptionSchema>>;
  patternProperties?: Readonly<Record<string, OptionSchema>>;
  required?: readonly string[];
  additionalProperties?: OptionSchema | false;
  minProperties?: number;
  /** Keys of which one has to be there. */
  'x-oneOf'?: readonly string[];
  /** Keys that need one of others. */
  'x-needs'?: Readonly<Record<string, readonly string[]>>;
  description?: string;
  'x-type'?: string;
  'x-default'?: string;
  'x-pattern'?: 'regex' | 'replacement' | 'date' | 'template';
}

export const text: OptionSchema = { type: 'string', 'x-type': 'text' };
export const regex: OptionSchema = {
  type: 'string',
  'x-type': 'a regular expression in RE2 syntax, best in single quotes',
  'x-pattern': 'regex',
};
export const textOrNull: OptionSchema = { anyOf: [text, { type: 'null' }], 'x-type': 'text, or null' };
export const replacement: OptionSchema = {
  anyOf: [{ type: 'string', 'x-pattern': 'replacement' }, { type: 'null' }],
  'x-type': 'text, with \\1 to \\9 or \\g<name> for groups, or null for "no value"',
};

export function list(items: OptionSchema, words: string): OptionSchema {
  return { type: 'array', items, minItems: 1, 'x-type': words };
}

export function map(values: OptionSchema, words: string): OptionSchema {
  return { type: 'object', additionalProperties: values, minProperties: 1, 'x-type': words };
}

/** Of options that need not be there `x-default` says so. */
export function options(properties: Record<string, OptionSchema>, required: readonly string[] = []): OptionSchema {
  for (const [name, schema] of Object.entries(properties)) {
    if (!required.includes(name)) properties[name] = { 'x-default': 'none', ...schema };
  }
  return { type: 'object', properties, required, additionalProperties: false, 'x-type': 'a map of keys and values' };
}

export const columnNames = list(text, 'a list of column names, at least one');
export const columnsOrAll: OptionSchema = {
  anyOf: [{ const: 'all' }, columnNames],
  'x-type': 'all, or a list of column names',
};
const CHANGED = 'Columns whose values are changed.';
export const changedColumns: OptionSchema = { ...columnNames, description: CHANGED };
export const changedOrAll: OptionSchema = { ...columnsOrAll, description: CHANGED, 'x-default': 'all' };
export const datePattern: OptionSchema = {
  type: 'string',
  'x-type': 'a pattern of strftime such as %d/%m/%Y, or iso',
  'x-pattern': 'date',
};
export const outputPattern: OptionSchema = {
  type: 'string',
  'x-type': 'a pattern of strftime such as %Y-%m-%d',
  'x-pattern': 'date',
};

export function onError(fallback: string): OptionSchema {
  return {
    type: 'string',
    enum: ['keep', 'null', 'reject'],
    description:
      'What becomes of a value that does not fit: it stays as it is, becomes null, or makes its row a reject with the reason.',
    'x-default': fallback,
  };
}

const bound: OptionSchema = {
  anyOf: [{ type: 'number' }, text],
  'x-type': 'a number, compared as such, or text, compared letter by letter as dates in ISO 8601 want',
};

/** Conditions may hold conditions: whoever walks through this schema must expect to meet it again. */
const conditionProperties: Record<string, OptionSchema> = {
  column: { ...text, description: 'Column that is looked at.' },
  equals: { ...text, description: 'The text is this one.' },
  in: { ...list(text, 'a list of text, at least one'), description: 'The text is one of these.' },
  matches: { ...regex, description: 'The expression is found in the text.' },
  empty: { type: 'boolean', description: 'Whether there is no value, or no text in it.' },
  less_than: { ...bound, description: 'The value is below.' },
  at_most: { ...bound, description: 'The value is below, or the same.' },
  greater_than: { ...bound, description: 'The value is above.' },
  at_least: { ...bound, description: 'The value is above, or the same.' },
};
const comparisons = Object.keys(conditionProperties).filter(name => name !== 'column');
export const condition: OptionSchema = {
  ...options(conditionProperties),
  'x-oneOf': ['column', 'and', 'or', 'not'],
  'x-needs': { column: comparisons, ...Object.fromEntries(comparisons.map(name => [name, ['column']])) },
  'x-type': 'a condition, a map of keys and values',
};
const conditions = list(condition, 'a list of conditions, at least one');
conditionProperties['and'] = { ...conditions, description: 'All of these hold.', 'x-default': 'none' };
conditionProperties['or'] = { ...conditions, description: 'One of these holds.', 'x-default': 'none' };
conditionProperties['not'] = { ...condition, description: 'This one does not hold.', 'x-default': 'none' };

export const fileInFolder: OptionSchema = {
  ...text,
  'x-type': 'the path of a file, from the folder config/<dataset>/',
};
