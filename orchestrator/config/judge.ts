import { statSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import { isWithin } from '../files/within.ts';
import type { Candidate } from './checks.ts';
import { compose } from './messages.ts';
import { realPathOf } from './places.ts';
import type { Policy } from './policy.ts';
import type { PolicySettings } from './policy-schema.ts';
import { isDefaultImage, moduleOf, needsConnections, otherEntrypoint, receiversOf } from './receivers.ts';
import { type DatasetRights, never } from './rights.ts';
import type { Refusal } from './substitute.ts';
import { isRecord, pointerOf } from './tree.ts';
import { whyUnsafe } from './trusted.ts';
import { parseDuration, parseSize } from './units.ts';
import type { Finding } from './validate.ts';
import { toWords } from './words.ts';

/** A key, and what is said of it. */
type Verdict = [path: ReadonlyArray<string | number>, refusal: Refusal];

type Judged = Pick<Candidate, 'name' | 'settings' | 'root' | 'configFolder' | 'target'>;

interface Case extends Judged {
  rights: DatasetRights;
  policy: PolicySettings;
  /** Of Elasticsearch, as the environment names it. */
  nodes: string | undefined;
}

/** What a dataset asks for and the policy doesn't give. */
export function findForbidden(
  candidate: Judged,
  policy: Policy,
  rights: DatasetRights,
  nodes: string | undefined,
): Finding[] {
  const given: Case = { ...candidate, rights, policy: policy.settings, nodes };
  return JUDGES.flatMap(judge => judge(given)).flatMap(([path, refusal]) =>
    refusal === undefined ? [] : [{ ...refusal, pointer: pointerOf(path.map(String)), at: 'value' as const }],
  );
}

/** The dataset's own folder is given to its runs: a link in its place must not give them another. */
function judgeOwnFolder({ configFolder, rights }: Case): Verdict[] {
  return realPathOf(configFolder) === configFolder
    ? []
    : [[[], rights.path('yaml_folders', 'its folder', configFolder)]];
}

const JUDGES: ReadonlyArray<(given: Case) => Verdict[]> = [
  judgeOwnFolder,
  judgeFolders,
  judgeImage,
  judgeContainer,
  judgeVolumes,
  judgeMounts,
  judgeLabels,
  judgeHosts,
  judgeCommand,
  judgeEntrypoint,
  judgeModules,
  judgeEnvironment,
  judgeIndices,
  judgeConnections,
  judgeLimits,
];

function judgeFolders({ settings, rights, root }: Case): Verdict[] {
  return (['WATCH_DIR', 'BACKUP_DIR', 'QUARANTINE_DIR'] as const).flatMap(key => {
    const folder = settings[key];
    return folder ? [[[key], rights.path('folders', key, resolve(root, folder))] as Verdict] : [];
  });
}

function judgeImage({ settings: { DOCKER_IMAGE }, rights }: Case): Verdict[] {
  return DOCKER_IMAGE === undefined ? [] : [[['DOCKER_IMAGE'], rights.text('images', 'DOCKER_IMAGE', DOCKER_IMAGE)]];
}

function judgeContainer({ settings: { DOCKER_OPTIONS = {} }, rights, policy }: Case): Verdict[] {
  const { network, user, cap_add = [], gpus, read_only } = DOCKER_OPTIONS;
  const key = (name: string) => `DOCKER_OPTIONS.${name}`;
  const asked = gpus === 'all' ? Infinity : (gpus ?? 0);
  const most = policy.gpus === 'all' ? Infinity : policy.gpus;
  return [
    [
      ['DOCKER_OPTIONS', 'network'],
      network === undefined ? undefined : rights.text('networks', key('network'), network),
    ],
    [['DOCKER_OPTIONS', 'user'], user === undefined ? undefined : rights.text('users', key('user'), user)],
    ...cap_add.map(
      (capability, index): Verdict => [
        ['DOCKER_OPTIONS', 'cap_add', index],
        rights.text('capabilities', key('cap_add'), capability),
      ],
    ),
    [
      ['DOCKER_OPTIONS', 'gpus'],
      rights.most('gpus', key('gpus'), { isMore: asked > most, shown: String(gpus), most: String(policy.gpus) }),
    ],
    [
      ['DOCKER_OPTIONS', 'read_only'],
      read_only === false && !policy.writable_root
        ? rights.refuse('writable_root', key('read_only'), 'false')
        : undefined,
    ],
  ];
}

/** As compose does: what begins with a dot or a slash is a path, anything else the name of a volume. */
function judgeVolumes({ settings: { DOCKER_OPTIONS }, rights, root }: Case): Verdict[] {
  return (DOCKER_OPTIONS?.volumes ?? []).map((volume, index) => {
    const source = volume.split(':')[0] ?? '';
    const key = 'DOCKER_OPTIONS.volumes';
    const isPath = source.startsWith('.') || source.startsWith('/');
    const refusal = isPath ? rights.path('volumes', key, resolve(root, source)) : rights.text('volumes', key, source);
    return [['DOCKER_OPTIONS', 'volumes', index], refusal];
  });
}

/** Of the default ETL's image: what it runs, or believes. Links in it lead to no other. */
const OF_THE_PROGRAM = /^\/(app|bin|boot|config|dev|etc|home|lib\w*|proc|root|run|sbin|sys|usr|var|work)?(\/|$)/;

/** Nothing takes the place of the default ETL's program: it would get what is meant for that. */
function judgeMounts({ settings }: Case): Verdict[] {
  if (!isDefaultImage(settings)) return [];
  return (settings.DOCKER_OPTIONS?.volumes ?? []).map((volume, index) => {
    const path = posix.normalize(volume.split(':')[1] ?? '/');
    const why = 'the default ETL’s image has its own there; name another path in the container, such as /tables';
    return [
      ['DOCKER_OPTIONS', 'volumes', index],
      OF_THE_PROGRAM.test(path) ? never('DOCKER_OPTIONS.volumes', path, why) : undefined,
    ];
  });
}

const OWN_LABELS = 'orchestrator.';

function judgeLabels({ settings: { DOCKER_OPTIONS }, rights }: Case): Verdict[] {
  return Object.keys(DOCKER_OPTIONS?.labels ?? {}).map(label => {
    const key = 'DOCKER_OPTIONS.labels';
    const isOwn = label.toLowerCase().startsWith(OWN_LABELS);
    const why = 'the orchestrator knows its containers by it';
    return [['DOCKER_OPTIONS', 'labels', label], isOwn ? never(key, label, why) : rights.text('labels', key, label)];
  });
}

/** Another address for Elasticsearch's name would be sent its password. */
function judgeHosts({ settings: { DOCKER_OPTIONS }, nodes = '' }: Case): Verdict[] {
  const names = nodes.split(',').map(node => URL.parse(node.trim())?.hostname.toLowerCase());
  return (DOCKER_OPTIONS?.extra_hosts ?? []).map((entry, index) => {
    const name = entry.split(/[:=]/)[0] ?? '';
    const why = 'it is the name of Elasticsearch';
    return [
      ['DOCKER_OPTIONS', 'extra_hosts', index],
      names.includes(name.toLowerCase()) ? never('DOCKER_OPTIONS.extra_hosts', name, why) : undefined,
    ];
  });
}

/** A program that is looked for in PATH is judged when it is found, at the start of a run; here only where none is allowed. */
function judgeCommand({ settings: { COMMAND }, rights, policy, root, configFolder }: Case): Verdict[] {
  const [program] = toWords(COMMAND);
  if (program === undefined) return [];
  const pointer = typeof COMMAND === 'string' ? ['COMMAND'] : ['COMMAND', 0];
  const path = resolve(root, program);
  if (program.includes('/'))
    return [[pointer, rights.path('commands', 'COMMAND', path) ?? whyUnsafeCommand(path, configFolder)]];
  return policy.commands.length === 0 ? [[pointer, rights.text('commands', 'COMMAND', program)]] : [];
}

/**
 * In the default ETL's image it is a program of the dataset's as COMMAND is; a path of it is the container's, so that
 * no list says more.
 */
function judgeEntrypoint({ settings, rights, policy }: Case): Verdict[] {
  const program = otherEntrypoint(settings);
  if (program === undefined || policy.commands.length > 0) return [];
  return [[['DOCKER_OPTIONS', 'entrypoint'], rights.text('commands', 'DOCKER_OPTIONS.entrypoint', program)]];
}

/** A program that isn't there yet is a remark of `check`'s, and looked at when it is run. */
function whyUnsafeCommand(path: string, configFolder: string): Refusal {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  const writer = whyUnsafe(path, configFolder);
  return writer === undefined
    ? undefined
    : { code: 'writable-command', message: compose('writable-command', path, writer) };
}

function judgeModules({ settings: { TRANSFORM = [] }, rights, configFolder }: Case): Verdict[] {
  return TRANSFORM.flatMap((step, index) => {
    const file = moduleOf(step);
    // What is not below it is told to be missing there.
    if (file === undefined || !isWithin(resolve(configFolder, file), configFolder)) return [];
    const path = ['TRANSFORM', index, 'module', ...(isRecord(step) && isRecord(step['module']) ? ['file'] : [])];
    return [[path, rights.path('modules', 'module', resolve(configFolder, file))]];
  });
}

/** An image of one's own is what ENV makes of it; the default ETL stays ours. */
function judgeEnvironment({ settings, rights }: Case): Verdict[] {
  const { ENV = {}, RUNNER, DOCKER_IMAGE, COMMAND } = settings;
  if (COMMAND === undefined && RUNNER !== 'process' && DOCKER_IMAGE !== undefined) return [];
  return Object.keys(ENV).map(name => [['ENV', name], rights.text('process_env', 'ENV', name)]);
}

function judgeIndices({ settings: { LOAD }, rights, name, target }: Case): Verdict[] {
  if (target !== 'elasticsearch') return [];
  const aliases = (LOAD?.aliases ?? []).map(
    (alias, index): Verdict => [['LOAD', 'aliases', index], rights.text('indices', 'LOAD.aliases', alias)],
  );
  const path = LOAD?.index === undefined ? [] : ['LOAD', 'index'];
  return [[path, rights.text('indices', 'LOAD.index', LOAD?.index ?? name)], ...aliases];
}

/** The default ETL is ours: what gets the connection besides it, or within it, is for the policy to say. */
function judgeConnections(given: Case): Verdict[] {
  const { settings, target, rights } = given;
  const { CONNECTIONS, LOAD } = settings;
  if (CONNECTIONS === 'none' || (CONNECTIONS === undefined && !needsConnections(settings, target))) return [];
  const key = CONNECTIONS === undefined ? 'LOAD.target' : 'CONNECTIONS';
  const isSaid = CONNECTIONS !== undefined || LOAD?.target !== undefined;
  return receiversOf(given).map(([path, receiver]) => [
    isSaid ? key.split('.') : path,
    rights.text('connections', key, receiver),
  ]);
}

function judgeLimits({ settings, rights, policy: { limits } }: Case): Verdict[] {
  const { DOCKER_OPTIONS = {}, TIMEOUT, WORK_SIZE, CONCURRENCY, WARM, RETRIES } = settings;
  const { memory, cpus, pids, tmpfs_size } = DOCKER_OPTIONS;
  const judge = <Value extends string | number>(
    path: string[],
    asked: Value | undefined,
    rule: keyof typeof limits,
    amount: (value: Value) => number | undefined = Number,
  ): Verdict[] => {
    const most = limits[rule] as Value | undefined;
    if (asked === undefined || most === undefined) return [];
    const isMore = (amount(asked) ?? Infinity) > (amount(most) ?? 0);
    return [
      [path, rights.most(`limits.${rule}`, path.join('.'), { isMore, shown: String(asked), most: String(most) })],
    ];
  };
  return [
    ...judge(['DOCKER_OPTIONS', 'memory'], memory, 'memory', parseSize),
    ...judge(['DOCKER_OPTIONS', 'tmpfs_size'], tmpfs_size, 'tmpfs_size', parseSize),
    ...judge(['DOCKER_OPTIONS', 'cpus'], cpus, 'cpus'),
    ...judge(['DOCKER_OPTIONS', 'pids'], pids, 'pids'),
    ...judge(['WORK_SIZE'], WORK_SIZE, 'work_size', parseSize),
    ...judge(['TIMEOUT'], TIMEOUT, 'timeout', parseDuration),
    ...judge(['CONCURRENCY'], CONCURRENCY, 'concurrency'),
    ...judge(['WARM'], WARM, 'warm'),
    ...judge(['RETRIES'], RETRIES, 'retries'),
  ];
}
