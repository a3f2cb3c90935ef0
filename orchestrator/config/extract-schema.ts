import Type from 'typebox';
import { FORMAT_WORDS } from '../../default-etl/contract/contract.ts';
import { character, size, words } from './schema-types.ts';

/** EXTRACT. */
export const extractSchema = Type.Object(
  {
    format: Type.Optional(
      Type.Enum([...FORMAT_WORDS], {
        description: 'Format of the files, instead of what their content and name say.',
        'x-default': 'by the file’s content and name',
      }),
    ),
    encoding: Type.Optional(
      Type.String({
        minLength: 1,
        'x-type': 'the name of an encoding such as utf-8, windows-1252 or latin1',
        description: 'Encoding of text files.',
        'x-default':
          'by the file’s byte order mark, else UTF-8 where all of it is valid, else what its letters look like',
      }),
    ),
    delimiter: Type.Optional(
      Type.String({
        minLength: 1,
        'x-type': 'the text between two fields, mostly one character; a tab is "\\t" in double quotes',
        description: 'What separates the fields of a CSV file.',
        'x-default': 'detected, file by file',
      }),
    ),
    quote: Type.Optional(
      Type.Union([character({}), Type.Literal(false)], {
        'x-type': 'one character, or false for none',
        description: 'What encloses a CSV field that holds delimiters or line breaks.',
        'x-default': 'detected, file by file',
      }),
    ),
    escape: Type.Optional(
      character({
        description: 'What stands before a quote inside a quoted CSV field.',
        'x-default': 'the quote, doubled, or what is detected',
      }),
    ),
    header: Type.Optional(
      Type.Union([Type.Boolean(), Type.Array(Type.String(), { minItems: 1 })], {
        'x-type': 'true, false, or a list of names',
        description:
          'Whether the first row names the columns; a list gives the names of a file that has none. `false` names them 0, 1, 2….',
        'x-default': 'true, or what is detected',
      }),
    ),
    skip_blanks: Type.Optional(
      Type.Boolean({
        'x-default': 'detected, file by file',
        description: 'Whether blanks behind a delimiter, and around quotes, are no part of the cells: `a, "b" ,c`.',
      }),
    ),
    skip_rows: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'Rows left out at the top, before the header.',
        'x-default': '0; in CSV and workbooks titles and notes above the table are detected',
      }),
    ),
    limits: Type.Optional(
      Type.Object(
        {
          columns: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 1_000_000,
              default: 20_000,
              description: 'Columns of all rows together. Elasticsearch takes 20,000 fields in an index made here.',
            }),
          ),
          cells: Type.Optional(
            Type.Integer({
              minimum: 1,
              default: 50_000_000,
              description:
                'Rows times columns, empty cells included, that a file of any size may have; a larger one may have 200 for each of its bytes.',
            }),
          ),
          row_size: Type.Optional(
            size({
              default: '64m',
              description: 'Bytes of one record of CSV, JSON or XML. Not much more than 256m can be held.',
            }),
          ),
          unpacked_size: Type.Optional(
            size({
              default: '1g',
              description:
                'What a packed file, or a member of a zip, may always unpack to. Beyond it no more than 200 times its size.',
            }),
          ),
        },
        {
          additionalProperties: false,
          'x-default': 'as its keys say',
          description:
            'What a file may become at most; beyond it is quarantined with what to set. The usual limits refuse no file that people make.',
        },
      ),
    ),
    min_confidence: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        'x-default': 'none: what is less sure than 0.6 is loaded, and the run is `done, to check`',
        description:
          'A file is quarantined where something that was found out of how it is read, such as the sheet, the delimiter or the encoding, is less sure than this, from 0 to 1. What EXTRACT says is certain. What only the rows show is told, not refused.',
      }),
    ),
    skip_footer: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'Rows left out at the end. 0 keeps all.',
        'x-default': '0; in CSV and workbooks notes below the table are detected',
      }),
    ),
    sheet: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0 }), Type.String({ minLength: 1 })], {
        'x-type': 'a position from 0, the name of a sheet, or `all`',
        description: 'Which sheet of a workbook is read; a sheet whose name is a number goes in quotes.',
        'x-default': '0, the first',
      }),
    ),
    columns: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        'x-type': 'a list of names, at least one',
        description: 'Columns to keep, by their name in the file or the final one; the others are not loaded.',
        'x-default': 'all',
      }),
    ),
    record_path: Type.Optional(
      Type.Array(Type.String(), {
        'x-type': 'a list of names, outermost first',
        description:
          'Where the records are: in JSON the keys that lead to their list, such as `[data, items]`; in XML the names of the elements down to the one that is a record, such as `[export, rows, row]`.',
        'x-default': 'detected: the list, or the element that comes up again, that takes most of the file',
      }),
    ),
    members: Type.Optional(
      words({
        'x-type': 'a glob or a list of globs',
        description:
          'Which members of an archive are read, one after the other: `*` and `?` do not cross a `/`, `**` does; without a `/` the glob is about the name alone. Case does not matter.',
        'x-default': 'those with the ending of a table',
        examples: ['*_2024.csv'],
      }),
    ),
  },
  { additionalProperties: false },
);
