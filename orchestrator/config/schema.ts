import Type, { type Static } from 'typebox';
import { FORMAT_WORDS } from '../../default-etl/contract/contract.ts';
import { extractSchema } from './extract-schema.ts';
import { loadSchema, type LoadSettings } from './load-schema.ts';
import { RUNNER_KINDS, runnerKeys } from './runners.ts';
import { duration, folder, size, words } from './schema-types.ts';
import { transformSchema } from './transform-schema.ts';

// The keys of a dataset's YAML: type, default and meaning in one place. config/schema.json, config/README.md and the words
// of error messages are made from it. `x-type` says the type where the schema alone reads badly, `x-default` the default
// where it is no constant.

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
      default: `\\.(${[...FORMAT_WORDS, 'zip'].join('|')})(\\.(gz|zst))?$`,
      'x-type': 'a regular expression in RE2 syntax, best in single quotes',
      description:
        'Which files are taken: those whose path relative to WATCH_DIR, with `/`, has a match anywhere; upper and lower case are the same. The default is every format the default ETL reads.',
      examples: ['^sales_.*\\.csv$'],
    }),
    RECURSIVE: Type.Boolean({ default: true, description: 'Whether files in folders below WATCH_DIR are taken too.' }),
    FOLLOW_LINKS: Type.Boolean({
      default: false,
      description:
        'Whether symbolic links in WATCH_DIR to files are followed, where the owner of the link could read the file himself; links to folders never are. What they lead to is not in WATCH_DIR, so they stay where they are, whatever BACKUP_FILE, REMOVE_FILE and QUARANTINE_DIR say.',
    }),
    IGNORE: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
        maxItems: 100,
        'x-type': 'a list of globs, at most 100',
        description:
          'Names of files and folders that are never taken, beside those listed below. `*` and `?` do not cross a `/`, `**` does; case does not matter. A glob without `/` is held against names, one with `/` against the path relative to WATCH_DIR. The last that matches decides; one that begins with `!` takes back what the list below and those before it leave out.',
        examples: [['*.bak', 'archive/**', '!*.download']],
        'x-default': 'none',
      }),
    ),
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
    RUNNER: Type.Enum(['auto', ...RUNNER_KINDS], {
      default: 'auto',
      description:
        'Whether files are processed in containers or in processes. `auto`: containers if COMMAND is not set, a Docker engine answers, and the image is there or DOCKER_IMAGE is set; what ran in containers waits while the engine or the image is away.',
    }),
    PARAMETERS: Type.Optional(
      words({
        description: 'Arguments. `{file}`, `{name}`, `{dataset}` and `{run}` are filled in.',
        'x-default': 'none',
      }),
    ),
    ...runnerKeys,
    ENV: Type.Optional(
      Type.Record(Type.String(), scalar, {
        'x-type': 'a map of names to text, numbers, true or false',
        description:
          'More environment variables for the container or process. A dataset’s keys and what a run is told of itself (default-etl/CONTRACT.md) can’t be set here.',
        'x-default': 'none',
      }),
    ),
    CONNECTIONS: Type.Optional(
      Type.Enum(['file', 'environment', 'none'], {
        description:
          'How the run gets ELASTICSEARCH_* and the like: in a JSON file that it alone can read, named by CONNECTIONS_FILE; as environment variables; or not at all.',
        'x-default':
          '`file` for the default ETL where the rows go to Elasticsearch, and for an image or COMMAND whose YAML sets LOAD.target: elasticsearch; else `none`',
      }),
    ),
    WORK_SIZE: size({
      default: '10g',
      description:
        'Most disk an attempt may use in WORK_DIR, of a container and of a process; one that needs more is stopped.',
    }),
    RUN_PER: Type.Enum(['file', 'folder'], {
      default: 'file',
      description:
        'One run for each file, or one for all files that wait: then FILE is the folder, and FILES names a list of them.',
    }),
    CONCURRENCY: Type.Integer({ minimum: 1, default: 2, description: 'Most runs of this dataset at once.' }),
    PRIORITY: Type.Integer({
      default: 0,
      description:
        'Datasets with a higher number go first, and those of the same share the slots. One that has waited for ten minutes, and had no start for as long, is next whatever its number.',
    }),
    WARM: Type.Integer({
      minimum: 0,
      default: 0,
      'x-default': '0 for containers; for processes as many as `CONCURRENCY` while files come',
      description:
        'How many are kept started, each waiting for a file: that saves the time a start takes. Containers take one file each; the image must be one that can wait, as the default one is. Processes of the default ETL that load into Elasticsearch take one file after another; unless this is set there are none before the second file, and none once no file has come for a minute. 0 keeps none.',
    }),
    TIMEOUT: duration({
      default: '1h',
      description: 'An attempt that takes longer is stopped and counts as failed. At most 24d.',
    }),
    STOP: Type.Optional(
      Type.Enum(['leave', 'finish', 'kill'], {
        description:
          'What becomes of runs that go on when the orchestrator is stopped. `leave`: containers run on, and the next start takes them over, as it does after a crash. `finish`: they have GRACE to finish, and are then stopped and queued again. `kill`: they are stopped at once and queued again. None of them uses up a retry.',
        'x-default': '`leave` for containers, `finish` for processes, which can’t be left',
      }),
    ),
    RETRIES: Type.Integer({
      minimum: 0,
      default: 3,
      description:
        'How often a failed run is tried again: n means n + 1 attempts. A setting that is wrong (exit code 78) fails at once, and so does a file that the default ETL can’t load within TIMEOUT or its memory.',
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
        'What a new version of a file does to the rows of the old one: replace them, or stand beside them. A file changed in place is always replaced. Where files are moved or removed the next one of a name may be either, so say which.',
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
        'Write `<file>.receipt.json` (rows, rejects, the first of them with their reasons, time, run) beside the file, or its backup, for people who only see the folder.',
    }),
    EXTRACT: Type.Optional(
      Type.Object(extractSchema.properties, {
        additionalProperties: false,
        description: 'How the default ETL reads files.',
        'x-default': 'all detected',
      }),
    ),
    TRANSFORM: Type.Unsafe<Array<string | Record<string, unknown>>>(transformSchema),
    LOAD: Type.Unsafe<LoadSettings>(loadSchema),
    DEBUG: Type.Boolean({ default: false, description: 'Whether this dataset’s log level is debug.' }),
  },
  { additionalProperties: false },
);

export type Settings = Static<typeof settingsSchema>;
