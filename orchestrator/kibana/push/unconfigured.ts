import type { Journal } from '../../journal/journal.ts';
import type { Records } from './records.ts';
import { datasetOfKey } from './wanted.ts';

/** Datasets that something was pushed of, and that are not configured any more. */
export interface Unconfigured {
  /** Nothing is known of them any more, so that they are not missed. */
  gone: string[];
  /** Their runs and rows are known still. */
  orphans: string[];
}

export async function unconfigured(
  records: Records,
  configured: ReadonlySet<string>,
  journal: Pick<Journal, 'summaries'>,
): Promise<Unconfigured> {
  const pushed = new Set([...records.values()].flatMap(({ keys }) => keys.flatMap(key => datasetOfKey(key) ?? [])));
  const names = [...pushed].filter(name => !configured.has(name)).toSorted();
  if (names.length === 0) return { gone: [], orphans: [] };
  const known = new Set((await journal.summaries()).map(({ dataset }) => dataset));
  return { gone: names.filter(name => !known.has(name)), orphans: names.filter(name => known.has(name)) };
}
