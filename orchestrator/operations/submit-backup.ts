import type { Dataset } from '../config/dataset.ts';
import { OrchestratorError } from '../errors.ts';
import type { Journal, Run, StoredFile } from '../journal/journal.ts';
import { readBackup } from './find-file.ts';

export interface SubmitBackupOptions {
  journal: Pick<Journal, 'submitStored'>;
  dataset: Dataset;
  /** Its path below WATCH_DIR. */
  file: string;
  /** The latest run that loaded the path, when it was decided what to load. */
  latest: Run | undefined;
  now: number;
}

/**
 * Queues a file of the backup, which is read where it lies; null as with journal.submitStored(). Throws `never` where
 * it is no longer what was backed up.
 */
export async function submitBackup(stored: StoredFile, options: SubmitBackupOptions): Promise<Run | null> {
  const { journal, dataset, file, latest, now } = options;
  const found = await readBackup(stored);
  if (typeof found === 'string') throw new OrchestratorError('never', `${stored.place} ${found}`);
  const at = { dataset: dataset.name, file, root: dataset.watchDir, priority: dataset.settings.PRIORITY, now };
  return journal.submitStored({ ...at, ...found, readFrom: stored.place, newestId: latest?.id ?? null });
}
