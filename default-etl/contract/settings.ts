import { basename, resolve } from 'node:path';
import { type Action, type FolderFile, fileKey, type Replaced, versionAt } from './protocol.ts';
import { configFailure } from './failure.ts';
import type { ElasticsearchOptions } from '../load/elasticsearch/options.ts';
import { defaultTarget, TARGETS, targetOf, type Targets } from '../load/registry.ts';
import type { SharedOptions } from '../load/shared-options.ts';
import type { TargetKind } from '../load/target.ts';
import type { ExpectedVersion } from '../unpack/source.ts';

/** EXTRACT: what is left out is found out. */
export interface Extract {
  format?: string;
  encoding?: string;
  delimiter?: string;
  quote?: string | false;
  escape?: string;
  skip_blanks?: boolean;
  /** false: the file has none · a list: these are the names, the file has none. */
  header?: boolean | string[];
  skip_rows?: number;
  skip_footer?: number;
  sheet?: number | string;
  columns?: string[];
  record_path?: string[];
  /** Globs: which members of an archive are read. */
  members?: string | string[];
  /** A file is refused where something is found out of how it is read that is less sure than this, from 0 to 1. */
  min_confidence?: number;
  /** What a file may become; limits.ts says what is usual. Sizes as `64m`. */
  limits?: { columns?: number; cells?: number; row_size?: string | number; unpacked_size?: string | number };
}

/** LOAD: the options of all targets. */
export interface Load extends ElasticsearchOptions, SharedOptions {
  /** A name of the registry. */
  target?: string;
}

/** One file to be loaded: all that the environment says of it. */
export interface Job {
  dataset: string;
  runId: string;
  version: number;
  /** That of rows with LOAD.id: where they are mended, the one they had been read with, so that they replace no later row. */
  keyVersion: number;
  /** With LOAD.overwrite the newest version that the index may have been built for, if these rows are to be added to it. */
  newestBuilt: number;
  action: Action;
  /** ACTION mend: no row of the version was loaded before, so a former version's rows go. */
  mendReplaces: boolean;
  file: string;
  /** What messages call it: its path in the watched folder where that is known. */
  calledFile: string;
  fileName: string;
  filePath: string;
  expected: ExpectedVersion;
  fileKey: string;
  fileRows: number;
  /** Whoever started this keeps account: no row behind `fileRows` was ever sent. */
  isFileRowsKnown: boolean;
  replaces: Replaced[];
  /** Rows of former files of its name stay beside its own. */
  isAppended: boolean;
  /** Whoever started this refreshes the index once it is done. */
  isRefreshedLater: boolean;
  /** Milliseconds since 1970-01-01 UTC. */
  seenAt: number;
  /** Since when account is kept of the dataset; undefined where nobody says. */
  knownSince: number | undefined;
  workDir: string;
  extract: Extract;
  transform: Array<string | Record<string, unknown>>;
  /** The dataset's own folder: references of `merge`, modules. */
  configFiles: string;
  load: Load;
  target: TargetKind;
  /** What the target reads its connection from. */
  environment: Environment;
}

export type Environment = Record<string, string | undefined>;

