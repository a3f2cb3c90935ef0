import type { Logger } from '../log.ts';

/** What a trouble is about. */
export type TroubleKind = 'root' | 'watches' | 'listing' | 'journal';

/** What keeps a dataset from being watched: each is logged once, and again only after it was over. */
export class Troubles {
  readonly #logger: Logger;
  readonly #texts = new Map<TroubleKind, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get first(): string | undefined {
    return this.#texts.values().next().value;
  }

  has(kind: TroubleKind): boolean {
    return this.#texts.has(kind);
  }

  tell(kind: TroubleKind, text: string): void {
    if (this.#texts.get(kind) !== text) this.#logger.error(text);
    this.#texts.set(kind, text);
  }

  /** Returns whether there was one. */
  end(kind: TroubleKind): boolean {
    return this.#texts.delete(kind);
  }
}
