import type { Backoff } from '../async/backoff.ts';
import type { Dataset } from '../config/dataset.ts';
import { knownRoot, type Run } from '../journal/journal.ts';
import type { Conclusion } from './conclusion.ts';
import type { Left } from './left.ts';
import { type PathNow, pathNow } from './path-now.ts';
import { mostRows } from './plausible.ts';
import { readReserved, type Reserved } from './reserved.ts';

/** What is known of a run when its attempt is over. */
export interface Situation {
  run: Pick<Run, 'dataset' | 'action' | 'attempt' | 'retriesUsed' | 'waits' | 'readFrom'>;
  path: PathNow;
  /** Whether rows of this version may be in the target. */
  sentRows: boolean;
  /** More rows it can't have read. */
  mostRows: number;
  /** RETRIES of the dataset. */
  retries: number;
  backoff: Backoff;
  timeoutMs: number;
  /** DOCKER_OPTIONS.memory. */
  memory: string | null;
  /** WORK_SIZE. */
  workSize: string;
  /** The default ETL on one file: what it can't do within its time and memory, it can't do within the same the next time. */
  repeatsItself: boolean;
  now: number;
  /** In [0, 1). */
  random: number;
}

/** Looks at the path, and at what the attempt left. */
export async function gather(
  { context, dataset, file, ranMs }: Conclusion,
  left: Left | undefined,
): Promise<{ situation: Situation; reserved: Reserved }> {
  const { run, ledger } = file;
  const most = mostRows(run, ranMs);
  const reserved = await readReserved(left, most);
  const situation = {
    run,
    path: await pathNow(dataset, run, await knownRoot(run, context.journal, dataset)),
    mostRows: most,
    sentRows: reserved.rows > 0 || (run.attempt > 1 && ledger.fileRows > 0),
    retries: dataset.settings.RETRIES,
    backoff: dataset.backoff,
    timeoutMs: dataset.timeoutMs,
    memory: dataset.settings.DOCKER_OPTIONS?.memory ?? null,
    workSize: dataset.settings.WORK_SIZE,
    repeatsItself: repeatsItself(dataset),
    now: context.clock.now(),
    random: Math.random(),
  };
  return { situation, reserved };
}

/** Of a folder's files another one may be at fault; other programs may wait for what is away. */
function repeatsItself({ settings }: Dataset): boolean {
  return settings.COMMAND === undefined && settings.DOCKER_IMAGE === undefined && settings.RUN_PER !== 'folder';
}
