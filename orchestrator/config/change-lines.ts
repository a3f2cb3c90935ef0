import { statSync } from 'node:fs';
import type { Dataset } from './dataset.ts';
import type { ConfigChange } from './reload.ts';

/** A line of the log, of one dataset. */
export interface ChangeLine {
  dataset: string;
  text: string;
}

/**
 * What a reload made different, for the log. `before`: the datasets by name as they were. Values are not told: they may
 * be secrets.
 */
export function changeLines(change: ConfigChange, before: ReadonlyMap<string, Dataset>): ChangeLine[] {
  return [
    ...change.added.map(({ name, watchDir }) => line(name, `was added; ${watchDir} is watched`)),
    ...change.changed.map(dataset => line(dataset.name, editText(dataset, before.get(dataset.name)))),
    // One that the policy stopped has its file still, and was told.
    ...change.removed
      .filter(({ configFile }) => statSync(configFile, { throwIfNoEntry: false }) === undefined)
      .map(({ name, watchDir }) => line(name, `was removed; ${watchDir} is no longer watched, its rows and runs stay`)),
  ];
}

function line(dataset: string, text: string): ChangeLine {
  return { dataset, text: `dataset ${dataset} ${text}` };
}

function editText(now: Dataset, before: Dataset | undefined): string {
  const keys = before === undefined ? [] : differingKeys(now, before);
  const what = keys.length === 0 ? '' : `: ${keys.join(', ')}`;
  return `was edited${what}; runs under way finish with what they began with`;
}

function differingKeys(now: Dataset, before: Dataset): string[] {
  const [one, other] = [now.settings, before.settings] as Array<Record<string, unknown>>;
  const names = [...new Set([...Object.keys(one ?? {}), ...Object.keys(other ?? {})])];
  return names.filter(name => JSON.stringify(one?.[name]) !== JSON.stringify(other?.[name])).sort();
}
