import { availableParallelism } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { parse } from 'dotenv';
import { listed } from './describe.ts';
import { isAddress, isLoopback } from './hosts.ts';
import { OrchestratorError } from '../errors.ts';
import { KIBANA_VARIABLES, type KibanaSettings, readKibanaSettings } from './kibana-settings.ts';
import { parseUidRange, RUN_UIDS, type UidRange } from './run-uids.ts';
import { LONGEST_TIMER_MS, parseDuration, parseSize } from './units.ts';

/** Settings that are not a dataset's: what parseEnvironment() makes of the environment. */
export interface Environment {
  /** Absolute. CONFIG_DIR, ./config. */
  configDir: string;
  /** Absolute. DATA_DIR, ./data. */
  dataDir: string;
  /** Absolute. POLICY_FILE, policy.yaml beside CONFIG_DIR. */
  policyFile: string;
  /** Whether POLICY_FILE is set: then it must be there. */
  isPolicyNamed: boolean;
  /** PORT, 8080; 0 takes any free one. */
  port: number;
  /** HOST, 127.0.0.1. */
  host: string;
  /** AUTH, on: whether a token or a session is wanted. */
  auth: 'on' | 'off';
  /** ALLOWED_HOSTS, none: names in lower case, without ports, under which the service is known besides those it knows itself. */
  allowedHosts: string[];
  /** PUBLIC_URL: where browsers reach the page, without a slash at its end; null: HOST and PORT. */
  publicUrl: string | null;
  elasticsearch: ElasticsearchSettings | null;
  /** Null: KIBANA_URL is not set. */
  kibana: KibanaSettings | null;
  /** DOCKER_HOST, such as unix:///var/run/docker.sock; null for the default socket. */
  dockerHost: string | null;
  /** HOST_PATH_MAP: `container-path=host-path,…`; null: read from the orchestrator's own container, if it runs in one. */
  hostPathMap: Array<{ from: string; to: string }> | null;
  /** RUN_NETWORK: the network that containers of runs join; null: one of the orchestrator's own. */
  runNetwork: string | null;
  /** RUNTIME_DIR, absolute; null: the usual one in memory. */
  runtimeDir: string | null;
  /** RUN_KEYS, auto. */
  runKeys: 'auto' | 'off' | 'required';
  logLevel: 'error' | 'warn' | 'info' | 'debug';
  /** LOG_FORMAT, text. */
  logFormat: 'text' | 'json';
  /** LOG_ELASTICSEARCH, on. */
  logElasticsearch: 'on' | 'without-template' | 'off';
  /** LOG_RUNS_ELASTICSEARCH, problems: of which runs what they printed goes there, too; of none where logElasticsearch is off. */
  logRunsElasticsearch: 'all' | 'problems' | 'off';
  /** METRICS_ELASTICSEARCH, on. */
  metricsElasticsearch: 'on' | 'without-template' | 'off';
  /** TELEMETRY_RETENTION, such as 30d; null: as the index templates say. */
  telemetryRetention: string | null;
  /** CONCURRENCY of all datasets: the number of cores. */
  concurrency: number;
  /** JOURNAL: path of the SQLite file, DATA_DIR/journal.sqlite. */
  journal: string;
  /** MIN_FREE, 1g: below this free space nothing new is taken. */
  minFreeBytes: number;
  /** RETENTION, 30d: runs and logs older than this are pruned. */
  retentionMs: number;
  /** GRACE, 30s: how long runs may go on after SIGTERM. */
  graceMs: number;
  /** RUN_UIDS, 61200-61455: who the runs of a root orchestrator are. */
  runUids: UidRange;
  /** LIST_INTERVAL, 60s where events are seen, 5s where polled: how often folders are listed. */
  listIntervalMs: number | null;
}

export interface ElasticsearchSettings {
  /** ELASTICSEARCH_NODE; a list is comma-separated. */
  nodes: string[];
  apiKey: string | null;
  username: string | null;
  password: string | null;
  /** ELASTICSEARCH_CA: path of a PEM file. */
  ca: string | null;
}

/** What people are told about a variable. */
export interface Variable {
  type: string;
  default: string;
  description: string;
}

