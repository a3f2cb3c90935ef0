import type { Clock } from '../clock.ts';
import type { Dataset } from '../config/dataset.ts';
import { disguisedText, type KeptFolders } from '../config/kept-folders.ts';
import { messageOf } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import { type DatasetWatch, type WatchStatus, watchDataset } from './watch-dataset.ts';

export interface WatchersOptions {
  journal: Journal;
  logger: Logger;
  clock: Clock;
  /** What is watched by none of them. */
  kept: KeptFolders;
  listIntervalMs: number | null;
}

const UNWATCHED = {
  mode: 'events',
  lastListingAt: null,
  listingMs: null,
  files: 0,
  settling: 0,
  notice: null,
  tooManyWatches: false,
} as const;

/** The watch of every dataset: one each, begun anew when its configuration changes. */
export class Watchers {
  readonly #options: WatchersOptions;
  readonly #watches = new Map<string, DatasetWatch>();
  readonly #errors = new Map<string, string>();
  readonly #abort = new AbortController();
  /** Those that are being begun or ended. */
  readonly #changing = new Set<Promise<void>>();

  constructor(options: WatchersOptions) {
    this.#options = options;
  }

  /** Begins, or begins anew. What keeps it from being watched is in status() and in the log; nothing is thrown. */
  async begin(datasets: Iterable<Dataset>): Promise<void> {
    await Promise.all([...datasets].map(dataset => this.#changed(this.#begin(dataset))));
  }

  /** Ends the watch of datasets that are no longer configured. */
  async end(datasets: Iterable<Dataset>): Promise<void> {
    await Promise.all([...datasets].map(dataset => this.#end(dataset.name)));
  }

  /** Undefined for a dataset that isn't watched yet; `error` says why one can't be. */
  status(dataset: string): WatchStatus | undefined {
    const error = this.#errors.get(dataset);
    return error === undefined ? this.#watches.get(dataset)?.status() : { ...UNWATCHED, error };
  }

  /** Takes no more files, and begins no watch, not even one that is being begun. Idempotent. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await Promise.all(this.#changing);
    await Promise.all([...this.#watches.keys()].map(name => this.#end(name)));
  }

  async #changed(change: Promise<void>): Promise<void> {
    this.#changing.add(change);
    await change.finally(() => this.#changing.delete(change));
  }

  async #begin(dataset: Dataset): Promise<void> {
    await this.#end(dataset.name);
    if (this.#abort.signal.aborted) return;
    const { journal, logger, clock, kept, listIntervalMs } = this.#options;
    const disguised = disguisedText(dataset, kept.of(dataset));
    if (disguised !== undefined) logger.warn(disguised, { dataset: dataset.name });
    try {
      this.#watches.set(
        dataset.name,
        await watchDataset({
          dataset,
          journal,
          logger: logger.child({ dataset: dataset.name }),
          clock,
          kept: () => kept.of(dataset),
          listIntervalMs,
          signal: this.#abort.signal,
        }),
      );
    } catch (error) {
      this.#errors.set(dataset.name, messageOf(error));
      logger.error(messageOf(error), { dataset: dataset.name });
    }
  }

  async #end(name: string): Promise<void> {
    this.#errors.delete(name);
    const watch = this.#watches.get(name);
    this.#watches.delete(name);
    await watch?.stop();
  }
}
