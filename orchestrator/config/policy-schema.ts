import Type, { type Static } from 'typebox';
import { duration, size } from './schema-types.ts';

// The keys of policy.yaml: type, default and meaning in one place, as of the datasets' keys in schema.ts.
// config/POLICY.md is made from it.

const globs = (options: { default: string[]; description: string }) =>
  Type.Array(Type.String({ minLength: 1 }), { 'x-type': 'a list of globs', ...options });
const paths = (options: { default: string[]; description: string; 'x-default'?: string }) =>
  Type.Array(Type.String({ minLength: 1 }), { 'x-type': 'a list of folders, files or globs', ...options });

/** What belongs to the system, and to those who are hidden in home folders; later ones go before earlier ones. */
export const DEFAULT_FOLDERS = [
  '/',
  '!/bin',
  '!/boot',
  '!/dev',
  '!/etc',
  '!/lib',
  '!/lib32',
  '!/lib64',
  '!/proc',
  '!/root',
  '!/run',
  '!/sbin',
  '!/sys',
  '!/usr',
  '!/var/backups',
  '!/var/cache',
  '!/var/lib',
  '!/var/log',
  '!/var/mail',
  '!/var/run',
  '!/var/spool',
  '!**/.*',
  '!**/.*/**',
  '/run/media',
  '{root}',
  '!{root}/.**',
  '!{root}/**/.**',
  '{data}/in',
  '{data}/backup',
  '{data}/quarantine',
];

export const limitsSchema = Type.Object(
  {
    memory: Type.Optional(
      size({
        description: 'Of DOCKER_OPTIONS.memory, and of its default.',
        'x-default': 'the memory of the orchestrator’s machine',
      }),
    ),
    cpus: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description: 'Of DOCKER_OPTIONS.cpus, and of its default.',
        'x-default': 'no more than the engine’s machine has',
      }),
    ),
    pids: Type.Optional(
      Type.Integer({ minimum: 1, default: 4096, description: 'Of DOCKER_OPTIONS.pids, and of its default.' }),
    ),
    work_size: Type.Optional(size({ default: '100g', description: 'Of WORK_SIZE, and of its default.' })),
    tmpfs_size: Type.Optional(size({ default: '2g', description: 'Of DOCKER_OPTIONS.tmpfs_size.' })),
    timeout: Type.Optional(
      duration({ description: 'Of TIMEOUT, and of its default.', 'x-default': '24d, the most there is' }),
    ),
    concurrency: Type.Optional(Type.Integer({ minimum: 1, default: 64, description: 'Of CONCURRENCY.' })),
    warm: Type.Optional(Type.Integer({ minimum: 0, default: 16, description: 'Of WARM.' })),
    retries: Type.Optional(Type.Integer({ minimum: 0, default: 1000, description: 'Of RETRIES, and of its default.' })),
  },
  { additionalProperties: false },
);

