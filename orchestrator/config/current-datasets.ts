import type { Dataset } from './dataset.ts';
import type { Loaded } from './load.ts';

/** What a reading made different. */
export interface DatasetChange {
  added: Dataset[];
  /** The new versions. */
  changed: Dataset[];
  /** The last versions of datasets whose file is gone. */
  removed: Dataset[];
}

/** What runs, by name: of a broken file the version before it broke, if there was one. */
export class CurrentDatasets {
  readonly #datasets = new Map<string, Dataset>();
  /** Hash of the policy by which the current version of each was found good. */
  readonly #judgedBy = new Map<string, string>();

  /** Goes on with those that come meanwhile. */
  values(): Iterable<Dataset> {
    return this.#datasets.values();
  }

  has(name: string): boolean {
    return this.#datasets.has(name);
  }

  /** Returns false where it is not this version that runs. */
  remove(dataset: Dataset): boolean {
    return this.#datasets.get(dataset.name) === dataset && this.#datasets.delete(dataset.name);
  }

  /** Those that have no file. An unreadable folder says nothing about the datasets: all go on. */
  namesGone(next: Loaded): string[] {
    if (next.unreadable !== null) return [];
    const there = new Set([...next.broken, ...next.unfinished, ...next.datasets.map(({ name }) => name)]);
    return [...this.#datasets.keys()].filter(name => !there.has(name));
  }

  /** What was read, by the policy of this hash, runs from now on. */
  takeOver(next: Loaded, policyHash: string): DatasetChange {
    const current = this.#datasets;
    const added = next.datasets.filter(({ name }) => !current.has(name));
    const changed = next.datasets.filter(({ name, hash }) => (current.get(name)?.hash ?? hash) !== hash);
    const gone = [...this.namesGone(next), ...this.#noLongerJudged(next, policyHash)];
    const removed = gone.map(name => current.get(name)!);
    for (const { name } of removed) current.delete(name);
    for (const { name } of next.datasets) this.#judgedBy.set(name, policyHash);
    for (const dataset of [...added, ...changed]) current.set(dataset.name, dataset);
    return { added, changed, removed };
  }

  /** The version before a mistake goes on, but not where the policy has changed meanwhile: nobody has judged it by this one. */
  #noLongerJudged({ broken, unfinished }: Loaded, policyHash: string): string[] {
    return [...broken, ...unfinished].filter(
      name => this.#datasets.has(name) && this.#judgedBy.get(name) !== policyHash,
    );
  }
}
