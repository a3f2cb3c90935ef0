import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Message } from '../../../default-etl/contract/contract.ts';
import type { Dataset } from '../../config/dataset.ts';
import type { DockerOptions } from '../../config/docker-schema.ts';
import { limitsOf } from '../../config/resolve.ts';
import type { Settings } from '../../config/schema.ts';
import type { Logger } from '../../log.ts';
import type { Job, Outcome, Runner } from '../runner.ts';
import { createRunUids } from '../uids.ts';

export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};

/** A DATA_DIR with a watched folder and one file in it. */
export interface Place {
  dataDir: string;
  watchDir: string;
  file: string;
  remove(): Promise<void>;
}

export async function makePlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-run-'));
  const place = { dataDir: join(folder, 'data'), watchDir: join(folder, 'in') };
  await mkdir(place.dataDir);
  await mkdir(place.watchDir);
  const file = join(place.watchDir, 'jé 1.csv');
  await writeFile(file, 'a,b\n1,2\n');
  return { ...place, file, remove: () => rm(folder, { recursive: true, force: true }) };
}

export interface JobOptions {
  command?: string[];
  args?: string[];
  environment?: Record<string, string>;
  attempt?: number;
  runId?: string;
  owner?: { uid: number; gid: number };
  image?: string;
  docker?: DockerOptions;
  configFolder?: string;
  connections?: Job['connections'];
  warm?: number;
  workSize?: string;
  whyForbidden?: Dataset['whyForbidden'];
}

/** As the orchestrator gives them, shared with all that runs on this machine meanwhile. */
export const uids = createRunUids({ range: { from: 61_200, to: 61_455 }, reserve: 4 });

let runs = 0;

/** One attempt at the place's file, its folders made. */
export async function makeJob(place: Place, options: JobOptions = {}): Promise<Job> {
  const runId = options.runId ?? `run-${process.pid}-${++runs}`;
  const attempt = options.attempt ?? 1;
  const workDir = join(place.dataDir, 'runs', runId, String(attempt));
  await mkdir(workDir, { recursive: true, mode: 0o700 });
  return {
    runId,
    attempt,
    datasetName: 'sales',
    workDir,
    logFile: join(place.dataDir, 'runs', runId, `${attempt}.log`),
    dataset: makeDataset(place, options),
    file: place.file,
    inputFolder: place.watchDir,
    action: 'add',
    args: () => options.args ?? [],
    environment: paths => ({ DATASET: 'sales', WORK_DIR: paths.work, DATA: paths.data, ...options.environment }),
    writeFiles: () => undefined,
    connections: options.connections ?? null,
    owner: options.owner ?? uids.take(workDir),
  };
}

function makeDataset(place: Place, options: JobOptions): Dataset {
  const settings: Partial<Settings> = { WATCH_DIR: place.watchDir, WARM: options.warm ?? 0 };
  settings.WORK_SIZE = options.workSize ?? '10g';
  if (options.image !== undefined) settings.DOCKER_IMAGE = options.image;
  if (options.docker !== undefined) settings.DOCKER_OPTIONS = options.docker;
  return {
    name: 'sales',
    configFile: join(place.dataDir, 'sales.yaml'),
    configFolder: options.configFolder ?? join(place.dataDir, 'no-config'),
    hash: 'hash',
    settings: settings as Settings,
    written: Object.keys(settings),
    watchDir: place.watchDir,
    timeoutMs: 60_000,
    backoff: { firstMs: 1000, factor: 2, maxMs: 60_000 },
    command: options.command ?? [],
    parameters: [],
    secrets: [],
    limits: limitsOf(settings, {}),
    whyForbidden: options.whyForbidden ?? (() => null),
    matches: () => true,
  };
}

export interface Ran {
  outcome: Outcome;
  messages: Message[];
  log: string;
}

/** Starts the attempt and follows it to its end. */
export async function run(runner: Runner, job: Job): Promise<Ran> {
  const handle = await runner.start(job);
  const messages: Message[] = [];
  const outcome = await runner.follow(handle, job, message => messages.push(message));
  return { outcome, messages, log: readFileSync(job.logFile, 'utf8') };
}
