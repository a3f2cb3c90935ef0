import { resolve } from 'node:path';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { CurrentDatasets } from './current-datasets.ts';
import type { Dataset } from './dataset.ts';
import type { Loaded } from './load.ts';
import { formatMistake, type Mistake } from './messages.ts';
import { type Places, shownPath } from './places.ts';

/** After so long it is said that a file is open for writing. */
const LONG_MS = 10_000;

/** What the log says of the configuration while it is kept current: each thing once. */
export class ReloadLog {
  readonly #logger: Logger;
  readonly #places: Places;
  readonly #current: CurrentDatasets;
  /** Files of which it was said that they are open. */
  readonly #open = new Set<string>();

  constructor(logger: Logger, places: Places, current: CurrentDatasets) {
    this.#logger = logger;
    this.#places = places;
    this.#current = current;
  }

  /** What is wrong in `next` and was not in what was read before it. */
  read(next: Loaded, before: Loaded): void {
    this.#tellNew(next.errors, before.errors, next);
    if (before.errors.length > 0 && next.errors.length === 0) {
      this.#logger.info(`the configuration in ${this.#places.configDir} is without mistakes again`);
    }
    this.#tellNew(next.warnings, before.warnings, next);
  }

  /** These are not complete, each for so many milliseconds. */
  unfinished(paths: readonly string[], waitedFor: (path: string) => number): void {
    for (const path of paths) {
      if (waitedFor(path) < LONG_MS || this.#open.has(path)) continue;
      this.#open.add(path);
      this.#logger.warn(
        `${shownPath(path, this.#places.root)} is still open for writing: it is read once it is closed, and until then what it said before holds`,
      );
    }
    for (const path of this.#open) if (!paths.includes(path)) this.#open.delete(path);
  }

  stopped({ name }: Dataset, reason: string): void {
    this.#logger.error(`dataset ${name} is stopped, since the policy has changed: ${reason}`, { dataset: name });
  }

  unwatched(error: unknown): void {
    this.#logger.warn(
      `changes of ${this.#places.configDir} can't be watched (${messageOf(error)}); it is listed every 30 s all the same`,
    );
  }

  failed(error: unknown): void {
    this.#logger.error(`the configuration could not be applied: ${messageOf(error)}`, { error });
  }

  #tellNew(now: readonly Mistake[], before: readonly Mistake[], next: Loaded): void {
    const known = new Set(before.map(formatMistake));
    for (const mistake of now) {
      const text = formatMistake(mistake);
      if (known.delete(text)) continue;
      if (mistake.severity === 'warning') this.#logger.warn(text);
      else this.#logger.error(`${text}${this.#whatGoesOn(mistake, next)}`, { dataset: mistake.dataset });
    }
  }

  #whatGoesOn({ dataset, file }: Mistake, { isPolicyStale }: Loaded): string {
    if (dataset !== null) return this.#current.has(dataset) ? '; its previous version goes on' : '';
    const { root, policyFile } = this.#places;
    return isPolicyStale && resolve(root, file) === policyFile ? '; the former policy goes on' : '';
  }
}
