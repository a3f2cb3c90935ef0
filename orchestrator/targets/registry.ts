import { targetOf } from '../../default-etl/contract/contract.ts';
import type { Dataset } from '../config/dataset.ts';
import type { Run } from '../journal/journal.ts';
import { lakeStore } from './lake.ts';
import type { TargetStore } from './store.ts';

/** One for each target of default-etl/load/registry.ts whose trait `commit` is `orchestrator`, by its name. */
export const STORES: Readonly<Record<string, TargetStore>> = { lake: lakeStore };

/** The store of the dataset's target, with what a sentence calls it; undefined where the ETL commits its rows itself. */
export function storeOf({
  settings: { LOAD },
}: Pick<Dataset, 'settings'>): (TargetStore & { title: string }) | undefined {
  const { commit, title } = targetOf(LOAD.target).traits;
  return commit === 'orchestrator' ? { ...(STORES[LOAD.target as string] as TargetStore), title } : undefined;
}

/** A store deletes the rows of a file once the run is done: there is nothing for the default ETL to do. */
export function isStoresDeletion(dataset: Dataset, { action }: Run): boolean {
  const { COMMAND, DOCKER_IMAGE } = dataset.settings;
  return action === 'delete' && COMMAND === undefined && DOCKER_IMAGE === undefined && storeOf(dataset) !== undefined;
}
