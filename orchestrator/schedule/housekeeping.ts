import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { FINAL_STATES, type Journal, type Run } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import { ignore, tidyWorkDir } from './work-dir.ts';

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

/** Prunes now and every hour; the first time it also clears what a crash left of runs that had ended. */
export function startHousekeeping(options: HousekeepingOptions): Housekeeping {
  const { clock, logger } = options;
  let stopped = false;
  let callOff = (): void => undefined;
  let working = work(true);

  async function work(first: boolean): Promise<void> {
    try {
      if (first) await clearLeftovers(options, () => stopped);
      await prune(options);
    } catch (error) {
      logger.error(`old runs could not be pruned: ${messageOf(error)}`, { error });
    }
    if (stopped) return;
    callOff = clock.after(INTERVAL_MS, () => {
      working = work(false);
    });
  }

  return {
    async stop() {
      stopped = true;
      callOff();
      await working;
    },
  };
}

/** Forgets old runs and removes their logs, rejects and mended rows. Resolves with how many. */
export async function prune({ journal, dataDir, retentionMs, clock, logger }: HousekeepingOptions): Promise<number> {
  const ids = await journal.prune({ endedBefore: clock.now() - retentionMs });
  for (const id of ids) await removeRun(dataDir, id);
  if (ids.length > 0) logger.info(`${ids.length} runs that ended more than RETENTION ago were forgotten`);
  return ids.length;
}

/** Work folders of runs that are over, or that the journal doesn't know, lose all but their rejects. */
async function clearLeftovers({ journal, dataDir }: HousekeepingOptions, isStopped: () => boolean): Promise<void> {
  for (const id of (await readdir(join(dataDir, 'runs')).catch(ignore('ENOENT'))) ?? []) {
    if (isStopped()) return;
    const run = await journal.run(id);
    if (!run) await removeRun(dataDir, id);
    else if (FINAL_STATES.includes(run.state) && !(await isBatchGoingOn(journal, run)))
      await tidyAll(join(dataDir, 'runs', id));
  }
}

/** The first run of a batch may be over while others work in its folder. */
async function isBatchGoingOn(journal: Journal, lead: Run): Promise<boolean> {
  const { items } = await journal.runs({ dataset: lead.dataset, states: ['running'], limit: 1000 });
  return items.some(run => run.batch === lead.id);
}

async function tidyAll(folder: string): Promise<void> {
  for (const attempt of await readdir(folder)) await tidyWorkDir(join(folder, attempt), true);
}

async function removeRun(dataDir: string, id: string): Promise<void> {
  await rm(join(dataDir, 'runs', id), { recursive: true, force: true });
  await rm(join(dataDir, 'logs', id), { recursive: true, force: true });
  await rm(join(dataDir, 'mended', id), { recursive: true, force: true });
}
