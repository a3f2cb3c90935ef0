import Type, { type Static, type TSchemaOptions } from 'typebox';
import { transformSchema } from './transform-schema.ts';

// The keys of a dataset's YAML: type, default and meaning in one place. config/schema.json, config/README.md and the words
// of error messages are made from it. `x-type` says the type where the schema alone reads badly, `x-default` the default
// where it is no constant.

const DURATION = '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$';
const SIZE = '^(?=.*[1-9])[0-9]+(\\.[0-9]+)?[bkmgtBKMGT]?$';

const duration = (options: TSchemaOptions) =>
  Type.String({ pattern: DURATION, 'x-type': 'a duration such as 500ms, 30s, 5m, 1h or 2d', ...options });
const size = (options: TSchemaOptions) =>
  Type.String({ pattern: SIZE, 'x-type': 'a size such as 512m or 2g', ...options });
const folder = (options: TSchemaOptions) => Type.String({ minLength: 1, 'x-type': 'the path of a folder', ...options });
const words = (options: TSchemaOptions) =>
  Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String())], {
    'x-type': 'text, split like a shell does, or a list of text',
    ...options,
  });
const character = (options: TSchemaOptions) =>
  Type.String({ minLength: 1, maxLength: 1, 'x-type': 'one character', ...options });

/** Endings of what the default ETL reads; each may be compressed, with `.gz` or `.zst` after it, or stand in a `.zip`. */
export const FORMATS = [
  'csv',
  'tsv',
  'xls',
  'xlsx',
  'xlsm',
  'ods',
  'json',
  'geojson',
  'ndjson',
  'jsonl',
  'xml',
  'parquet',
] as const;

export const dockerOptionsSchema = Type.Object(
  {
    network: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Network the container joins; `host` shares the host’s, `none` gives it none.',
        'x-default':
          '`host` for an Elasticsearch on loopback, else Docker’s bridge; in compose the orchestrator’s own network',
      }),
    ),
    memory: Type.Optional(
      size({
        description: 'Memory limit, swap included; a run that needs more ends as out of memory.',
        'x-default': 'no limit',
      }),
    ),
    cpus: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description: 'Most CPU cores at once, such as 1.5.',
        'x-default': 'no limit',
      }),
    ),
    user: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$',
        'x-type': 'a user, or user:group, in quotes, such as "1000:1000"',
        description: 'User of the process in the container.',
        'x-default': 'the file’s owner; an orchestrator that is not root uses its own',
      }),
    ),
    volumes: Type.Optional(
      Type.Array(
        Type.String({
          pattern: '^[^:]+:/[^:]*(:(ro|rw))?$',
          'x-type': 'text such as ./tables:/tables:ro, the path in the container absolute',
        }),
        {
          'x-type': 'a list of `host-path:container-path`, with `:ro` for read-only',
          description: 'More mounts beside /data, /config and /work. Relative host paths are from the project’s root.',
          'x-default': 'none',
        },
      ),
    ),
    pull: Type.Optional(
      Type.Enum(['missing', 'always', 'never'], {
        default: 'missing',
        description: 'When the image is pulled: if it is not there, before each run, or never.',
      }),
    ),
    read_only: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'Whether the root file system is read-only; /work and /tmp stay writable.',
      }),
    ),
    cap_add: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'Linux capabilities to give back; all are dropped unless named here.',
        'x-default': 'none',
      }),
    ),
    gpus: Type.Optional(
      Type.Union([Type.Literal('all'), Type.Integer({ minimum: 1 })], {
        'x-type': '`all` or how many, 1 or more',
        description: 'GPUs the container may use.',
        'x-default': 'none',
      }),
    ),
    entrypoint: Type.Optional(words({ description: 'Instead of the image’s entrypoint.', 'x-default': 'the image’s' })),
    tmpfs_size: Type.Optional(size({ default: '64m', description: 'Size of the memory file system at /tmp.' })),
    pids: Type.Optional(
      Type.Integer({ minimum: 1, default: 1024, description: 'Most processes and threads at once.' }),
    ),
    hostname: Type.Optional(
      Type.String({ minLength: 1, description: 'Host name inside the container.', 'x-default': 'Docker’s' }),
    ),
    extra_hosts: Type.Optional(
      Type.Array(Type.String({ pattern: '^[^:]+:.+$', 'x-type': 'text such as db:10.0.0.5' }), {
        'x-type': 'a list of `name:address`',
        description: 'More names that resolve inside the container.',
        'x-default': 'none',
      }),
    ),
    labels: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        'x-type': 'a map of text to text',
        description: 'More labels on the container, beside the orchestrator’s own.',
        'x-default': 'none',
      }),
    ),
  },
  { additionalProperties: false },
);

