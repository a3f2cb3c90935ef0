import Type, { type Static, type TSchemaOptions } from 'typebox';

// The keys of a dataset's YAML: type, default and meaning in one place. config/schema.json and config/README.md are generated from it.

const duration = (options: TSchemaOptions) => Type.String({ pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$', ...options });
const words = (options: TSchemaOptions) => Type.Union([Type.String(), Type.Array(Type.String())], options);

export const dockerOptionsSchema = Type.Object(
  {
    network: Type.Optional(Type.String({ description: 'A network’s name; `host` shares the host’s.' })),
    memory: Type.Optional(
      Type.String({ description: 'Such as `512m` or `2g`; more than this ends the run as out of memory.' }),
    ),
    cpus: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Such as 1.5.' })),
    user: Type.Optional(Type.String({ description: '`uid:gid` instead of the file’s owner.' })),
    volumes: Type.Optional(Type.Array(Type.String(), { description: 'More mounts, `host-path:container-path[:ro]`.' })),
    pull: Type.Optional(Type.Union([Type.Literal('missing'), Type.Literal('always'), Type.Literal('never')])),
    read_only: Type.Optional(Type.Boolean({ description: 'Whether the root file system is read-only.' })),
    cap_add: Type.Optional(Type.Array(Type.String())),
    gpus: Type.Optional(Type.Union([Type.Literal('all'), Type.Integer({ minimum: 1 })])),
    entrypoint: Type.Optional(words({})),
    tmpfs_size: Type.Optional(Type.String({ description: 'Size of the tmpfs at /tmp, such as `64m`.' })),
    pids: Type.Optional(Type.Integer({ minimum: 1, description: 'Most processes and threads at once.' })),
    hostname: Type.Optional(Type.String()),
    extra_hosts: Type.Optional(Type.Array(Type.String(), { description: '`name:address`.' })),
    labels: Type.Optional(Type.Record(Type.String(), Type.String())),
  },
  { additionalProperties: false },
);

export const extractSchema = Type.Object(
  {
    format: Type.Optional(Type.String({ description: 'Instead of what the file’s name says.' })),
    encoding: Type.Optional(Type.String()),
    delimiter: Type.Optional(Type.String()),
    quote: Type.Optional(Type.Union([Type.String(), Type.Literal(false)])),
    escape: Type.Optional(Type.String()),
    header: Type.Optional(Type.Union([Type.Boolean(), Type.Array(Type.String())])),
    skip_rows: Type.Optional(Type.Integer({ minimum: 0 })),
    skip_footer: Type.Optional(Type.Integer({ minimum: 0 })),
    sheet: Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.String()])),
    columns: Type.Optional(Type.Array(Type.String())),
    record_path: Type.Optional(Type.Array(Type.String())),
  },
  { additionalProperties: false },
);

export const loadSchema = Type.Object(
  {
    target: Type.Optional(Type.Union([Type.Literal('elasticsearch'), Type.Literal('lake')])),
    index: Type.Optional(Type.String()),
    id: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
    date_suffix: Type.Optional(Type.String()),
    overwrite: Type.Optional(Type.Boolean()),
    mappings: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    source_columns: Type.Optional(Type.Boolean()),
    max_rejects: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^[0-9]+(\\.[0-9]+)?%$' })]),
    ),
  },
  { additionalProperties: false },
);

const scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);

export const settingsSchema = Type.Object(
  {
    WATCH_DIR: Type.String({ minLength: 1 }),
    WATCH_REGEX: Type.String({ default: '' }),
    RECURSIVE: Type.Boolean({ default: true }),
    WATCH_MODE: Type.Union([Type.Literal('auto'), Type.Literal('events'), Type.Literal('poll')], { default: 'auto' }),
    SETTLE_MS: Type.Optional(Type.Integer({ minimum: 0 })),
    READY_MARKER: Type.Optional(Type.String({ minLength: 1 })),
    EXISTING: Type.Union([Type.Literal('process'), Type.Literal('ignore')], { default: 'process' }),
    ORDER: Type.Union([Type.Literal('arrival'), Type.Literal('name'), Type.Literal('mtime')], { default: 'arrival' }),
    DOCKER_IMAGE: Type.Optional(Type.String({ minLength: 1 })),
    COMMAND: Type.Optional(words({})),
    RUNNER: Type.Union([Type.Literal('auto'), Type.Literal('docker'), Type.Literal('process')], { default: 'auto' }),
    PARAMETERS: Type.Optional(words({})),
    DOCKER_OPTIONS: Type.Optional(dockerOptionsSchema),
    ENV: Type.Optional(Type.Record(Type.String(), scalar)),
    RUN_PER: Type.Union([Type.Literal('file'), Type.Literal('folder')], { default: 'file' }),
    CONCURRENCY: Type.Integer({ minimum: 1, default: 2 }),
    PRIORITY: Type.Integer({ default: 0 }),
    WARM: Type.Integer({ minimum: 0, default: 0 }),
    TIMEOUT: duration({ default: '1h' }),
    RETRIES: Type.Integer({ minimum: 0, default: 3 }),
    BACKOFF: Type.Optional(
      Type.Union([
        duration({}),
        Type.Object(
          {
            first: Type.Optional(duration({})),
            factor: Type.Optional(Type.Number({ minimum: 1 })),
            max: Type.Optional(duration({})),
          },
          { additionalProperties: false },
        ),
      ]),
    ),
    ON_CHANGE: Type.Union([Type.Literal('replace'), Type.Literal('append')]),
    ON_DELETE: Type.Union([Type.Literal('keep'), Type.Literal('remove')], { default: 'keep' }),
    BACKUP_FILE: Type.Boolean({ default: false }),
    BACKUP_DIR: Type.Optional(Type.String({ minLength: 1 })),
    REMOVE_FILE: Type.Boolean({ default: false }),
    QUARANTINE_DIR: Type.Optional(Type.Union([Type.String({ minLength: 1 }), Type.Null()])),
    RECEIPT: Type.Boolean({ default: false }),
    EXTRACT: Type.Optional(extractSchema),
    TRANSFORM: Type.Array(Type.Union([Type.String(), Type.Record(Type.String(), Type.Unknown())]), {
      default: ['minimal'],
    }),
    LOAD: loadSchema,
    DEBUG: Type.Boolean({ default: false }),
  },
  { additionalProperties: false },
);

export type Settings = Static<typeof settingsSchema>;
export type DockerOptions = Static<typeof dockerOptionsSchema>;
export type Extract = Static<typeof extractSchema>;
export type Load = Static<typeof loadSchema>;