const HOST_NAME = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;
const RUN_KEYS = ['auto', 'off', 'required'] as const;
const LOG_FORMATS = ['text', 'json'] as const;
const LOG_ELASTICSEARCH = ['on', 'without-template', 'off'] as const;
const LOG_RUNS_ELASTICSEARCH = ['all', 'problems', 'off'] as const;
const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

/** Every variable that parseEnvironment() reads; config/README.md is generated from it. */
export const VARIABLES: Readonly<Record<string, Variable>> = {
  CONFIG_DIR: { type: 'the path of a folder', default: './config', description: 'Where the YAML files are.' },
  DATA_DIR: {
    type: 'the path of a folder',
    default: './data',
    description:
      'Journal, logs, lake, backups and quarantine, closed to all but the orchestrator’s user (0700). One orchestrator at a time uses it.',
  },
  POLICY_FILE: {
    type: 'the path of a file',
    default: 'policy.yaml in the folder that CONFIG_DIR is in',
    description:
      'What datasets may do, by the administrator: [POLICY.md](POLICY.md). Where this names a file it must be there.',
  },
  PORT: {
    type: 'a whole number from 0 to 65535',
    default: '8080',
    description: 'Port of the API and the web page; 0 takes any free one.',
  },
  HOST: {
    type: 'a host name or address',
    default: '127.0.0.1',
    description: 'Address the API listens on; `0.0.0.0` lets other machines reach it.',
  },
  AUTH: {
    type: '`on` or `off`',
    default: 'on',
    description:
      'Whether the API and the page want a token or a session. `off` is taken only with a HOST that other machines don’t reach; whoever is on this machine may then read and steer everything.',
  },
  ALLOWED_HOSTS: {
    type: 'a host name without a port, or several with commas',
    default: 'none but loopback names, HOST and the name in PUBLIC_URL',
    description:
      'Names under which the service may be asked, beside its addresses. Requests under any other name are refused: a page elsewhere could point its own name here.',
  },
  PUBLIC_URL: {
    type: 'an http or https URL without a path',
    default: 'made from HOST and PORT',
    description: 'Where browsers reach the page, such as the address of a proxy: links to sign in begin with it.',
  },
  ELASTICSEARCH_NODE: {
    type: 'an http or https URL, or several with commas',
    default: 'none: rows go to the lake',
    description: 'Elasticsearch the rows go to.',
  },
  ELASTICSEARCH_API_KEY: { type: 'text', default: 'none', description: 'API key, instead of user name and password.' },
  ELASTICSEARCH_USERNAME: { type: 'text', default: 'none', description: 'User name.' },
  ELASTICSEARCH_PASSWORD: { type: 'text', default: 'none', description: 'Password of ELASTICSEARCH_USERNAME.' },
  ELASTICSEARCH_CA: {
    type: 'the path of a PEM file',
    default: 'the system’s',
    description: 'Certificate authority that signed Elasticsearch’s certificate. Certificates are always checked.',
  },
  ...KIBANA_VARIABLES,
  DOCKER_HOST: {
    type: 'a URL such as unix:///var/run/docker.sock or tcp://host:2375',
    default: 'Docker’s own socket',
    description: 'Docker engine that starts the containers.',
  },
  HOST_PATH_MAP: {
    type: '`container-path=host-path`, or several with commas, all absolute',
    default: 'read from the orchestrator’s own container',
    description: 'Where folders of the orchestrator’s container are on the Docker host.',
  },
  RUN_NETWORK: {
    type: 'the name of a Docker network',
    default: '`orchestrator-etl-` and the first letters of DATA_DIR/instance; in a container its own network',
    description:
      'What containers of runs join, made where it is missing. From there Elasticsearch must be reached; one on this machine’s loopback is forwarded to. The API refuses what comes from it.',
  },
  RUNTIME_DIR: {
    type: 'the path of a folder in memory (tmpfs)',
    default: '/run for root, else XDG_RUNTIME_DIR',
    description:
      'Where the files are by which runs get their connection settings, in a folder that nobody else can enter, while they run. Without one they are in DATA_DIR/connections.',
  },
  RUN_KEYS: {
    type: listed(RUN_KEYS),
    default: 'auto',
    description:
      'Whether each run gets an API key of its own, for its index alone and the time it may take. `auto`: where Elasticsearch gives such keys to the configured user; else runs connect with the configured credentials. `required`: else they fail.',
  },
  LOG_LEVEL: { type: listed(LOG_LEVELS), default: 'info', description: 'How much is logged.' },
  LOG_FORMAT: {
    type: listed(LOG_FORMATS),
    default: 'text',
    description:
      'How the log is written to standard output: lines for people (with the date in a file, with their priority in systemd’s journal), or a JSON object a line, by the names of the Elastic Common Schema.',
  },
  LOG_ELASTICSEARCH: {
    type: listed(LOG_ELASTICSEARCH),
    default: 'on',
    description:
      'Whether the log goes to Elasticsearch as well, where ELASTICSEARCH_NODE is set: to the data stream `logs-orchestrator-default`. Its index template `logs-orchestrator` (priority 200, lines are kept for 30 days, one replica at most) is made where it is missing; what you change in it stays. `without-template` makes none, so that one of yours for `logs-*` holds; `off` sends nothing.',
  },
  LOG_RUNS_ELASTICSEARCH: {
    type: listed(LOG_RUNS_ELASTICSEARCH),
    default: 'problems',
    description:
      'Of which runs the lines that containers and processes printed are written there, once the run has ended. `problems`: of those that were not simply done, or took more than one attempt, rejected rows, or are to check; a run that went well prints how its file was read, which the page shows, and with many small files that would be most of the log. What is left out of a long log is said there; `orchestrator logs` has it whole.',
  },
  METRICS_ELASTICSEARCH: {
    type: listed(LOG_ELASTICSEARCH),
    default: 'on',
    description:
      'Whether each run that has ended, and how datasets stand, is written to Elasticsearch, where ELASTICSEARCH_NODE is set: to the data stream `metrics-orchestrator.runs-default`, which dashboards are made of. Its index template `metrics-orchestrator.runs` is made as that of the log is; `without-template` makes none, `off` sends nothing.',
  },
  TELEMETRY_RETENTION: {
    type: 'a duration such as 30d, in whole seconds',
    default: 'as the index templates say, which is 30d unless you changed it',
    description:
      'How long Elasticsearch keeps what is in both data streams. Where it is set, the index templates and the data streams that are there are changed to it at a start; those that you make yourself (`without-template`) are left alone.',
  },
  CONCURRENCY: {
    type: 'a whole number, 1 or more',
    default: 'the number of cores',
    description:
      'Most runs at once, of all datasets together. Where one dataset has held all of them for 10 s, one more may run, of another dataset.',
  },
  JOURNAL: {
    type: 'the path of a file',
    default: 'DATA_DIR/journal.sqlite',
    description: 'The SQLite file that remembers every file and run; its folder must not be everybody’s.',
  },
  MIN_FREE: {
    type: 'a size such as 512m or 2g',
    default: '1g',
    description: 'With less free disk than this nothing new is taken.',
  },
  RETENTION: {
    type: 'a duration such as 30d',
    default: '30d',
    description: 'Runs and logs older than this are pruned; each file’s latest version is kept.',
  },
  GRACE: {
    type: 'a duration such as 30s, at most 24d',
    default: '30s',
    description:
      'How long runs may go on after SIGTERM before they are stopped and queued again. Containers are left to run on, and not waited for, unless their dataset’s STOP says otherwise.',
  },
  RUN_UIDS: {
    type: 'a number from 1000 on, or two such as 61200-61455',
    default: '61200-61455',
    description:
      'Uids for runs of an orchestrator that is root: each run that goes on has one of its own, which owns nothing but its WORK_DIR. No account of the machine may have one of them. An orchestrator that is not root runs everything as itself.',
  },
  LIST_INTERVAL: {
    type: 'a duration such as 60s, more than 0 and at most 24d',
    default: '60s where events are seen, 5s where folders are polled',
    description: 'How often the watched folders are listed, besides the events.',
  },
};