export const extractSchema = Type.Object(
  {
    format: Type.Optional(
      Type.Enum([...FORMATS], {
        description: 'Format of the files, instead of what their name says.',
        'x-default': 'by the file’s name',
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
        'x-default': 'found out',
        description: 'Whether blanks behind a delimiter, and around quotes, are no part of the cells: `a, "b" ,c`.',
      }),
    ),
    skip_rows: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'Rows left out at the top, before the header.',
        'x-default': '0; in CSV titles and notes above the table are detected',
      }),
    ),
    skip_footer: Type.Optional(Type.Integer({ minimum: 0, default: 0, description: 'Rows left out at the end.' })),
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
        'x-default': 'found out: the list, or the element that comes up again, that takes most of the file',
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
        description: 'Mappings for indices that are created, such as `properties: {DATE: {type: date}}`.',
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

export const backoffSchema = Type.Object(
  {
    first: Type.Optional(duration({ default: '1s', description: 'Pause before the second attempt.' })),
    factor: Type.Optional(
      Type.Number({ minimum: 1, default: 2, description: 'Each further pause is this many times longer.' }),
    ),
    max: Type.Optional(duration({ default: '5m', description: 'No pause is longer.' })),
  },
  { additionalProperties: false },
);

const scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean()], {
  'x-type': 'text, a number, true or false',
});

