/** When each dataset had its last turn, so that none takes the slots of those that wait. Known since the start: what was before makes no claim. */
export class Turns {
  readonly #lastStartAt = new Map<string, number>();
  #last = 0;

  get lastStartAt(): ReadonlyMap<string, number> {
    return this.#lastStartAt;
  }

  /** No two are at the same time: each dataset comes before those that had theirs later. */
  note(dataset: string, now: number): void {
    this.#last = Math.max(now, this.#last + 1);
    this.#lastStartAt.set(dataset, this.#last);
  }
}
