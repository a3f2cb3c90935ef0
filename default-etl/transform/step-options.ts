// The steps of TRANSFORM and their options, as JSON Schema: what the orchestrator checks and documents, and what this
// program takes, are one text. Imports nothing but its parts, so that contract/contract.ts can hand it on.

import {
  changedColumns,
  changedOrAll,
  columnNames,
  columnsOrAll,
  condition,
  datePattern,
  fileInFolder,
  list,
  map,
  onError,
  options,
  outputPattern,
  replacement,
  text,
  textOrNull,
  type OptionSchema,
} from './option-schema.ts';

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

/** By name, in the order in which they are explained. */
export const STEP_SCHEMAS: Readonly<Record<string, StepSchema>> = {
  minimal: {
    description:
      'What the original did by itself: headers are trimmed and upper-cased, accents kept; of names that become equal the last wins, which a warning says; cells that are exactly empty become null.',
    example: '- minimal',
    bare: true,
  },
  header: {
    description:
      'Trims the columns’ names, and changes their case. Of names that become equal the last wins, which a warning says.',
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
      'Gives columns other names: those in `map`, and in all other names what the expressions of `regex` find. Of names that become equal the last wins, which a warning says. A name of `map` that is not there is a warning.',
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
      columns: changedOrAll,
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
            columns: changedOrAll,
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
      anyOf: [columnNames, options({ columns: changedColumns, on_error: onError('keep') }, ['columns'])],
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
            columns: changedColumns,
            format: {
              anyOf: [datePattern, list(datePattern, 'a list of patterns')],
              'x-type': 'a pattern of strftime such as %d/%m/%Y, or iso, or a list of them: the first that fits counts',
              'x-default': '`[iso, "%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S"]`',
              description: 'How the dates are written in the file.',
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
        columns: changedColumns,
        format: { ...outputPattern, description: 'How it is written.', 'x-default': '`%Y-%m-%d`' },
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
        file: { ...fileInFolder, description: 'The file.' },
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
        how: {
          type: 'string',
          enum: ['inner', 'left'],
          description: 'What becomes of rows without a match: `inner` filters them, `left` keeps them.',
          'x-default': 'inner',
        },
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
          'x-default': 'all detected',
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
    options: condition,
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
        columns: {
          ...map(
            { type: 'string', enum: ['integer', 'number', 'boolean', 'text'] },
            'a map of column names to integer, number, boolean or text',
          ),
          description: 'What the values become.',
        },
        on_error: {
          type: 'string',
          enum: ['null', 'reject'],
          description:
            'What becomes of a value that does not fit: null, or its row is a reject with the reason. Text cannot stay among JSON numbers.',
          'x-default': 'reject',
        },
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
            file: { ...fileInFolder, description: 'The file.' },
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
