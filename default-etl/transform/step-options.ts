// The steps of TRANSFORM and their options, as JSON Schema: what the orchestrator checks and documents, and what this program takes, are one text.
// Imports nothing, so that contract.ts can hand it on.

/** JSON Schema, as far as the options of steps need it. `x-type` says the type in words, `x-default` the default, `x-pattern` what a text is read as. */
export interface OptionSchema {
  type?: 'string' | 'number' | 'boolean' | 'null' | 'array' | 'object';
  const?: unknown;
  enum?: readonly string[];
  anyOf?: readonly OptionSchema[];
  items?: OptionSchema;
  minItems?: number;
  properties?: Readonly<Record<string, OptionSchema>>;
  required?: readonly string[];
  additionalProperties?: OptionSchema | false;
  minProperties?: number;
  description?: string;
  'x-type'?: string;
  'x-default'?: string;
  'x-pattern'?: 'regex' | 'replacement' | 'date' | 'template';
}

/** What there is to say about a step. */
export interface StepSchema {
  description: string;
  /** YAML of one item of TRANSFORM. */
  example: string;
  /** Undefined where the step has none; `name` alone is then all of it. */
  options?: OptionSchema;
  /** Whether the name alone, without options, is a step too. */
  bare?: boolean;
}

const text: OptionSchema = { type: 'string', 'x-type': 'text' };
const regex: OptionSchema = {
  type: 'string',
  'x-type': 'a regular expression in RE2 syntax, best in single quotes',
  'x-pattern': 'regex',
};
const textOrNull: OptionSchema = { anyOf: [text, { type: 'null' }], 'x-type': 'text, or null' };
const replacement: OptionSchema = {
  anyOf: [{ type: 'string', 'x-pattern': 'replacement' }, { type: 'null' }],
  'x-type': 'text, with \\1 to \\9 or \\g<name> for groups, or null for "no value"',
};

function list(items: OptionSchema, words: string): OptionSchema {
  return { type: 'array', items, minItems: 1, 'x-type': words };
}

function map(values: OptionSchema, words: string): OptionSchema {
  return { type: 'object', additionalProperties: values, minProperties: 1, 'x-type': words };
}

function options(properties: Record<string, OptionSchema>, required: readonly string[] = []): OptionSchema {
  return { type: 'object', properties, required, additionalProperties: false, 'x-type': 'a map of keys and values' };
}

const columnNames = list(text, 'a list of column names, at least one');
const columnsOrAll: OptionSchema = {
  anyOf: [{ const: 'all' }, columnNames],
  'x-type': 'all, or a list of column names',
};
const datePattern: OptionSchema = {
  type: 'string',
  'x-type': 'a pattern of strftime such as %d/%m/%Y, or iso',
  'x-pattern': 'date',
};
const outputPattern: OptionSchema = {
  type: 'string',
  'x-type': 'a pattern of strftime such as %Y-%m-%d',
  'x-pattern': 'date',
};

