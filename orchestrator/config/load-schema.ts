import Type from 'typebox';

/** LOAD. */
export const loadSchema = Type.Object(
  {
    target: Type.Optional(
      Type.Enum(['elasticsearch', 'lake'], {
        description:
          'Where the rows go: an Elasticsearch index, or the embedded lake (one Parquet file per input file, in DATA_DIR/lake).',
        'x-default': 'elasticsearch where ELASTICSEARCH_NODE is set, else lake',
      }),
    ),
    index: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Index (with `overwrite` the alias) the rows go to.',
        'x-type': 'the name of an index, lower case',
        'x-default': 'the dataset’s name',
      }),
    ),
    id: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        'x-type': 'a list of column names, at least one',
        description:
          'Columns whose values identify a row, by their final name: of rows with equal values the later file, then the later row, wins, across all files. Nothing is taken back when a file changes or goes.',
        'x-default': 'the file and the row’s number',
      }),
    ),
    date_suffix: Type.Optional(
      Type.String({
        'x-type': 'text in strftime form such as _%Y_%m',
        description: 'Appended to the index’s name: the time the file was first seen, in UTC, in strftime form.',
        'x-default': 'none',
      }),
    ),
    aliases: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        'x-type': 'a list of names, lower case',
        description:
          'Further names of the index, such as one for all months of `date_suffix`. With `overwrite` they move to the new index together with its own.',
        'x-default': 'none',
      }),
    ),
    overwrite: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Each file replaces the whole index: a new one is built beside it and takes its place at once.',
      }),
    ),
    mappings: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        'x-type': 'a map, as Elasticsearch’s mappings',
        description:
          'Mappings for indices that are created, of the columns by their names: `DATE: {type: date}`, or `properties: {DATE: {type: date}}` as Elasticsearch has them.',
        'x-default': 'what `types` says',
      }),
    ),
    types: Type.Optional(
      Type.Enum(['inferred', 'text'], {
        default: 'inferred',
        description:
          'What columns without a declared mapping are: `inferred` from the file (numbers, dates, true and false, positions, keywords, long text; a value that does not fit stays in the document, no row is rejected for it), or all `text` with a keyword sub-field. The documents are the same.',
      }),
    ),
    source_columns: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Add the columns SOURCE_FILE, SOURCE_RUN and SOURCE_ROW to each document.',
      }),
    ),
    max_rejects: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^[0-9]+(\\.[0-9]+)?%$' })], {
        'x-type': 'how many rows, 0 or more, or a share such as 5%',
        description: 'With more rejected rows than this the file is taken back and quarantined.',
        'x-default': 'any number, as long as one row is loaded',
      }),
    ),
    compress: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Send the rows to Elasticsearch packed with gzip: for a network slower than about 200 Mbit/s; it doubles the CPU time of a load.',
      }),
    ),
  },
  { additionalProperties: false },
);
