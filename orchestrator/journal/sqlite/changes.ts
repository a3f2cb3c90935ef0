import type { Clock } from '../../clock.ts';
import type { Logger } from '../../log.ts';
import { messageOf } from '../../errors.ts';
import type { Run } from '../journal.ts';
import type { Store } from './store.ts';

/** How often other processes' changes are looked for; costs 5 µs when there are none. */
const POLL_MS = 500;

type Listener = (run: Run) => void;

/** Tells listeners of every change of a run: this process's at its commit, others' when the next look finds them. */
export class Changes {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger | undefined;
  readonly #listeners = new Set<Listener>();
  #seen = 0;
  #stopPolling: (() => void) | undefined;

  constructor(store: Store, clock: Clock, logger: Logger | undefined) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
    store.onCommit = (number, runs) => this.#committed(number, runs);
  }

  listen(listener: Listener): () => void {
    if (this.#listeners.size === 0) this.#begin();
    const own: Listener = run => listener(run);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.stop();
    };
  }

  stop(): void {
    this.#stopPolling?.();
    this.#stopPolling = undefined;
  }

  #begin(): void {
    this.#seen = this.#last();
    this.#pollLater();
  }

  #committed(number: number, runs: Run[]): void {
    if (this.#listeners.size === 0) return;
    // A gap in the numbers: another process wrote in between.
    if (number > this.#seen + 1) this.#tell(this.#changedBetween(this.#seen, number));
    this.#seen = Math.max(this.#seen, number);
    this.#tell(runs);
  }

  async #poll(): Promise<void> {
    try {
      // What we have committed, but not told yet, is not another one's.
      await this.#store.read(() => this.#look());
    } catch (error) {
      this.#logger?.warn(`changes made by other processes can’t be read: ${messageOf(error)}`);
    }
    if (this.#stopPolling) this.#pollLater();
  }

  #look(): void {
    const last = this.#last();
    if (last > this.#seen) this.#tell(this.#changedBetween(this.#seen, last + 1));
    this.#seen = Math.max(this.#seen, last);
  }

  #pollLater(): void {
    this.#stopPolling = this.#clock.after(POLL_MS, () => void this.#poll());
  }

  #last(): number {
    return this.#store.get<{ last: number }>('SELECT last FROM feed')?.last ?? 0;
  }

  #changedBetween(after: number, before: number): Run[] {
    return this.#store.selectRuns('changed > $after AND changed < $before ORDER BY changed', { after, before });
  }

  #tell(runs: Run[]): void {
    for (const run of runs) for (const listener of this.#listeners) this.#tellOne(listener, run);
  }

  #tellOne(listener: Listener, run: Run): void {
    try {
      listener(run);
    } catch (error) {
      this.#logger?.error(`a listener to changes of runs failed: ${messageOf(error)}`);
    }
  }
}
