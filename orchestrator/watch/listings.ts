import type { Clock } from '../clock.ts';

/** After something was found gone whose rows are to be removed, or that could not be looked at: it takes another listing. */
export const DOUBT_LISTING_MS = 1000;

export interface ListingCalls {
  /** Never throws. */
  list(): Promise<void>;
  /** Time from the end of a listing to the next, if nothing asks for one before. */
  intervalMs(): number;
}

/** When WATCH_DIR is listed: one listing at a time; one that is asked for during another follows it. */
export class Listings {
  readonly #clock: Clock;
  readonly #calls: ListingCalls;
  /** How long the last one took; null before the first. */
  lastMs: number | null = null;
  #at = Number.POSITIVE_INFINITY;
  #callOff: (() => void) | undefined;
  #going: Promise<void> | null = null;
  #stopped = false;

  constructor(clock: Clock, calls: ListingCalls) {
    this.#clock = clock;
    this.#calls = calls;
  }

  /** Soon, but so that listings of a large folder take no more than a tenth of the time. */
  soon(): void {
    this.within(Math.max(DOUBT_LISTING_MS, 10 * (this.lastMs ?? 0)));
  }

  /** At the latest in `ms`. */
  within(ms: number): void {
    const at = this.#clock.now() + ms;
    if (this.#stopped || at >= this.#at) return;
    this.#callOff?.();
    this.#at = at;
    this.#callOff = this.#clock.after(ms, () => {
      this.#at = Number.POSITIVE_INFINITY;
      this.#going = (this.#going ?? Promise.resolve())
        .then(() => this.#calls.list())
        .then(() => this.within(this.#calls.intervalMs()));
    });
  }

  /** No more of them. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#callOff?.();
    await this.#going;
  }
}
