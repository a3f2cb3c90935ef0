import type { Dataset } from '../config/dataset.ts';
import type { DatasetSlots } from '../journal/journal.ts';

/** What there is to know of the datasets' attempts, by the datasets' names. */
export interface Attempts {
  /** How many go on; none where there is no number. */
  running: ReadonlyMap<string, number>;
  /** When the last one was claimed. */
  lastStartAt: ReadonlyMap<string, number>;
}

/** What may be claimed now. Of datasets that build the same index anew (LOAD.overwrite) only one may run at a time. */
export function freeSlots(datasets: Iterable<Dataset>, { running, lastStartAt }: Attempts): DatasetSlots[] {
  const all = [...datasets];
  const taken = new Set(all.filter(dataset => running.get(dataset.name)).flatMap(rebuiltIndex));
  const slots: DatasetSlots[] = [];
  for (const dataset of all) {
    const [index] = rebuiltIndex(dataset);
    const going = running.get(dataset.name) ?? 0;
    const free = dataset.settings.CONCURRENCY - going;
    // rule 11: also while another dataset’s goes on
    if (free < 1 || (index !== undefined && taken.has(index))) continue;
    // rule 11: one run at a time of an index
    if (index !== undefined) taken.add(index);
    slots.push({ ...slotsOf(dataset, free), running: going, lastStartAt: lastStartAt.get(dataset.name) ?? 0 });
  }
  return slots;
}

/** How long one dataset may keep all slots from the others. */
const HELD_MS = 10_000;

/**
 * What may be claimed where all slots are taken: one attempt more, of a dataset of which none goes on, once a single
 * other one has held them all for so long. None where it goes on already.
 */
export function slotsWhileHeld(
  slots: readonly DatasetSlots[],
  { running, lastStartAt }: Attempts,
  now: number,
): DatasetSlots[] {
  const [holder, ...others] = running.keys();
  if (holder === undefined || others.length > 0) return [];
  const isHeld = now - (lastStartAt.get(holder) ?? 0) >= HELD_MS;
  return isHeld ? slots.filter(({ dataset }) => dataset !== holder) : [];
}

function slotsOf({ name, settings }: Dataset, free: number): DatasetSlots {
  return {
    dataset: name,
    free,
    strict: settings.CONCURRENCY === 1,
    order: settings.ORDER,
    perFolder: settings.RUN_PER === 'folder',
    exclusive: settings.LOAD.overwrite === true,
  };
}

function rebuiltIndex({ name, settings }: Dataset): string[] {
  return settings.LOAD.overwrite ? [settings.LOAD.index ?? name] : [];
}
