// oxlint-disable-next-line no-restricted-imports -- of WATCH_DIR nothing is read here, only the kernel's limits
import { readFile } from 'node:fs/promises';
import type { Dataset } from '../config/dataset.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { FileSystemKind } from '../files/file-system.ts';
import type { HintQueue } from './hint-queue.ts';
import { type Hints, watchHints } from './hints.ts';
import { DOUBT_LISTING_MS, type Listings } from './listings.ts';
import type { NameRules } from './names.ts';
import type { Troubles } from './troubles.ts';

export interface EventSourceRequest {
  dataset: Dataset;
  logger: Logger;
  rules: NameRules;
  hints: HintQueue;
  listings: Listings;
  troubles: Troubles;
  /** Between two listings where the folder is polled. */
  polledMs: number;
  signal: AbortSignal;
}

/** Whether the folder's events are seen, or it is polled; where the system's limits are reached it is polled from then on. */
export class EventSource {
  readonly #request: EventSourceRequest;
  mode: 'events' | 'poll' = 'events';
  #events: Hints | null = null;

  constructor(request: EventSourceRequest) {
    this.#request = request;
  }

  async open(kind: FileSystemKind): Promise<void> {
    this.mode = this.#chooseMode(kind);
    if (this.mode === 'poll') return;
    const { dataset, rules, hints, signal } = this.#request;
    this.#events = await watchHints({
      signal,
      root: dataset.watchDir,
      recursive: dataset.settings.RECURSIVE,
      rules,
      onHint: path => hints.add(path),
      onError: (code, error) => void this.#failed(code, error),
    });
    if (this.#isPolled() || signal.aborted) await this.close();
  }

  /** A folder whose own arrival sent no event that got here. */
  add(folder: string): void {
    this.#events?.add(folder);
  }

  async close(): Promise<void> {
    const events = this.#events;
    this.#events = null;
    await events?.close();
  }

  #chooseMode(kind: FileSystemKind): 'events' | 'poll' {
    const { dataset, troubles } = this.#request;
    const { WATCH_MODE: mode } = dataset.settings;
    if (troubles.has('watches')) return 'poll';
    if (mode !== 'auto') return mode;
    return kind === 'network' ? 'poll' : 'events';
  }

  /** The limit may be reached while the folders are being opened. */
  #isPolled(): boolean {
    return this.mode === 'poll';
  }

  async #failed(code: string, error: unknown): Promise<void> {
    const { dataset, logger, listings } = this.#request;
    if (code === 'ENOSPC' || code === 'EMFILE') return this.#pollFromNow(code);
    logger.warn(
      `dataset ${dataset.name}: an event of ${dataset.watchDir} was lost (${messageOf(error)}); it is listed instead`,
    );
    listings.within(DOUBT_LISTING_MS);
  }

  async #pollFromNow(code: 'ENOSPC' | 'EMFILE'): Promise<void> {
    if (this.mode === 'poll') return;
    this.mode = 'poll';
    const { dataset, troubles, listings, polledMs } = this.#request;
    const sysctl = code === 'ENOSPC' ? 'max_user_watches' : 'max_user_instances';
    const limit = await readFile(`/proc/sys/fs/inotify/${sysctl}`, 'utf8').catch(() => 'unknown');
    troubles.tell(
      'watches',
      `dataset ${dataset.name}: the system's limit of watched folders is reached (${code}): ${dataset.watchDir} is listed every ` +
        `${polledMs / 1000} s instead until the next start; raise fs.inotify.${sysctl} (now ${limit.trim()}), ` +
        `as in: sysctl -w fs.inotify.${sysctl}=${code === 'ENOSPC' ? 524288 : 1024}`,
    );
    await this.close();
    listings.within(0);
  }
}