export const settingsSchema = Type.Object(
  {
    WATCH_DIR: folder({
      description:
        'Folder to watch. A relative path is from the project’s root. It is created before it is first watched; later a missing folder is an error, not an empty one.',
      examples: ['./data/in/sales'],
    }),
    WATCH_REGEX: Type.String({
      minLength: 1,
      default: `\\.(${[...FORMATS, 'zip'].join('|')})(\\.(gz|zst))?$`,
      'x-type': 'a regular expression in RE2 syntax, best in single quotes',
      description:
        'Which files are taken: those whose path relative to WATCH_DIR, with `/`, has a match anywhere; upper and lower case are the same. The default is every format the default ETL reads.',
      examples: ['^sales_.*\\.csv$'],
    }),
    RECURSIVE: Type.Boolean({ default: true, description: 'Whether files in folders below WATCH_DIR are taken too.' }),
    WATCH_MODE: Type.Enum(['auto', 'events', 'poll'], {
      default: 'auto',
      description:
        'How new files are noticed: by the kernel’s events, or by listing the folder every few seconds, as network mounts need. `auto` looks at the file system’s type.',
    }),
    SETTLE_MS: Type.Optional(
      Type.Integer({
        minimum: 0,
        'x-type': 'milliseconds, a whole number, 0 or more',
        description: 'Quiet time after the last write before a file is taken.',
        'x-default': '0 where open writers can be seen, else 2000',
      }),
    ),
    READY_MARKER: Type.Optional(
      Type.String({
        pattern: '^[^/]+$',
        'x-type': 'a suffix such as .ok',
        description:
          'A file is taken only when `<file><suffix>` is there too. The marker is moved or removed with its file.',
        'x-default': 'none',
      }),
    ),
    EXISTING: Type.Enum(['process', 'ignore'], {
      default: 'process',
      description: 'What happens to files that were there before the dataset was first watched.',
    }),
    ORDER: Type.Enum(['arrival', 'name', 'mtime'], {
      default: 'arrival',
      description: 'In which order waiting files run. With CONCURRENCY 1 it is strict.',
    }),
    DOCKER_IMAGE: Type.Optional(
      Type.String({
        minLength: 1,
        'x-type': 'the name of an image',
        description: 'Image to run, one container a file.',
        'x-default': 'the default ETL’s image',
      }),
    ),
    COMMAND: Type.Optional(
      words({
        description:
          'A program or script to run as a process instead of an image. It gets the arguments folder (ending in /), action, file name and config file. A relative path is from the project’s root.',
        'x-default': 'none',
      }),
    ),
    RUNNER: Type.Enum(['auto', 'docker', 'process'], {
      default: 'auto',
      description:
        'Whether files are processed in containers or in processes. `auto`: containers if COMMAND is not set, a Docker engine answers, and the image is there or DOCKER_IMAGE is set.',
    }),
    PARAMETERS: Type.Optional(
      words({
        description: 'Arguments. `{file}`, `{name}`, `{dataset}` and `{run}` are filled in.',
        'x-default': 'none',
      }),
    ),
    DOCKER_OPTIONS: Type.Optional(
      Type.Object(dockerOptionsSchema.properties, {
        additionalProperties: false,
        description: 'How containers are started. The defaults are safe ones.',
        'x-default': 'as below',
      }),
    ),
    ENV: Type.Optional(
      Type.Record(Type.String(), scalar, {
        'x-type': 'a map of names to text, numbers, true or false',
        description: 'More environment variables for the container or process.',
        'x-default': 'none',
      }),
    ),
    RUN_PER: Type.Enum(['file', 'folder'], {
      default: 'file',
      description:
        'One run for each file, or one for all files that wait: then FILE is the folder, and FILES names a list of them.',
    }),
    CONCURRENCY: Type.Integer({ minimum: 1, default: 2, description: 'Most runs of this dataset at once.' }),
    PRIORITY: Type.Integer({ default: 0, description: 'Datasets with a higher number go first.' }),
    WARM: Type.Integer({
      minimum: 0,
      default: 0,
      description:
        'Containers kept started, each waiting for its one file: that saves the time a start takes. The image must be one that can wait, as the default one is.',
    }),
    TIMEOUT: duration({
      default: '1h',
      description: 'An attempt that takes longer is stopped and counts as failed. At most 24d.',
    }),
    RETRIES: Type.Integer({
      minimum: 0,
      default: 3,
      description: 'How often a failed run is tried again: n means n + 1 attempts.',
    }),
    BACKOFF: Type.Optional(
      Type.Union([duration({}), Type.Object(backoffSchema.properties, { additionalProperties: false })], {
        'x-type': 'a duration, or a map of first, factor and max',
        description: 'Pause before a failed run is tried again. A duration alone is `first`.',
        'x-default': '`{first: 1s, factor: 2, max: 5m}`',
      }),
    ),
    ON_CHANGE: Type.Enum(['replace', 'append'], {
      description:
        'What a new version of a file does to the rows of the old one: replace them, or stand beside them. A file changed in place is always replaced.',
      'x-default': 'replace; append where BACKUP_FILE or REMOVE_FILE is true',
    }),
    ON_DELETE: Type.Enum(['keep', 'remove'], {
      default: 'keep',
      description: 'What happens to the rows of a file that is deleted.',
    }),
    BACKUP_FILE: Type.Boolean({
      default: false,
      description: 'Move the file to BACKUP_DIR once every row is accounted for. Never before, and never over another.',
    }),
    BACKUP_DIR: Type.Optional(
      folder({
        description: 'Where backups go, in a folder per dataset. A relative path is from the project’s root.',
        'x-default': 'DATA_DIR/backup',
      }),
    ),
    REMOVE_FILE: Type.Boolean({
      default: false,
      description: 'Remove the file once every row is accounted for. With BACKUP_FILE it is moved instead.',
    }),
    QUARANTINE_DIR: Type.Optional(
      Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
        'x-type': 'the path of a folder, or null',
        description:
          'Where a file goes that can never succeed, with `<file>.error.json` beside it. null leaves it in place.',
        'x-default': 'DATA_DIR/quarantine',
      }),
    ),
    RECEIPT: Type.Boolean({
      default: false,
      description:
        'Write `<file>.receipt.json` (rows, rejects, time, run) beside the file, or its backup, for people who only see the folder.',
    }),
    EXTRACT: Type.Optional(
      Type.Object(extractSchema.properties, {
        additionalProperties: false,
        description: 'How the default ETL reads files.',
        'x-default': 'all found out by itself',
      }),
    ),
    TRANSFORM: Type.Unsafe<Array<string | Record<string, unknown>>>(transformSchema),
    LOAD: Type.Object(loadSchema.properties, {
      additionalProperties: false,
      description: 'Where the rows go, and how.',
      'x-default': 'as below',
    }),
    DEBUG: Type.Boolean({ default: false, description: 'Whether this dataset’s log level is debug.' }),
  },
  { additionalProperties: false },
);

export type Settings = Static<typeof settingsSchema>;
export type DockerOptions = Static<typeof dockerOptionsSchema>;
