import type { Dataset } from './config/dataset.ts';
import { restoreQuarantined } from './dispose/restore.ts';
import { type Journal, type Run, type RunState, knownRoot } from './journal/journal.ts';

export interface ReplayOptions {
  journal: Journal;
  /** Undefined where it is no longer configured: then nothing is put back. */
  dataset: Dataset | undefined;
  dataDir: string;
  now: number;
}

const OPEN: RunState[] = ['settling', 'queued', 'running'];

/** Queues a run's version again, its file put back first where it is in quarantine (rule 12). null: the path has a run under way already. */
export async function replayRun(run: Run, { journal, dataset, dataDir, now }: ReplayOptions): Promise<Run | null> {
  // A mend has its rows in a file of its own: the one they came from stays where it is.
  if (run.state !== 'quarantined' || run.action === 'mend' || dataset === undefined) return journal.replay(run.id, now);
  if ((await openRun(journal, run)) !== null) return null;
  await restoreQuarantined(run, dataset, { dataDir, known: await knownRoot(run, journal, dataset) });
  // Where the watcher was faster, the run of the file that is back is the replay.
  return (await journal.replay(run.id, now)) ?? openRun(journal, run);
}

async function openRun(journal: Journal, { dataset, file }: Run): Promise<Run | null> {
  const { items } = await journal.runs({ dataset, file, states: OPEN, limit: 1000 });
  return items.find(run => run.file === file) ?? null;
}
