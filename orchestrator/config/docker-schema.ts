import Type, { type Static } from 'typebox';
import { size, words } from './schema-types.ts';

/** DOCKER_OPTIONS. */
export const dockerOptionsSchema = Type.Object(
  {
    network: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Network the container joins. `none` gives it none; `host` shares the host’s, with every service on its loopback.',
        'x-default': 'that of the runs, RUN_NETWORK',
      }),
    ),
    memory: Type.Optional(
      size({
        default: '2g',
        description: 'Memory limit, swap and /tmp included; a run that needs more ends as out of memory.',
      }),
    ),
    cpus: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description: 'Most CPU cores at once, such as 1.5.',
        'x-default': 'the number of cores the orchestrator has',
      }),
    ),
    user: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$',
        'x-type': 'a user, or user:group, in quotes, such as "1000:1000"',
        description: 'User of the process in the container.',
        'x-default': 'the run’s own uid of RUN_UIDS; an orchestrator that is not root uses its own',
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
          description:
            'More mounts beside /data, /config and /work. Relative host paths are from the project’s root. Only root and the orchestrator’s user may be able to write in the folders above them: whoever else can could have the engine mount another folder.',
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
    tmpfs_size: Type.Optional(
      size({
        default: '64m',
        description:
          'Size of the memory file system at /tmp, and of one at each folder for which the image wants a volume.',
      }),
    ),
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

export type DockerOptions = Static<typeof dockerOptionsSchema>;