/** Reads the environment of one file; `file` is the argument where FILE is not set. Throws EtlFailure 78. */
export function readJob(env: Environment, file: string, now: number, targets: Targets = TARGETS): Job {
  const path = resolve(file);
  const fileName = env.FILE_NAME ?? basename(path);
  const dataset = env.DATASET ?? 'default';
  const filePath = env.FILE_PATH ?? fileName;
  const load = loadOf(env);
  const isMend = env.ACTION === 'mend';
  const version = wholeOf(env, 'VERSION', versionAt(now));
  const keyVersion = isMend ? wholeOf(env, 'MENDED_VERSION', version) : version;
  return {
    dataset,
    runId: env.RUN_ID ?? 'alone',
    version,
    keyVersion,
    newestBuilt: isMend ? wholeOf(env, 'MENDED_UNTIL', keyVersion) : version,
    action: actionOf(env.ACTION),
    mendReplaces: isMend && env.MEND_REPLACES === 'true',
    file: path,
    // The table of a mend lies elsewhere.
    calledFile: isMend ? path : env.FILE_PATH || path,
    fileName,
    filePath,
    // The file of a mend is not the one whose version the environment names.
    expected: isMend ? NOTHING_EXPECTED : expectedOf(env),
    fileKey: env.FILE_KEY || fileKey(dataset, filePath),
    fileRows: wholeOf(env, 'FILE_ROWS', 0),
    isFileRowsKnown: Boolean(env.FILE_ROWS),
    replaces: jsonOf<Replaced[]>(env, 'REPLACES', []),
    isAppended: env.ON_CHANGE === 'append' && load.id === undefined,
    isRefreshedLater: env.REFRESH === 'later',
    seenAt: timeOf(env, 'SEEN_AT') ?? now,
    knownSince: timeOf(env, 'KNOWN_SINCE'),
    workDir: env.WORK_DIR ?? resolve('etl-out', fileName),
    extract: jsonOf<Extract>(env, 'EXTRACT', {}),
    transform: jsonOf<Job['transform']>(env, 'TRANSFORM', ['minimal']),
    configFiles: env.CONFIG_FILES || resolve('config', dataset),
    load,
    target: targetOf(load.target ?? defaultTarget(env), targets),
    environment: env,
  };
}

/** `mappings` as Elasticsearch has them (`properties: {DATE: …}`), or the columns' alone. */
function loadOf(env: Environment): Load {
  const load = jsonOf<Load>(env, 'LOAD', env.DATASET === undefined ? { index: 'pypel-default' } : {});
  const { properties } = (load.mappings ?? {}) as { properties?: Record<string, unknown> };
  // With a type in it, it is the mapping of a column of that name.
  if (typeof properties !== 'object' || properties === null || typeof properties['type'] === 'string') return load;
  return { ...load, mappings: properties };
}

/** The environment of one file of a run over a folder. */
export function folderEnvironment(env: Environment, file: FolderFile): Environment {
  return { ...env, ...file };
}

/** The same with LOAD.overwrite off. */
export function withoutOverwrite(env: Environment): Environment {
  const load = jsonOf<Load>(env, 'LOAD', {});
  return load.overwrite ? { ...env, LOAD: JSON.stringify({ ...load, overwrite: false }) } : env;
}

const NOTHING_EXPECTED: ExpectedVersion = { sizeBytes: null, mtimeNs: null, inode: null };

function expectedOf(env: Environment): ExpectedVersion {
  return {
    sizeBytes: bigOf(env, 'FILE_SIZE'),
    mtimeNs: bigOf(env, 'FILE_MTIME_NS'),
    inode: bigOf(env, 'FILE_INODE'),
  };
}

function actionOf(text: string | undefined): Action {
  if (text === undefined || text === '') return 'add';
  if (text === 'add' || text === 'change' || text === 'delete' || text === 'mend') return text;
  throw configFailure(`ACTION ${text} is none of add, change, delete, mend`);
}

function wholeOf(env: Environment, key: string, fallback: number): number {
  const text = env[key];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw configFailure(`${key} ${text} is not a whole number from 0`);
}

function bigOf(env: Environment, key: string): bigint | null {
  const text = env[key];
  if (text === undefined || text === '') return null;
  if (/^-?\d+$/.test(text)) return BigInt(text);
  throw configFailure(`${key} ${text} is not a whole number`);
}

function timeOf(env: Environment, name: 'SEEN_AT' | 'KNOWN_SINCE'): number | undefined {
  if (env[name] === undefined || env[name] === '') return undefined;
  const time = Date.parse(env[name]);
  if (!Number.isNaN(time)) return time;
  throw configFailure(`${name} ${env[name]} is not a time in ISO 8601`);
}

function jsonOf<T>(env: Environment, key: string, fallback: T): T {
  const text = env[key];
  if (text === undefined || text === '') return fallback;
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw configFailure(`${key} is not JSON: ${(error as Error).message}`);
  }
}
