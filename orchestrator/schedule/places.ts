import PQueue from 'p-queue';
import type { Dataset } from '../config/dataset.ts';

/**
 * The places where attempts run, so many of each dataset (CONCURRENCY), and of all. Nothing else counts them: what is
 * free here may be claimed.
 */
export class Places {
  readonly #all = new PQueue();
  readonly #byDataset = new Map<string, PQueue>();
  readonly #onFree: () => void;

  /** Calls back whenever a place is free again. */
  constructor(onFree: () => void) {
    this.#onFree = onFree;
  }

  /** How many there are now; of a dataset that isn't configured any more nothing is started. */
  limit(most: number, datasets: Iterable<Dataset>): void {
    this.#all.concurrency = most;
    for (const { name, settings } of datasets) this.#queueOf(name).concurrency = settings.CONCURRENCY;
  }

  /** Of all; less than none where more goes on than there are places. */
  get free(): number {
    return this.#all.concurrency - taken(this.#all);
  }

  /** How many are taken, by dataset; those without any are left out. */
  get taken(): Map<string, number> {
    const counts = [...this.#byDataset].map(([name, queue]) => [name, taken(queue)] as const);
    return new Map(counts.filter(([, count]) => count > 0));
  }

  /** Begins once there is a place, which is taken until what `begin` returns resolves. */
  start(dataset: string, begin: () => Promise<void>): void {
    void this.#queueOf(dataset).add(() => this.#all.add(begin));
  }

  /** For what goes on already, though there may be no place for it. */
  occupy(dataset: string, until: Promise<void>): void {
    void this.#all.add(() => until);
    void this.#queueOf(dataset).add(() => until);
  }

  #queueOf(name: string): PQueue {
    const known = this.#byDataset.get(name);
    if (known) return known;
    const queue = new PQueue();
    // A place of all is free before that of the dataset is: it is added first, or inside.
    queue.addEventListener('next', this.#onFree);
    this.#byDataset.set(name, queue);
    return queue;
  }
}

function taken({ pending, size }: PQueue): number {
  return pending + size;
}
