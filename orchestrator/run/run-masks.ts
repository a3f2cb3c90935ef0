import type { Dataset } from '../config/dataset.ts';
import { createMask, type Mask } from '../log/mask.ts';

/**
 * By dataset, what its runs' logs don't show: its own secrets, and no others. A run that prints guesses must not see in
 * its log which of them are secrets of another one, or of the orchestrator.
 */
export class RunMasks {
  readonly #masks = new Map<string, Mask>();
  #datasets: ReadonlyMap<string, Dataset> = new Map();

  /** Former secrets stay: runs may go on that were given them. */
  learn(datasets: readonly Dataset[]): void {
    this.#datasets = new Map(datasets.map(dataset => [dataset.name, dataset]));
    for (const { name, secrets } of datasets) {
      const known = this.#masks.get(name);
      if (known) known.add(secrets);
      else this.#masks.set(name, createMask(secrets));
    }
  }

  /** As it is configured now. */
  dataset(name: string): Dataset | undefined {
    return this.#datasets.get(name);
  }

  text(text: string, dataset: string): string {
    return (this.#masks.get(dataset) ?? NOTHING_KNOWN).text(text);
  }
}

const NOTHING_KNOWN = createMask();
