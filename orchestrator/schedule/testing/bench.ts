import { versionOf } from '../../files/version.ts';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Message } from '../../../default-etl/contract/contract.ts';
import { systemClock } from '../../clock.ts';
import type { Dataset } from '../../config/dataset.ts';
import type { Journal, Run } from '../../journal/journal.ts';
import { openSqliteJournal } from '../../journal/sqlite/sqlite-journal.ts';
import type { Logger } from '../../log.ts';
import type { AttemptRef, Job, Outcome, Recovered, Runner, StopReason } from '../../run/runner.ts';
import { createRunUids } from '../../run/uids.ts';
import type { ScheduleContext } from '../context.ts';
import { type Scheduler, type ScheduleOptions, startScheduler } from '../scheduler.ts';

/** A data folder, a watched folder and a real journal. */
export interface Bench {
  dataDir: string;
  watchDir: string;
  journal: Journal;
  logged: string[];
  logger: Logger;
  /** Writes the file and queues its run, as the watcher would. */
  arrive(dataset: Dataset, file: string, content?: string): Promise<Run>;
  /** Resolves with the run once it is as asked. */
  until(runId: string, isSo: (run: Run) => boolean): Promise<Run>;
  schedule(runner: Runner, datasets: Dataset[], more?: Partial<ScheduleOptions>): Promise<Scheduler>;
}

export const NO_CONNECTIONS: ScheduleContext['connections'] = {
  mask: text => text,
  open: async () => null,
  close: async () => undefined,
  sweep: async () => undefined,
};

export const NO_REFRESHES: ScheduleContext['refreshes'] = {
  cover: () => false,
  refresh: async () => undefined,
};

export const IDLE_DISPOSER: ScheduleContext['disposer'] = {
  intend: async () => undefined,
  ended: () => undefined,
  released: async () => undefined,
};

export function setUp(t: TestContext): Bench {
  const base = mkdtempSync(join(tmpdir(), 'schedule-'));
  const [dataDir, watchDir] = [join(base, 'data'), join(base, 'in')];
  mkdirSync(dataDir);
  mkdirSync(watchDir);
  const logged: string[] = [];
  const logger = listLogger(logged);
  const journal = openSqliteJournal({ path: join(dataDir, 'journal.sqlite'), clock: systemClock });
  const schedulers: Scheduler[] = [];
  t.after(async () => {
    for (const scheduler of schedulers) {
      scheduler.hurry();
      await scheduler.stop({ graceMs: 0 });
    }
    await journal.close();
    rmSync(base, { recursive: true });
  });
  return {
    dataDir,
    watchDir,
    journal,
    logged,
    logger,
    arrive: (dataset, file, content = 'a\n1\n') => arrive(journal, dataset, file, content),
    until: (runId, isSo) => until(journal, runId, isSo),
    async schedule(runner, datasets, { holder = 'test', ...more } = {}) {
      await journal.endOtherLeases(holder);
      const scheduler = await startScheduler({
        journal,
        runners: { for: async () => ({ runner, reason: 'it is the only one' }), of: () => runner, all: () => [runner] },
        datasets: () => new Map(datasets.map(dataset => [dataset.name, dataset])),
        holder,
        connections: NO_CONNECTIONS,
        refreshes: NO_REFRESHES,
        uids: createRunUids({ range: { from: 61_200, to: 61_455 }, reserve: 4 }),
        environment: { dataDir, elasticsearch: null, concurrency: 4, minFreeBytes: 0 },
        disposer: IDLE_DISPOSER,
        clock: systemClock,
        logger,
        ...more,
      });
      schedulers.push(scheduler);
      return scheduler;
    },
  };
}

export async function arrive(journal: Journal, dataset: Dataset, file: string, content: string): Promise<Run> {
  const path = join(dataset.watchDir, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  const now = Date.now();
  const request = { dataset: dataset.name, file, root: dataset.watchDir, priority: dataset.settings.PRIORITY, now };
  const { id } = await journal.settle(request);
  const fileVersion = versionOf(statSync(path, { bigint: true }));
  return journal.queue({ runId: id, fileVersion, contentHash: `hash of ${content}`, now });
}

async function until(journal: Journal, runId: string, isSo: (run: Run) => boolean): Promise<Run> {
  const { promise, resolve, reject } = Promise.withResolvers<Run>();
  const deadline = setTimeout(() => {
    journal.run(runId).then(run => reject(new Error(`still ${run?.state}: ${run?.error}`)), reject);
  }, 15_000);
  const off = journal.onChange(run => {
    if (run.id === runId && isSo(run)) resolve(run);
  });
  try {
    const now = await journal.run(runId);
    return now && isSo(now) ? now : await promise;
  } finally {
    clearTimeout(deadline);
    off();
  }
}

function listLogger(lines: string[]): Logger {
  const add = (message: string): void => void lines.push(message);
  const logger: Logger = { debug: add, info: add, warn: add, error: add, child: () => logger };
  return logger;
}

export const SUCCESS: Outcome = {
  exitCode: 0,
  signal: null,
  outOfMemory: false,
  stopped: null,
  results: [],
  supersededBy: null,
  errorText: '',
};

export const ROWS = { rows_read: 2, rows_loaded: 2, rows_rejected: 0, rows_filtered: 0, rows_deleted: 0 } as const;

/** What a scripted attempt does: its outcome, or none until it is stopped. */
export type Script = (job: Job, attempt: number, say: (message: Message) => void) => Promise<Outcome | undefined>;

/** A runner whose attempts are functions: for what no real program does at will, such as an engine that goes away. */
export class ScriptedRunner implements Runner {
  readonly kind = 'process';
  readonly adopts: boolean = true;
  readonly jobs: Job[] = [];
  /** Attempts that were started and not followed to their end. */
  readonly living = new Set<string>();
  readonly #script: Script;
  readonly #stops = new Map<string, PromiseWithResolvers<StopReason>>();

  constructor(script: Script) {
    this.#script = script;
  }

  async start(job: Job): Promise<string> {
    this.jobs.push(job);
    const handle = `${job.runId}/${job.attempt}`;
    this.living.add(handle);
    return handle;
  }

  async follow(handle: string, _ref: AttemptRef, onMessage: (message: Message) => void): Promise<Outcome> {
    const job = this.jobs.findLast(({ runId, attempt }) => handle === `${runId}/${attempt}`) as Job;
    const outcome = (await this.#script(job, job.attempt, onMessage)) ?? {
      ...SUCCESS,
      exitCode: 143,
      stopped: await this.#stopOf(handle).promise,
    };
    this.living.delete(handle);
    return outcome;
  }

  async stop(handle: string, _ref: AttemptRef, reason: StopReason): Promise<void> {
    this.#stopOf(handle).resolve(reason);
  }

  /** It may be stopped before it is followed. */
  #stopOf(handle: string): PromiseWithResolvers<StopReason> {
    const stop = this.#stops.get(handle) ?? Promise.withResolvers<StopReason>();
    this.#stops.set(handle, stop);
    return stop;
  }

  async reach(_dataset: Dataset, nodes: readonly string[]): Promise<string[]> {
    return [...nodes];
  }

  async recover(_ref: AttemptRef): Promise<Recovered> {
    return { state: 'dead' };
  }

  async sweep(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {}
}

/** What looks like a Parquet file, with this text in it. */
export function parquetOf(text: string): Buffer {
  const footer = Buffer.alloc(4);
  footer.writeUInt32LE(text.length);
  return Buffer.concat([Buffer.from(`PAR1${text}`), footer, Buffer.from('PAR1')]);
}
