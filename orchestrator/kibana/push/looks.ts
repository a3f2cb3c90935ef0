import type { Clock } from '../../clock.ts';

/** All in milliseconds. */
interface LookDelays {
  quietMs: number;
  betweenLooksMs: number;
}

/** Which datasets are to be looked at, and when. */
export class Looks {
  readonly #clock: Clock;
  readonly #delays: LookDelays;
  /** When each is due, by the clock that only grows. */
  readonly #due = new Map<string, number>();
  readonly #lastAt = new Map<string, number>();
  #goneAt: number | null = null;

  constructor(clock: Clock, delays: LookDelays) {
    this.#clock = clock;
    this.#delays = delays;
  }

  /** Soon, but not sooner after its last look than datasets whose files keep coming are looked at. */
  add(dataset: string): void {
    const now = this.#clock.elapsed();
    const lastAt = this.#lastAt.get(dataset);
    const soonest = lastAt === undefined ? now : lastAt + this.#delays.betweenLooksMs;
    this.#addAt(dataset, Math.max(now + this.#delays.quietMs, soonest));
  }

  /** Soon, whenever they were looked at last; and datasets that are gone are looked for. */
  addAll(datasets: Iterable<string>): void {
    const at = this.#clock.elapsed() + this.#delays.quietMs;
    for (const dataset of datasets) this.#addAt(dataset, at);
    this.lookForGone();
  }

  addLater(datasets: Iterable<string>, ms: number): void {
    for (const dataset of datasets) this.#addAt(dataset, this.#clock.elapsed() + ms);
  }

  lookForGone(): void {
    this.lookForGoneLater(this.#delays.quietMs);
  }

  lookForGoneLater(ms: number): void {
    const at = this.#clock.elapsed() + ms;
    this.#goneAt = Math.min(this.#goneAt ?? at, at);
  }

  /** Milliseconds until something is due; null: nothing is. */
  dueInMs(): number | null {
    const times = [...this.#due.values(), ...(this.#goneAt === null ? [] : [this.#goneAt])];
    if (times.length === 0) return null;
    return Math.max(0, times.reduce((a, b) => Math.min(a, b)) - this.#clock.elapsed());
  }

  /** What is due, which is not due any more. */
  take(): { datasets: string[]; isForGone: boolean } {
    const now = this.#clock.elapsed();
    const datasets = [...this.#due].filter(([, at]) => at <= now).map(([dataset]) => dataset);
    for (const dataset of datasets) this.#due.delete(dataset);
    const isForGone = this.#goneAt !== null && this.#goneAt <= now;
    if (isForGone) this.#goneAt = null;
    return { datasets, isForGone };
  }

  /** What was taken in vain is due at once. */
  giveBack({ datasets, isForGone }: { datasets: readonly string[]; isForGone: boolean }): void {
    this.addLater(datasets, 0);
    if (isForGone) this.lookForGoneLater(0);
  }

  looked(datasets: readonly string[]): void {
    for (const dataset of datasets) this.#lastAt.set(dataset, this.#clock.elapsed());
  }

  #addAt(dataset: string, at: number): void {
    this.#due.set(dataset, Math.min(this.#due.get(dataset) ?? at, at));
  }
}
