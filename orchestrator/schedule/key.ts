import { fileKey, targetOf } from '../../default-etl/contract/contract.ts';
import type { Dataset } from '../config/dataset.ts';
import type { LedgerRequest, Run } from '../journal/journal.ts';

/** FILE_KEY and destination of a run (rules 3 and 11). */
export function ledgerRequest(run: Run, dataset: Dataset): LedgerRequest {
  // rule 3: with append the key is of the content, too
  const append = dataset.settings.ON_CHANGE === 'append';
  const parts = append ? [run.dataset, run.file, run.contentHash ?? ''] : [run.dataset, run.file];
  const { LOAD } = dataset.settings;
  const rebuilds = LOAD.overwrite === true;
  const { destination } = targetOf(LOAD.target).traits;
  const indexFor = (time: number) => destination(LOAD, dataset.name, time);
  return { fileKey: fileKey(...parts), append, ids: idsOf(dataset), rebuilds, indexFor };
}

/** LOAD.id, as the journal has it; empty where the target takes none. */
export function idsOf({ settings: { LOAD } }: Pick<Dataset, 'settings'>): string {
  const isTaken = 'id' in targetOf(LOAD.target).options;
  return isTaken && LOAD.id !== undefined ? JSON.stringify(LOAD.id) : '';
}
