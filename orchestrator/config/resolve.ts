import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { compileRegex } from './checks.ts';
import type { Backoff, Dataset } from './dataset.ts';
import { type Settings, settingsSchema } from './schema.ts';
import { isRecord } from './tree.ts';
import { parseDuration } from './units.ts';
import { toWords } from './words.ts';

/** What a dataset is made of once nothing is wrong with it. */
export interface Ingredients {
  name: string;
  configFile: string;
  configFolder: string;
  /** Absolute: relative paths are from here. */
  root: string;
  settings: Partial<Settings>;
  target: 'elasticsearch' | 'lake';
  secrets: readonly string[];
}

const DEFAULT_BACKOFF = { first: '1s', factor: 2, max: '5m' };

/** Fills in the defaults, makes paths absolute, splits words and compiles the expression. */
export function resolveDataset(ingredients: Ingredients): Dataset {
  const { name, root, configFile, configFolder } = ingredients;
  const settings = fillDefaults(ingredients);
  const regex = compileRegex(settings.WATCH_REGEX);
  const command = toWords(settings.COMMAND);
  return {
    name,
    configFile,
    configFolder,
    hash: hashOf([name, root, settings]),
    settings,
    watchDir: resolve(root, settings.WATCH_DIR),
    timeoutMs: parseDuration(settings.TIMEOUT)!,
    backoff: resolveBackoff(settings.BACKOFF),
    command: command.map((word, index) => (index === 0 && word.includes('/') ? resolve(root, word) : word)),
    parameters: toWords(settings.PARAMETERS),
    secrets: [...new Set(ingredients.secrets)],
    matches: path => regex.test(path),
  };
}

function fillDefaults({ name, root, settings, target }: Ingredients): Settings {
  const defaults = Object.fromEntries(
    Object.entries(settingsSchema.properties).flatMap(([key, schema]) =>
      'default' in schema ? [[key, schema.default]] : [],
    ),
  );
  const disposesOfFiles = settings.BACKUP_FILE === true || settings.REMOVE_FILE === true;
  const filled = {
    ...defaults,
    ON_CHANGE: disposesOfFiles ? 'append' : 'replace',
    CONNECTIONS: needsConnections(settings, target) ? 'file' : 'none',
    ...settings,
    LOAD: { target, index: name, ...settings.LOAD },
  } as Settings;
  return { ...filled, ...absolutePaths(filled, root) };
}

/** An image or a program of somebody else's gets them only where the YAML itself says that the rows go there. */
function needsConnections({ DOCKER_IMAGE, COMMAND, LOAD }: Partial<Settings>, target: Ingredients['target']): boolean {
  const isDefaultEtl = DOCKER_IMAGE === undefined && COMMAND === undefined;
  return (isDefaultEtl ? target : LOAD?.target) === 'elasticsearch';
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