/** Names of all variables. */
export const ENVIRONMENT_NAMES: readonly string[] = Object.keys(VARIABLES);

type Source = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings; empty variables count as unset, relative paths are from `cwd`.
 * Throws one OrchestratorError (`never`) that names every wrong variable, one a line.
 */
export function parseEnvironment(env: Source, cwd: string): Environment {
  const mistakes: string[] = [];
  const read = reader(env, cwd, mistakes);
  const dataDir = read.path('DATA_DIR', './data');
  const configDir = read.path('CONFIG_DIR', './config');
  const environment: Environment = {
    configDir,
    dataDir,
    policyFile: read.path('POLICY_FILE', join(dirname(configDir), 'policy.yaml')),
    isPolicyNamed: read.text('POLICY_FILE') !== undefined,
    port: read.port(),
    host: read.text('HOST') ?? '127.0.0.1',
    auth: read.auth(),
    allowedHosts: read.allowedHosts(),
    publicUrl: read.publicUrl(),
    elasticsearch: read.elasticsearch(),
    kibana: read.kibana(),
    dockerHost: read.dockerHost(),
    hostPathMap: read.hostPathMap(),
    runNetwork: read.text('RUN_NETWORK') ?? null,
    runKeys: read.oneOf('RUN_KEYS', RUN_KEYS, 'auto'),
    runtimeDir: read.text('RUNTIME_DIR') === undefined ? null : read.path('RUNTIME_DIR', ''),
    logLevel: read.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    logFormat: read.oneOf('LOG_FORMAT', LOG_FORMATS, 'text'),
    logElasticsearch: read.oneOf('LOG_ELASTICSEARCH', LOG_ELASTICSEARCH, 'on'),
    logRunsElasticsearch: read.oneOf('LOG_RUNS_ELASTICSEARCH', LOG_RUNS_ELASTICSEARCH, 'problems'),
    metricsElasticsearch: read.oneOf('METRICS_ELASTICSEARCH', LOG_ELASTICSEARCH, 'on'),
    telemetryRetention: read.telemetryRetention(),
    concurrency: read.count('CONCURRENCY', availableParallelism()),
    journal: read.path('JOURNAL', join(dataDir, 'journal.sqlite')),
    minFreeBytes: read.size('MIN_FREE', '1g'),
    retentionMs: read.duration('RETENTION', { fallback: '30d', most: Infinity }),
    graceMs: read.duration('GRACE', { fallback: '30s', most: LONGEST_TIMER_MS }),
    runUids: read.runUids(),
    listIntervalMs: read.listInterval(),
  };
  if (mistakes.length === 0) return environment;
  throw new OrchestratorError('never', `the environment (or .env) has ${mistakes.join('\n')}`);
}

