import { fileKey, indexName } from '../../default-etl/contract/contract.ts';
import type { Dataset } from '../config/dataset.ts';
import type { LedgerRequest, Run } from '../journal/journal.ts';
import { lakeIndex } from './lake.ts';

/** FILE_KEY and index of a run (rules 3 and 11). */
export function ledgerRequest(run: Run, dataset: Dataset): LedgerRequest {
  const append = dataset.settings.ON_CHANGE === 'append';
  const parts = append ? [run.dataset, run.file, run.contentHash ?? ''] : [run.dataset, run.file];
  const rebuilds = dataset.settings.LOAD.overwrite === true;
  const indexFor = (time: number) => indexOf(dataset, time);
  return { fileKey: fileKey(...parts), append, ids: idsOf(dataset), rebuilds, indexFor };
}

/** LOAD.id, as the journal has it. */
export function idsOf({ settings: { LOAD } }: Pick<Dataset, 'settings'>): string {
  return LOAD.target === 'lake' || LOAD.id === undefined ? '' : JSON.stringify(LOAD.id);
}

function indexOf({ name, settings: { LOAD } }: Dataset, firstSeenAt: number): string {
  if (LOAD.target === 'lake') return lakeIndex(name);
  return indexName(LOAD, name, firstSeenAt);
}
