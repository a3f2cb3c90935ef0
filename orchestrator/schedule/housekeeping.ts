import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { Folder } from '../files/folder.ts';
import { removeTree } from '../files/tree.ts';
import { unless } from '../files/unless.ts';
import { FINAL_STATES, type Journal, type Run } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import { STORES } from '../targets/registry.ts';
import { tidyWorkDir } from './left.ts';

export interface HousekeepingOptions {
  journal: Journal;
  /** Absolute. DATA_DIR. */
  dataDir: string;
  /** Runs, logs and rejects older than this are forgotten, but for each path's latest version. */
  retentionMs: number;
  clock: Clock;
  logger: Logger;
}

export interface Housekeeping {
  /** Ends what goes on, and starts nothing more. Stopping twice is harmless. */
  stop(): Promise<void>;
}

const INTERVAL_MS = 3_600_000;
/** What came in so short a time is looked through in milliseconds. */
const NAMES_MS = 10_000;
/** Folders of DATA_DIR with one of each run's own in them. */
// rule 13: logs go with them
const BY_RUN = ['runs', 'logs', 'mended'] as const;

/**
 * Prunes now and every hour; the first time it also clears what a crash left of runs that had ended. Beside it what
 * searches need is kept up to date.
 */
export function startHousekeeping(options: HousekeepingOptions): Housekeeping {
  const { clock, journal, logger } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const pruning = repeat({ clock, signal, intervalMs: INTERVAL_MS }, async isFirst => {
    try {
      if (isFirst) await clearLeftovers(options, signal);
      await prune(options, signal);
    } catch (error) {
      logger.error(`old runs could not be pruned: ${messageOf(error)}`, { error });
    }
  });
  const naming = repeat({ clock, signal, intervalMs: NAMES_MS }, async () => {
    try {
      await journal.indexNames(signal);
    } catch (error) {
      logger.error(`names could not be prepared for searches, which take longer: ${messageOf(error)}`, { error });
    }
  });
  return {
    async stop() {
      stopping.abort();
      await Promise.all([pruning.stop(), naming.stop()]);
    },
  };
}

interface Rhythm {
  clock: Clock;
  signal: AbortSignal;
  intervalMs: number;
}

/** Works now, and again so long after each end. `work` never throws. */
function repeat({ clock, signal, intervalMs }: Rhythm, work: (isFirst: boolean) => Promise<void>): Housekeeping {
  let callOff = (): void => undefined;
  let working = run(true);

  async function run(isFirst: boolean): Promise<void> {
    await work(isFirst);
    if (signal.aborted) return;
    callOff = clock.after(intervalMs, () => {
      working = run(false);
    });
  }

  return {
    async stop() {
      callOff();
      await working;
    },
  };
}

/**
 * Forgets old runs and removes their logs, rejects and mended rows. Resolves with how many. `signal` breaks it off:
 * what is left then is removed by the next start.
 */
export async function prune(
  { journal, dataDir, retentionMs, clock, logger }: HousekeepingOptions,
  signal?: AbortSignal,
): Promise<number> {
  // rule 13: runs have a retention
  const ids = await journal.prune({ endedBefore: clock.now() - retentionMs, signal });
  for (const id of ids) await removeRun(dataDir, id, signal);
  if (ids.length > 0) logger.info(`${ids.length} runs that ended more than RETENTION ago were forgotten`);
  return ids.length;
}

/** What is left of runs that the journal doesn't know goes; work folders of those that are over lose all but their rejects. */
async function clearLeftovers(options: HousekeepingOptions, signal: AbortSignal): Promise<void> {
  const { journal, dataDir } = options;
  for (const kind of BY_RUN) {
    for (const id of await namesIn(join(dataDir, kind))) {
      if (signal.aborted) return;
      const run = await journal.run(id);
      if (!run) await removeRun(dataDir, id, signal);
      else if (kind === 'runs' && FINAL_STATES.includes(run.state) && !(await isBatchGoingOn(journal, run)))
        await tidyAll(join(dataDir, kind, id), signal);
    }
  }
  for (const store of Object.values(STORES)) await store.takeOver(dataDir, text => options.logger.warn(text));
}

/** The first run of a batch may be over while others work in its folder. */
async function isBatchGoingOn(journal: Journal, lead: Run): Promise<boolean> {
  const { items } = await journal.runs({ dataset: lead.dataset, states: ['running'], limit: 1000 });
  return items.some(run => run.batch === lead.id);
}

async function tidyAll(folder: string, signal: AbortSignal): Promise<void> {
  for (const attempt of await namesIn(folder)) await tidyWorkDir(join(folder, attempt), true, { signal });
}

async function removeRun(dataDir: string, id: string, signal: AbortSignal | undefined): Promise<void> {
  await Folder.use(dataDir, async data => {
    for (const kind of BY_RUN) await removeTree(data, `${kind}/${id}`, signal);
  });
}

async function namesIn(path: string): Promise<string[]> {
  const folder = await Folder.open(path).catch(unless('ENOENT', 'ENOTDIR'));
  if (folder === undefined) return [];
  try {
    const names: string[] = [];
    for await (const { name } of await folder.entries()) names.push(name);
    return names;
  } finally {
    await folder.close();
  }
}
