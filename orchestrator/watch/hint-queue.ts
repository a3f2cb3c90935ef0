import { createYielder } from '../async/yielder.ts';

/** So many paths are looked at, and told to the journal, together. */
const BATCH = 64;
/** So many events at once may have overflown the kernel's queue (16,384 by default), which nothing tells. */
const BURST_HINTS = 2000;

/** Coalesces hints: a path that was hinted at a thousand times before it is looked at is looked at once. */
export class HintQueue {
  readonly #look: (path: string) => Promise<void>;
  readonly #onBurst: () => void;
  readonly #paths = new Set<string>();
  #counted = 0;
  #draining: Promise<void> | null = null;
  #stopped = false;

  /** `look` never throws. `onBurst`: so many hints came since startCount() that some may have been lost. */
  constructor(look: (path: string) => Promise<void>, onBurst: () => void) {
    this.#look = look;
    this.#onBurst = onBurst;
  }

  add(path: string): void {
    if (this.#stopped) return;
    this.#paths.add(path);
    this.#counted += 1;
    if (this.#counted >= BURST_HINTS) this.#onBurst();
    this.#start();
  }

  /** A listing begins: what was lost so far it will find. */
  startCount(): void {
    this.#counted = 0;
  }

  /** Looks at nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#paths.clear();
    await this.#draining;
  }

  #start(): void {
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = null;
      if (this.#paths.size > 0) this.#start();
    });
  }

  async #drain(): Promise<void> {
    const breathe = createYielder();
    while (this.#paths.size > 0) {
      const paths = this.#paths.values().take(BATCH).toArray();
      for (const path of paths) this.#paths.delete(path);
      await Promise.all(paths.map(path => this.#look(path)));
      await breathe();
    }
  }
}
