/** Of starts that come at once each is a millisecond later than the one before. */
const SET_BACK_MS = 10_000;

/**
 * When each dataset had its last turn, so that none takes the slots of those that wait. Known since the start: what was
 * before makes no claim.
 */
export class Turns {
  readonly #lastStartAt = new Map<string, number>();
  #last = 0;

  /** What was in the future, since the clock was set back, makes no claim either. */
  lastStartAt(now: number): ReadonlyMap<string, number> {
    if (this.#last - now > SET_BACK_MS) {
      this.#lastStartAt.clear();
      this.#last = 0;
    }
    return this.#lastStartAt;
  }

  /** No two are at the same time: each dataset comes before those that had theirs later. */
  note(dataset: string, now: number): void {
    this.lastStartAt(now);
    this.#last = Math.max(now, this.#last + 1);
    this.#lastStartAt.set(dataset, this.#last);
  }
}