export const policySchema = Type.Object(
  {
    images: Type.Optional(
      globs({
        default: ['**'],
        description:
          'DOCKER_IMAGE, as it is written. `*` does not cross a `/`, `**` does; `registry.example.org/etl/**` is all of a registry’s folder, `**@sha256:*` demands a digest. The default ETL’s own image needs no line.',
      }),
    ),
    capabilities: Type.Optional(globs({ default: [], description: 'DOCKER_OPTIONS.cap_add, such as `CHOWN`.' })),
    users: Type.Optional(
      globs({
        default: [],
        description:
          'DOCKER_OPTIONS.user, as it is written, such as `1000:1000`. Without a group a container gets the one its image names, or group 0. Without DOCKER_OPTIONS.user a run has a user of its own that owns nothing.',
      }),
    ),
    networks: Type.Optional(
      globs({
        default: ['none', 'bridge'],
        description:
          'DOCKER_OPTIONS.network. `host` lets containers reach whatever listens on this machine, the API included; `container:*` lets them join others.',
      }),
    ),
    volumes: Type.Optional(
      paths({
        default: DEFAULT_FOLDERS,
        'x-default': 'all but system folders and hidden ones, see below',
        description:
          'Host paths in DOCKER_OPTIONS.volumes, all links followed, and names of volumes. Sockets and devices are never mounted.',
      }),
    ),
    gpus: Type.Optional(
      Type.Union([Type.Literal('all'), Type.Integer({ minimum: 0 })], {
        'x-type': '`all` or how many, 0 or more',
        default: 0,
        description: 'Most GPUs that DOCKER_OPTIONS.gpus may ask for.',
      }),
    ),
    writable_root: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether DOCKER_OPTIONS.read_only may be false. What a container writes outside /work and /tmp is limited by nothing.',
      }),
    ),
    labels: Type.Optional(
      globs({
        default: ['**', '!com.docker.**', '!traefik.**', '!com.centurylinklabs.**'],
        description:
          'Names in DOCKER_OPTIONS.labels. Other programs act on labels, a reverse proxy among them. Those of the orchestrator itself (`orchestrator.…`) are never allowed.',
      }),
    ),
    folders: Type.Optional(
      paths({
        default: DEFAULT_FOLDERS,
        'x-default': 'all but system folders and hidden ones, see below',
        description: 'WATCH_DIR, BACKUP_DIR and QUARANTINE_DIR, all links followed.',
      }),
    ),
    commands: Type.Optional(
      paths({
        default: ['/'],
        description:
          'Programs of COMMAND, all links followed. `[]` allows none, and no DOCKER_OPTIONS.entrypoint without a DOCKER_IMAGE. Where the orchestrator runs as root, a program that somebody else can write, or a folder above it, is refused all the same, but for the dataset’s own config folder.',
      }),
    ),
    modules: Type.Optional(
      paths({
        default: ['{config}'],
        description:
          'Files of `module:` steps, all links followed. They are in the dataset’s own config folder in any case; `[]` allows none.',
      }),
    ),
    process_env: Type.Optional(
      globs({
        default: [
          '*',
          '!LD_*',
          '!GLIBC_*',
          '!GCONV_PATH',
          '!LOCPATH',
          '!MALLOC_*',
          '!NODE_*',
          'NODE_ENV',
          '!OPENSSL_*',
          '!BASH_*',
          '!ENV',
          '!SHELLOPTS',
          '!IFS',
          '!PATH',
        ],
        description:
          'Names in ENV of processes, and of the default ETL in its container: those left out change how a program is loaded. With a DOCKER_IMAGE any name is allowed, and any entrypoint: it is the image that is trusted.',
      }),
    ),
    files: Type.Optional(
      paths({
        default: ['/run/secrets/*', '/var/run/secrets/*', '{root}/secrets', '{config}'],
        description: 'Files that `${file:…}` may name, all links followed. Each is at most 1 MB.',
      }),
    ),
    variables: Type.Optional(
      globs({
        default: ['*', '!DOCKER_*', '!ELASTICSEARCH_*', '!KIBANA_*', 'ELASTICSEARCH_NODE'],
        description:
          'Variables of the orchestrator that `${NAME}` may name. One that looks like a secret, by its name or as it holds a password in a URL, needs a glob that says more than `*`, such as `MINIO_*`; ELASTICSEARCH_PASSWORD, ELASTICSEARCH_API_KEY, KIBANA_PASSWORD and KIBANA_API_KEY need their own name.',
      }),
    ),
    yaml_folders: Type.Optional(
      paths({
        default: ['{config_dir}'],
        description: 'Where YAML files may lie that are links in CONFIG_DIR.',
      }),
    ),
    indices: Type.Optional(
      globs({
        default: ['*', '!.*'],
        description:
          'LOAD.index and LOAD.aliases; `{dataset}` is the dataset’s name. `["{dataset}", "{dataset}-*"]` keeps each to its own.',
      }),
    ),
    connections: Type.Optional(
      globs({
        default: ['**'],
        description:
          'Who may be given the connection to Elasticsearch with its password or key: DOCKER_IMAGEs as they are written, with whatever entrypoint; programs of COMMAND; files of `module:` steps, by their whole path; and, without DOCKER_IMAGE, the first word of DOCKER_OPTIONS.entrypoint. The default ETL alone needs no line.',
      }),
    ),
    limits: Type.Optional(
      Type.Object(limitsSchema.properties, {
        additionalProperties: false,
        description: 'The most that a dataset may ask for.',
        'x-default': 'as below',
      }),
    ),
  },
  { additionalProperties: false },
);

export type PolicySettings = Required<Omit<Static<typeof policySchema>, 'limits'>> & {
  limits: Static<typeof limitsSchema>;
};
