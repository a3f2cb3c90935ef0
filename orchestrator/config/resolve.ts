import type { Backoff } from '../async/backoff.ts';
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Limits, RunRule, StoredDataset } from './dataset.ts';
import { defaultsOf } from './describe.ts';
import type { PolicySettings } from './policy-schema.ts';
import { needsConnections } from './receivers.ts';
import type { DatasetRights, PathBounds } from './rights.ts';
import { type Settings, settingsSchema } from './schema.ts';
import { isRecord } from './tree.ts';
import { parseDuration, parseSize } from './units.ts';
import { toWords } from './words.ts';

/** What a dataset is made of once nothing is wrong with it. */
export interface Ingredients {
  name: string;
  configFile: string;
  configFolder: string;
  /** Absolute: relative paths are from here. */
  root: string;
  settings: Partial<Settings>;
  target: string;
  policy: PolicySettings;
  rights: DatasetRights;
  secrets: readonly string[];
}

// The default ETL takes 100 to 400 MB (default-etl/MEASURED.md).
const MEMORY = '2g';
const PIDS = 1024;
const DEFAULT_BACKOFF = { first: '1s', factor: 2, max: '5m' };

const RUN_RULES: readonly RunRule[] = ['folders', 'volumes', 'commands', 'yaml_folders'];

/** Fills in the defaults, makes paths absolute, and splits words. */
export function resolveDataset(ingredients: Ingredients): StoredDataset {
  const { name, root, configFile, configFolder, rights } = ingredients;
  const settings = fillDefaults(ingredients);
  const command = toWords(settings.COMMAND);
  const limits = limitsOf(settings, ingredients.policy.limits);
  const bounds = Object.fromEntries(RUN_RULES.map(rule => [rule, rights.bounds(rule)])) as Record<RunRule, PathBounds>;
  return {
    name,
    configFile,
    configFolder,
    hash: hashOf([name, root, settings, limits, RUN_RULES.map(rule => ingredients.policy[rule])]),
    settings,
    written: Object.keys(ingredients.settings),
    watchDir: resolve(root, settings.WATCH_DIR),
    timeoutMs: parseDuration(settings.TIMEOUT)!,
    backoff: resolveBackoff(settings.BACKOFF),
    command: command.map((word, index) => (index === 0 && word.includes('/') ? resolve(root, word) : word)),
    parameters: toWords(settings.PARAMETERS),
    secrets: [...new Set(ingredients.secrets)],
    limits,
    bounds,
  };
}

/** What an attempt may take: what the YAML says, else the default, and no more than the policy's most. */
export function limitsOf(
  { DOCKER_OPTIONS = {}, WORK_SIZE }: Partial<Settings>,
  most: PolicySettings['limits'],
): Limits {
  const memoryBytes = (text: string | undefined) => (text === undefined ? Infinity : parseSize(text)!);
  return {
    memoryBytes: Math.min(memoryBytes(DOCKER_OPTIONS.memory ?? MEMORY), memoryBytes(most.memory)),
    cpus: DOCKER_OPTIONS.cpus ?? most.cpus ?? null,
    pids: Math.min(DOCKER_OPTIONS.pids ?? PIDS, most.pids ?? Infinity),
    workBytes: memoryBytes(WORK_SIZE),
  };
}

function fillDefaults({ name, root, settings, target, policy }: Ingredients): Settings {
  const defaults = defaultsOf(settingsSchema.properties);
  const disposesOfFiles = settings.BACKUP_FILE === true || settings.REMOVE_FILE === true;
  const filled = {
    ...defaults,
    ...cappedDefaults(defaults as Settings, policy.limits),
    // rule 3: append is the default where files are disposed of
    ON_CHANGE: disposesOfFiles ? 'append' : 'replace',
    CONNECTIONS: needsConnections(settings, target) ? 'file' : 'none',
    ...settings,
    LOAD: { target, index: name, ...settings.LOAD },
  } as Settings;
  return { ...filled, ...absolutePaths(filled, root) };
}

/** Defaults that the policy makes smaller; what YAML says itself has been judged. */
function cappedDefaults(defaults: Settings, most: PolicySettings['limits']): Partial<Settings> {
  const { TIMEOUT, WORK_SIZE, RETRIES, CONCURRENCY } = defaults;
  return {
    ...(most.timeout && parseDuration(most.timeout)! < parseDuration(TIMEOUT)! ? { TIMEOUT: most.timeout } : {}),
    ...(most.work_size && parseSize(most.work_size)! < parseSize(WORK_SIZE)! ? { WORK_SIZE: most.work_size } : {}),
    RETRIES: Math.min(RETRIES, most.retries ?? RETRIES),
    CONCURRENCY: Math.min(CONCURRENCY, most.concurrency ?? CONCURRENCY),
  };
}

/** Folders of the orchestrator's own. WATCH_DIR stays as written: `watchDir` is the absolute one. */
function absolutePaths({ BACKUP_DIR, QUARANTINE_DIR, DOCKER_OPTIONS }: Settings, root: string): Partial<Settings> {
  return {
    ...(BACKUP_DIR === undefined ? {} : { BACKUP_DIR: resolve(root, BACKUP_DIR) }),
    ...(typeof QUARANTINE_DIR === 'string' ? { QUARANTINE_DIR: resolve(root, QUARANTINE_DIR) } : {}),
    ...(DOCKER_OPTIONS?.volumes === undefined
      ? {}
      : {
          DOCKER_OPTIONS: {
            ...DOCKER_OPTIONS,
            volumes: DOCKER_OPTIONS.volumes.map(volume => absoluteVolume(volume, root)),
          },
        }),
  };
}

/** As compose does: `./tables:/tables` is a folder, `tables:/tables` a volume of that name. */
function absoluteVolume(volume: string, root: string): string {
  const [source = '', ...rest] = volume.split(':');
  return source.startsWith('.') ? [resolve(root, source), ...rest].join(':') : volume;
}

function resolveBackoff(setting: Settings['BACKOFF']): Backoff {
  const { first, factor, max } = {
    ...DEFAULT_BACKOFF,
    ...(typeof setting === 'string' ? { first: setting } : setting),
  };
  return { firstMs: parseDuration(first)!, factor, maxMs: parseDuration(max)! };
}

/** SHA-256 of plain values; the order of keys makes no difference. */
function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, sortKeys)).digest('hex');
}

function sortKeys(_key: string, value: unknown): unknown {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
}
