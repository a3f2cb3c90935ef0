import { statSync } from 'node:fs';
import module from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ALL_DEADLINE_MS, FILE_DEADLINE_MS, LOADER_MEGABYTES, START_DEADLINE_MS } from './bounds.ts';
import type { Dataset } from './dataset.ts';
import { ofFile } from './messages.ts';
import { type Places, placesOf } from './places.ts';
import type { Policy } from './policy.ts';
import { nothingRead, type ReadConfig, type ReadRequest } from './reading.ts';
import { revive } from './revive.ts';
import type { Variables } from './substitute.ts';
import type { Said } from './thread.ts';

/** A configuration as it was found: what can be used of it, and all that is wrong with the rest. */
export interface Loaded extends Omit<ReadConfig, 'datasets'> {
  /** By name; those without a mistake. */
  datasets: Dataset[];
}

export interface LoadOptions extends Partial<Places> {
  /** The policy that holds where the one of now can't be trusted or read; without it nothing can be used then. */
  formerPolicy?: Policy | null;
  /** Absolute paths of files that are still being written, and are not read. */
  unfinished?: readonly string[];
  /** How long one file may take; 5 s. */
  fileDeadlineMs?: number;
  /** How long all of them may take; 30 s. */
  allDeadlineMs?: number;
}

/**
 * Reads the policy and `<configDir>/<dataset>.yaml`, each with `_defaults.yaml` under it, in a thread of its own: a
 * file that takes longer than its deadline is a mistake, and the others are read. Files that begin with a dot or `_`
 * are no datasets. Relative paths are from `root`, by default the folder that holds `configDir`. Never throws for what
 * is in the files.
 */
export async function loadDatasets(configDir: string, env: Variables, options: LoadOptions = {}): Promise<Loaded> {
  const { formerPolicy = null, unfinished = [], ...others } = options;
  const { fileDeadlineMs = FILE_DEADLINE_MS, allDeadlineMs = ALL_DEADLINE_MS, ...more } = others;
  const places = placesOf(configDir, env, more);
  const request = { places, env: { ...env }, formerPolicy, unfinished, allDeadlineMs };
  let spentMs = 0;
  let notFrom: string | null = null;
  let found: ReadConfig | undefined;
  while (found === undefined) {
    const tooSlow = [...slowFiles].filter(([path, version]) => versionOf(path) === version).map(([path]) => path);
    const outcome: Said = await inTurn(async () => {
      const start = performance.now();
      const said = await read({ ...request, tooSlow, notFrom }, fileDeadlineMs);
      spentMs += performance.now() - start;
      return said;
    });
    if ('end' in outcome) found = outcome.end;
    else if (tooSlow.includes(outcome.begin) || notFrom !== null) found = nothing(outcome.begin);
    else {
      slowFiles.set(outcome.begin, versionOf(outcome.begin));
      // Those before it were read in time, and will be again.
      if (spentMs > allDeadlineMs) notFrom = outcome.begin;
    }
  }
  return { ...found, datasets: found.datasets.map(revive) };
}

const IDLE_MS = 10_000;
/** What was just made, before it is garbage or kept. */
const YOUNG_MEGABYTES = 16;

/** Files that took too long, and which version of them did. */
const slowFiles = new Map<string, string>();

function versionOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined ? '' : `${found.ino}-${found.size}-${found.mtimeNs}`;
}

/** Of the whole configuration: something that is no YAML of its own took too long. */
function nothing(file: string): ReadConfig {
  const mistake = ofFile(file, null, 'too-slow', FILE_DEADLINE_MS / 1000);
  return { ...nothingRead(), isPolicyStale: true, errors: [mistake], unreadable: mistake.message };
}

// One thread for all readings, one at a time: starting it takes longer than reading a hundred files. It goes when there
// was none for a while, since it takes 50 MB.
let thread: Worker | undefined;
let idle: NodeJS.Timeout | undefined;
let turn: Promise<unknown> = Promise.resolve();

function inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
  const result = turn.then(act);
  turn = result.catch(() => undefined);
  return result;
}

/** The end of a reading, or the file with which the thread did not come to an end. The thread is ended then. */
function read(request: ReadRequest, fileDeadlineMs: number): Promise<Said> {
  const { promise, resolve } = Promise.withResolvers<Said>();
  clearTimeout(idle);
  const worker = (thread ??= startThread());
  let last: Said = { begin: request.places.policyFile };
  const giveUp = () => {
    thread = undefined;
    void worker.terminate();
    resolve(last);
  };
  // Until it has begun with a file it may have to be started first.
  let timer = setTimeout(giveUp, START_DEADLINE_MS);
  const hear = (said: Said) => {
    last = said;
    if ('end' in said) resolve(said);
    clearTimeout(timer);
    timer = setTimeout(giveUp, fileDeadlineMs);
  };
  worker.ref();
  worker.on('message', hear).on('error', giveUp);
  worker.postMessage(request);
  return promise.finally(() => {
    clearTimeout(timer);
    worker.off('message', hear).off('error', giveUp).unref();
    idle = setTimeout(endThread, IDLE_MS).unref();
  });
}

function endThread(): void {
  void thread?.terminate();
  thread = undefined;
}

/** Where the program is compiled already, the thread need not do it again: half a second of CPU (Node 24.21). */
function compiledCode(): Record<string, string> {
  const folder = module.getCompileCacheDir();
  // It is one of this version of Node, below the one that was asked for.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}

function startThread(): Worker {
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    env: compiledCode(),
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: LOADER_MEGABYTES, maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
  });
  // Whoever waits for an answer hears of it, too; without this one an end between two readings would end the process.
  return worker.on('error', () => {
    if (thread === worker) thread = undefined;
  });
}