/** The variables of a `.env` file's text. */
export function parseEnvFile(text: string): Record<string, string> {
  return parse(text);
}

function reader(env: Source, cwd: string, mistakes: string[]) {
  function text(name: string): string | undefined {
    return env[name]?.trim() || undefined;
  }
  /** Notes the mistake, and goes on with the fallback to find the others. */
  function refuse<Value>(name: string, fallback: Value, shown = JSON.stringify(text(name))): Value {
    mistakes.push(`${name}=${shown}, which must be ${VARIABLES[name]!.type}`);
    return fallback;
  }
  function number(name: string, fallback: number, isGood: (value: number) => boolean): number {
    const given = text(name);
    if (given === undefined) return fallback;
    return /^\d+$/.test(given) && isGood(Number(given)) ? Number(given) : refuse(name, fallback);
  }
  function duration(name: string, { fallback, most }: { fallback: string; most: number }): number {
    const value = parseDuration(text(name) ?? fallback);
    return value !== undefined && value <= most ? value : refuse(name, 0);
  }
  return {
    text,
    duration,
    path: (name: string, fallback: string) => resolve(cwd, text(name) ?? fallback),
    port: () => number('PORT', 8080, value => value <= 65_535),
    count: (name: string, fallback: number) => number(name, fallback, value => value >= 1),
    size: (name: string, fallback: string) => parseSize(text(name) ?? fallback) ?? refuse(name, 0),
    auth(): Environment['auth'] {
      const given = text('AUTH')?.toLowerCase() ?? 'on';
      const host = text('HOST') ?? '127.0.0.1';
      if (given === 'off' && !isLoopback(host)) {
        mistakes.push(
          `AUTH=off with HOST=${host}, where others could read and steer everything; set HOST=127.0.0.1 or AUTH=on`,
        );
      }
      return given === 'on' || given === 'off' ? given : refuse('AUTH', 'on');
    },
    allowedHosts(): string[] {
      const names = (text('ALLOWED_HOSTS')?.split(',') ?? []).map(name => name.trim().toLowerCase()).filter(Boolean);
      return names.every(name => HOST_NAME.test(name) || isAddress(name)) ? names : refuse('ALLOWED_HOSTS', []);
    },
    publicUrl(): string | null {
      const given = text('PUBLIC_URL');
      if (given === undefined) return null;
      const url = isWebAddress(given) ? new URL(given) : null;
      return url !== null && `${url.origin}/` === url.href ? url.origin : refuse('PUBLIC_URL', null, '(not shown)');
    },
    telemetryRetention(): string | null {
      const given = text('TELEMETRY_RETENTION');
      const isGood = given !== undefined && /^[1-9]\d*(s|m|h|d)$/.test(given);
      return given === undefined || isGood ? (given ?? null) : refuse('TELEMETRY_RETENTION', null);
    },
    listInterval(): number | null {
      if (text('LIST_INTERVAL') === undefined) return null;
      const value = duration('LIST_INTERVAL', { fallback: '', most: LONGEST_TIMER_MS });
      return value > 0 || mistakes.some(mistake => mistake.startsWith('LIST_INTERVAL'))
        ? value
        : refuse('LIST_INTERVAL', null);
    },
    runUids(): UidRange {
      const given = text('RUN_UIDS');
      return given === undefined ? RUN_UIDS : (parseUidRange(given) ?? refuse('RUN_UIDS', RUN_UIDS));
    },
    oneOf<Word extends string>(name: string, words: readonly Word[], fallback: NoInfer<Word>): Word {
      const given = text(name)?.toLowerCase() ?? fallback;
      return words.find(word => word === given) ?? refuse(name, fallback);
    },
    dockerHost(): string | null {
      const given = text('DOCKER_HOST') ?? null;
      return given === null || /^(unix|npipe|tcp|http|https|ssh):\/\/./.test(given)
        ? given
        : refuse('DOCKER_HOST', null);
    },
    hostPathMap(): Environment['hostPathMap'] {
      const given = text('HOST_PATH_MAP');
      if (given === undefined) return null;
      const pairs = given.split(',').map(pair => pair.split('=').map(path => path.trim()));
      if (!pairs.every(pair => pair.length === 2 && pair.every(isAbsolute))) return refuse('HOST_PATH_MAP', null);
      return pairs.map(([from = '', to = '']) => ({ from, to }));
    },
    kibana(): KibanaSettings | null {
      const found = readKibanaSettings(env, cwd);
      mistakes.push(...found.mistakes);
      return found.settings;
    },
    elasticsearch(): ElasticsearchSettings | null {
      const nodes =
        text('ELASTICSEARCH_NODE')
          ?.split(',')
          .map(node => node.trim().replace(/\/+$/, '')) ?? [];
      const settings = {
        nodes,
        apiKey: text('ELASTICSEARCH_API_KEY') ?? null,
        username: text('ELASTICSEARCH_USERNAME') ?? null,
        password: env['ELASTICSEARCH_PASSWORD'] || null, // blanks may belong to it
        ca: text('ELASTICSEARCH_CA') === undefined ? null : resolve(cwd, text('ELASTICSEARCH_CA')!),
      };
      // A password may stand in the URL: it is never repeated.
      if (!nodes.every(isWebAddress)) refuse('ELASTICSEARCH_NODE', null, '(not shown)');
      if (nodes.length > 0) mistakes.push(...credentialMistakes(settings));
      return nodes.length === 0 ? null : settings;
    },
  };
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}

function credentialMistakes({ apiKey, username, password }: ElasticsearchSettings): string[] {
  if (apiKey !== null && username !== null)
    return ['ELASTICSEARCH_API_KEY and ELASTICSEARCH_USERNAME, which exclude each other; unset one'];
  if ((username === null) !== (password === null))
    return ['only one of ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD; set both or none'];
  return [];
}
