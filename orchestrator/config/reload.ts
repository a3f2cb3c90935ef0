import { parse } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { pause } from '../async/pause.ts';
import type { Clock } from '../clock.ts';
import { OrchestratorError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { CurrentDatasets, type DatasetChange } from './current-datasets.ts';
import type { Dataset } from './dataset.ts';
import { DEFAULTS_NAME } from './config-files.ts';
import { whyForbiddenNow } from './judge-again.ts';
import { type Loaded, loadDatasets } from './load.ts';
import { formatMistake, type Mistake } from './messages.ts';
import { type Places, placesOf } from './places.ts';
import { type Policy, readPolicy } from './policy.ts';
import { nothingRead } from './reading.ts';
import { ReloadLog } from './reload-log.ts';
import type { Variables } from './substitute.ts';
import { type HasWriter, UnfinishedFiles } from './unfinished.ts';
import { type FilesWatcher, watchFiles } from './watch-files.ts';

/** What a reload made different. */
export interface ConfigChange extends DatasetChange {
  /** All that is wrong now, not only what is new. */
  errors: readonly Mistake[];
}

type ConfigListener = (change: ConfigChange) => void | Promise<void>;

export interface WatchConfigOptions {
  configDir: string;
  env: Variables;
  /** Where the rest is; what is left out is as the variables say. */
  places?: Partial<Places>;
  logger: Logger;
  clock: Clock;
  /** By which it is seen that a file is still being written; without it each is taken as it is. */
  hasWriter?: HasWriter;
  /** How often the folder is listed besides the events; 30 s. */
  listEveryMs?: number;
}

export interface ConfigWatcher {
  /** What runs, by name: of a broken file the version before it broke, if there was one. */
  datasets(): readonly Dataset[];
  errors(): readonly Mistake[];
  warnings(): readonly Mistake[];
  /** By which the datasets are judged. */
  policy(): Policy;
  /**
   * Calls back only where something differs: one change at a time, and one listener after the other. What one throws is
   * logged; the change stands.
   */
  onChange(listener: ConfigListener): void;
  /** Reads everything again now; resolves after the listeners. */
  reload(): Promise<void>;
  /** Idempotent; resolves when no listener is under way. */
  stop(): Promise<void>;
}

/** Writers send several events; a file is read once they have been quiet for so long. */
const QUIET_MS = 50;
/** An editor that saves by renaming leaves a moment without the file: it is gone only if it still is after this. */
const GONE_MS = 300;
const LIST_EVERY_MS = 30_000;
/** Until a file that is open for writing is looked at again. */
const UNFINISHED_MS = 200;
const LONGEST_START_MS = 10_000;
/** So often all is read again because something was written to meanwhile. */
const MOST_READINGS = 5;

/**
 * Reads the configuration and keeps it current until stop(). The first state is in datasets() and errors(), and no
 * listener is called for it. Events are hints: whatever they say, all files are read again, and hashes tell what
 * changed. Throws `never` where there is a policy that can't be gone by; one that becomes so later leaves the former in
 * force.
 */
export async function watchConfig(options: WatchConfigOptions): Promise<ConfigWatcher> {
  const config = new LiveConfig(options);
  await config.begin();
  return config;
}

class LiveConfig implements ConfigWatcher {
  readonly #options: WatchConfigOptions;
  readonly #places: Places;
  readonly #files: UnfinishedFiles;
  readonly #current = new CurrentDatasets();
  readonly #log: ReloadLog;
  readonly #listeners: ConfigListener[] = [];
  #loaded: Loaded = { ...nothingRead(), datasets: [] };
  #policy: Policy | null = null;
  #watcher: FilesWatcher | undefined;
  #isStopped = false;
  /** Readings, one after the other, and one that has not begun. */
  #queue: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | undefined;
  #judging: Promise<void> = Promise.resolve();
  #telling: Promise<void> = Promise.resolve();
  #cancelReload = (): void => {};
  #cancelListing = (): void => {};

  constructor(options: WatchConfigOptions) {
    const { configDir, env, places, hasWriter, logger } = options;
    this.#options = options;
    this.#places = placesOf(configDir, env, places);
    this.#files = new UnfinishedFiles({ ...this.#places, hasWriter });
    this.#log = new ReloadLog(logger, this.#places, this.#current);
  }

  async begin(): Promise<void> {
    await this.#sharedFinished();
    const loaded = await this.#load();
    if (loaded.policy === null) throw withoutPolicy(loaded.errors);
    this.#adopt(loaded, loaded.policy);
    this.#watcher = watchFiles(
      this.#places,
      () => this.#hint(),
      error => this.#log.unwatched(error),
    );
    this.#watcher.add(loaded.referencedFiles);
    this.#scheduleListing();
    await this.#watcher.ready;
    this.#hint(); // what was written between the first reading and now sent no event
  }

  datasets(): readonly Dataset[] {
    return [...this.#current.values()];
  }

  errors(): readonly Mistake[] {
    return this.#loaded.errors;
  }

  warnings(): readonly Mistake[] {
    return this.#loaded.warnings;
  }

  policy(): Policy {
    return this.#policy!;
  }

  onChange(listener: ConfigListener): void {
    this.#listeners.push(listener);
  }

  /** A policy that changed holds at once, however long reading all files takes. */
  reload(): Promise<void> {
    this.#judging = this.#judging.then(() => this.#judgeByPolicy()).catch(error => this.#log.failed(error));
    return this.#enqueue();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelReload();
    this.#cancelListing();
    await this.#watcher?.close();
    await this.#queue;
    await this.#judging;
    await this.#telling;
  }

  /** Again where something was written to meanwhile: at most so often, since somebody may do nothing else. */
  async #load(again = MOST_READINGS): Promise<Loaded> {
    const { configDir, env } = this.#options;
    const { unfinished, versions } = this.#files.look();
    const found = await loadDatasets(configDir, env, { ...this.#places, unfinished, formerPolicy: this.#policy });
    const isOutdated = this.#policy !== null && found.policy?.hash !== this.#policyOfNow().hash;
    if (this.#isStopped) return found;
    if (isOutdated) return this.#load(again);
    return again > 0 && this.#files.look().versions !== versions ? this.#load(again - 1) : found;
  }

  /** What was read holds from now on. */
  #adopt(next: Loaded, policy: Policy): ConfigChange {
    const before = this.#loaded;
    this.#loaded = next;
    this.#policy = policy;
    const change = this.#current.takeOver(next, policy.hash);
    this.#log.read(next, before);
    return { ...change, errors: next.errors };
  }

  /** What every dataset depends on is waited for at the start, but not for ever. */
  async #sharedFinished(): Promise<void> {
    const deadline = performance.now() + LONGEST_START_MS;
    while (this.#files.look().unfinished.some(path => this.#isShared(path)) && performance.now() < deadline) {
      await pause(this.#options.clock, QUIET_MS);
    }
  }

  #isShared(path: string): boolean {
    return path === this.#places.policyFile || parse(path).name.toLowerCase() === DEFAULTS_NAME;
  }

  /** Looks again until all are complete: the end of writing sends no event. Returns whether what all depend on is. */
  #waitForWriters(): boolean {
    const { unfinished } = this.#files.look();
    if (unfinished.length > 0) this.#reloadIn(UNFINISHED_MS);
    this.#log.unfinished(unfinished, path => this.#files.waitedFor(path));
    return !unfinished.some(path => this.#isShared(path));
  }

  #hint(): void {
    if (!this.#isStopped) this.#reloadIn(QUIET_MS);
  }

  #reloadIn(ms: number): void {
    this.#cancelReload();
    this.#cancelReload = this.#options.clock.after(ms, () => void this.reload());
  }

  #scheduleListing(): void {
    const { clock, listEveryMs = LIST_EVERY_MS } = this.#options;
    this.#cancelListing = clock.after(listEveryMs, () => {
      void this.reload();
      this.#scheduleListing();
    });
  }

  /** One reading that has not begun does for all who ask for one. */
  #enqueue(): Promise<void> {
    this.#waiting ??= this.#queue = this.#queue
      .then(() => {
        this.#waiting = undefined;
        return this.#apply();
      })
      .catch(error => this.#log.failed(error));
    return this.#waiting;
  }

  #tell(change: ConfigChange): Promise<void> {
    const told = this.#telling.then(async () => {
      for (const listener of this.#listeners) await listener(change);
    });
    this.#telling = told.catch(() => undefined);
    return told;
  }

  #policyOfNow(): Policy {
    return readPolicy(this.#places).policy ?? this.#policy!;
  }

  /**
   * Stops the datasets that a changed policy forbids. What it allows anew, and where mistakes are, the reading that
   * follows tells.
   */
  async #judgeByPolicy(): Promise<void> {
    if (this.#isStopped || this.#files.look().unfinished.includes(this.#places.policyFile)) return;
    const now = this.#policyOfNow();
    if (now.hash === this.#policy!.hash) return;
    this.#policy = now;
    for (const dataset of this.#current.values()) {
      await setImmediate();
      const reason = whyForbiddenNow(dataset, now, this.#places, this.#options.env);
      if (reason === undefined || !this.#current.remove(dataset)) continue;
      this.#log.stopped(dataset, reason);
      const change = { added: [], changed: [], removed: [dataset], errors: this.#loaded.errors };
      void this.#tell(change).catch(error => this.#log.failed(error));
    }
  }

  async #apply(): Promise<void> {
    if (this.#isStopped || !this.#waitForWriters()) return;
    let next = await this.#load();
    if (this.#current.namesGone(next).length > 0) {
      await pause(this.#options.clock, GONE_MS);
      next = await this.#load();
    }
    if (this.#isStopped) return;
    const before = this.#loaded;
    const change = this.#adopt(next, next.policy ?? this.#policy!);
    this.#watcher?.add(next.referencedFiles);
    this.#waitForWriters();
    const differs = change.added.length + change.changed.length + change.removed.length > 0;
    if (differs || texts(before.errors) !== texts(next.errors)) await this.#tell(change);
  }
}

function texts(mistakes: readonly Mistake[]): string {
  return mistakes.map(formatMistake).join('\n');
}

function withoutPolicy(errors: readonly Mistake[]): OrchestratorError {
  return new OrchestratorError('never', `nothing is started without a policy to go by: ${texts(errors)}`);
}
