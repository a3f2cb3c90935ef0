import type { Clock } from '../clock.ts';

/** What is to be done later, as long as nobody stops it. */
export class Delays {
  readonly #clock: Clock;
  readonly #calledOff = new Set<() => void>();
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  after(ms: number, callback: () => void): void {
    if (this.#stopped) return;
    const callOff = this.#clock.after(ms, () => {
      this.#calledOff.delete(callOff);
      callback();
    });
    this.#calledOff.add(callOff);
  }

  stop(): void {
    this.#stopped = true;
    for (const callOff of this.#calledOff) callOff();
  }
}