function onError(fallback: string): OptionSchema {
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

/** How deep conditions are described; deeper ones are checked all the same. */
const CONDITION_DEPTH = 2;

function condition(depth: number): OptionSchema {
  const comparisons: Record<string, OptionSchema> = {
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
  if (depth === 0) return options(comparisons);
  const inner = condition(depth - 1);
  return options({
    ...comparisons,
    and: { ...list(inner, 'a list of conditions'), description: 'All of these hold.' },
    or: { ...list(inner, 'a list of conditions'), description: 'One of these holds.' },
    not: { ...inner, 'x-type': 'a condition', description: 'This one does not hold.' },
  });
}

const fileInFolder: OptionSchema = {
  ...text,
  'x-type': 'the path of a file, from the folder config/<dataset>/',
};

/** By name, in the order in which they are explained. */
export const STEP_SCHEMAS: Readonly<Record<string, StepSchema>> = {
  minimal: {
    description:
      'What the original did by itself: headers are trimmed and upper-cased, accents kept; of equal names the last wins; cells that are exactly empty become null.',
    example: '- minimal',
    bare: true,
  },
  header: {
    description: 'Trims the columns’ names, and changes their case. Of names that become equal the last wins.',
    example: '- header: {trim: true, case: upper}',
    options: options({
      trim: { type: 'boolean', description: 'Whether blanks at both ends go.', 'x-default': 'true' },
      case: {
        type: 'string',
        enum: ['upper', 'lower', 'capitalise', 'keep'],
        description: 'Case of the names; `capitalise` is one capital, the rest small.',
        'x-default': 'keep',
      },
    }),
  },
  rename: {
    description:
      'Gives columns other names: those in `map`, and in all other names what the expressions of `regex` find. Of names that become equal the last wins. A name of `map` that is not there is a warning.',
    example: "- rename: {map: {Montant HT: MONTANT}, regex: {' +': _}}",
    options: options({
      map: { ...map(text, 'a map of names to new names'), description: 'New names of columns.' },
      regex: {
        ...map(
          { type: 'string', 'x-pattern': 'replacement', 'x-type': 'text' },
          'a map of regular expressions (RE2) to text',
        ),
        description:
          'What is replaced within names. Expressions are looked for in the name as it was; those found are applied in order.',
      },
    }),
  },
  strip: {
    description:
      'Takes the blanks at both ends of the values, no-break spaces too. A column that is not there is a warning.',
    example: '- strip: [DEPARTEMENT]',
    options: columnsOrAll,
  },
  replace: {
    description:
      'Replaces text within values. What is looked for, is so in the value as it was; what is found, is replaced in order, `text` first.',
    example: "- replace: {columns: [TEL], text: {'+33 ': '0'}, regex: {'[ .]': ''}}",
    options: options({
      columns: { ...columnsOrAll, 'x-default': 'all' },
      text: {
        ...map(textOrNull, 'a map of text to text, or to null'),
        description: 'Literal text and what stands in its place; null makes the whole value null.',
      },
      regex: {
        ...map(replacement, 'a map of regular expressions (RE2) to text, or to null'),
        description: 'Expressions and what stands in the place of what they find; null makes the whole value null.',
      },
    }),
  },
  null_values: {
    description: 'Values that mean "missing" become null. Only a whole value counts, to the letter.',
    example: '- null_values: ["", NA, n.d.]',
    options: {
      anyOf: [
        list(text, 'a list of text, at least one'),
        options(
          {
            values: { ...list(text, 'a list of text, at least one'), description: 'What means "missing".' },
            columns: { ...columnsOrAll, 'x-default': 'all' },
          },
          ['values'],
        ),
      ],
      'x-type': 'a list of text, or a map of values and columns',
    },
  },
  decimal_comma: {
    description:
      'Numbers as the French write them become numbers with a point: `1 234,56` (with blanks or no-break spaces between the thousands) and `1.234,56` are `1234.56`. Without a comma, a single point stays a decimal point.',
    example: '- decimal_comma: [MONTANT]',
    options: {
      anyOf: [columnNames, options({ columns: columnNames, on_error: onError('keep') }, ['columns'])],
      'x-type': 'a list of column names, or a map of columns and on_error',
    },
  },
  parse_dates: {
    description:
      'Reads dates by their pattern and writes them another way. Month names are taken in French and English; years of two digits are 1969 to 2068. No value, or nothing but blanks, is null.',
    example: "- parse_dates: {columns: [DATE], format: '%d/%m/%Y'}",
    options: {
      anyOf: [
        columnNames,
        options(
          {
            columns: { ...columnNames },
            format: {
              anyOf: [datePattern, list(datePattern, 'a list of patterns')],
              'x-type': 'a pattern of strftime such as %d/%m/%Y, or iso, or a list of them: the first that fits counts',
              'x-default': '`[iso, "%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S"]`',
            },
            output: {
              ...outputPattern,
              description: 'How it is written.',
              'x-default': '`%Y-%m-%d`, and `%Y-%m-%dT%H:%M:%S` for a value with a time',
            },
            on_error: onError('reject'),
          },
          ['columns'],
        ),
      ],
      'x-type': 'a list of column names, or a map of columns, format, output and on_error',
    },
  },
  format_dates: {
    description: 'Writes dates that are in ISO 8601, as in workbooks, another way.',
    example: "- format_dates: {columns: [DATE], format: '%d/%m/%Y'}",
    options: options(
      {
        columns: { ...columnNames },
        format: { ...outputPattern, 'x-default': '`%Y-%m-%d`' },
        on_error: onError('reject'),
      },
      ['columns'],
    ),
  },
  merge: {
    description:
      'Adds the columns of a reference file in config/<dataset>/, in any format the ETL reads, to the rows whose key is in it. A key that is twice in the reference is an error. With `how: inner` rows without a match are filtered, and counted.',
    example: '- merge: {file: communes.csv, on: CODE, how: left}',
    options: options(
      {
        file: fileInFolder,
        on: {
          anyOf: [text, columnNames],
          'x-type': 'a column name, or a list of them',
          description: 'Key columns, by their name in both.',
        },
        reference_on: {
          anyOf: [text, columnNames],
          'x-type': 'a column name, or a list of them',
          description: 'Key columns of the reference, where their names differ; they are not added.',
          'x-default': 'as `on`',
        },
        how: { type: 'string', enum: ['inner', 'left'], 'x-default': 'inner' },
        columns: { ...columnNames, description: 'Columns of the reference that are added.', 'x-default': 'all' },
        suffixes: {
          ...list(text, 'a list of two texts'),
          description: 'What is appended to names that both have: in the file, in the reference.',
          'x-default': '`[_x, _y]`',
        },
        header: {
          type: 'string',
          enum: ['minimal', 'keep'],
          description: 'Names of the reference’s columns: as `minimal` makes them, or as they stand.',
          'x-default': 'minimal',
        },
        extract: {
          type: 'object',
          'x-type': 'a map, as EXTRACT',
          description: 'How the reference is read.',
          'x-default': 'all found out by itself',
        },
      },
      ['file', 'on'],
    ),
  },
  drop: {
    description: 'Leaves columns out. One that is not there is a warning.',
    example: '- drop: [COMMENTAIRE]',
    options: columnNames,
  },
  select: {
    description: 'Keeps these columns alone, in this order.',
    example: '- select: [SIREN, NOM]',
    options: columnNames,
  },
  add: {
    description:
      'Adds columns: a constant, or a text in which `{COLUMN}` is that column’s value (`{{` is a brace). Where one of those has no value, the new one has none. A column of that name is replaced.',
    example: "- add: {PAYS: France, CODE: '{DEPARTEMENT}-{COMMUNE}'}",
    options: map({ type: 'string', 'x-type': 'text', 'x-pattern': 'template' }, 'a map of names to text'),
  },
  filter: {
    description:
      'Keeps the rows that meet a condition; the others are filtered, and counted. Several keys of one condition all have to hold; but for `empty: true`, no value meets nothing.',
    example: "- filter: {or: [{column: PAYS, equals: FR}, {column: CODE, matches: '^97'}]}",
    options: condition(CONDITION_DEPTH),
  },
  deduplicate: {
    description:
      'Of rows with equal values the first stays; the others are filtered, and counted. 12 bytes of SHA-256 are remembered of each row, within one file.',
    example: '- deduplicate: [SIREN, DATE]',
    options: columnsOrAll,
    bare: true,
  },
  types: {
    description:
      'Values become JSON numbers, true or false instead of text. `007` is 7, `1.0` a whole number; true and false are also vrai, oui, yes, 1 and faux, non, no, 0. No value, or nothing but blanks, is null.',
    example: '- types: {columns: {AGE: integer, MONTANT: number, ACTIF: boolean}}',
    options: options(
      {
        columns: map(
          { type: 'string', enum: ['integer', 'number', 'boolean', 'text'] },
          'a map of column names to types',
        ),
        on_error: onError('reject'),
      },
      ['columns'],
    ),
  },
  module: {
    description:
      'A step of your own: a TypeScript or JavaScript file in config/<dataset>/ that exports a function `step(row, context)`, which returns the row, or null to filter it. What it throws makes the row a reject.',
    example: '- module: ./my-step.ts',
    options: {
      anyOf: [
        fileInFolder,
        options(
          {
            file: fileInFolder,
            options: {
              'x-type': 'anything',
              description: 'Handed to the function, in context.options.',
              'x-default': 'none',
            },
          },
          ['file'],
        ),
      ],
      'x-type': 'the path of a file, or a map of file and options',
    },
  },
};
