import type { Dataset } from '../config/dataset.ts';
import type { DatasetSlots } from '../journal/journal.ts';

/**
 * What may be claimed now, `total` attempts being the most in all. `running` gives the attempts of each dataset that are going on.
 * Of datasets that build the same index anew (LOAD.overwrite) only one may run at a time.
 */
export function freeSlots(datasets: Iterable<Dataset>, running: ReadonlyMap<string, number>): DatasetSlots[] {
  const all = [...datasets];
  const taken = new Set(all.filter(dataset => running.get(dataset.name)).flatMap(rebuiltIndex));
  const slots: DatasetSlots[] = [];
  for (const dataset of all) {
    const [index] = rebuiltIndex(dataset);
    const free = dataset.settings.CONCURRENCY - (running.get(dataset.name) ?? 0);
    if (free < 1 || (index !== undefined && taken.has(index))) continue;
    if (index !== undefined) taken.add(index);
    slots.push(slotsOf(dataset, free));
  }
  return slots;
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
