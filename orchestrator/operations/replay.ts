import type { Dataset } from '../config/dataset.ts';
import { OrchestratorError } from '../errors.ts';
import type { Journal, Run } from '../journal/journal.ts';
import { findFile } from './find-file.ts';

export interface ReplayOptions {
  journal: Journal;
  /** Undefined where it is no longer configured: then nothing is put back. */
  dataset: Dataset | undefined;
  dataDir: string;
  now: number;
}

/**
 * Queues a run's file again, as it is found: at its path, put back from the quarantine, or in the backup (rule 12).
 * null: the path has a run under way already. Throws `never` where it can't be done, with what to do.
 */
export async function replayRun(run: Run, { journal, dataset, dataDir, now }: ReplayOptions): Promise<Run | null> {
  if (dataset === undefined) throw notConfigured(run);
  const { fileVersion, contentHash } = run;
  // A mend has its rows in a file of its own: the one they came from stays where it is.
  const readsFile = run.action !== 'mend' && run.action !== 'delete';
  if (!readsFile || fileVersion === null || contentHash === null) return journal.replay(run.id, now);
  if ((await journal.openRun(run.dataset, run.file)) !== undefined) return null;
  const found = await findFile({ ...run, fileVersion, contentHash }, { journal, dataset, dataDir });
  // Where the watcher was faster, the run of the file that is back is the replay.
  return (await journal.replay(run.id, now, found)) ?? (await journal.openRun(run.dataset, run.file)) ?? null;
}

function notConfigured({ id, dataset }: Run): OrchestratorError {
  const text = `run ${id} can't be replayed: dataset ${dataset} is not configured, so nothing would run it; put ${dataset}.yaml back, and see: orchestrator check`;
  return new OrchestratorError('never', text);
}
