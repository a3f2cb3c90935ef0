import { parse, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { messageOf, OrchestratorError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Dataset } from './dataset.ts';
import { DEFAULTS_NAME } from './config-files.ts';
import { whyForbiddenNow } from './judge-again.ts';
import { type Loaded, loadDatasets } from './load.ts';
import { formatMistake, type Mistake } from './messages.ts';
import { type Places, placesOf, shownPath } from './places.ts';
import { type Policy, readPolicy } from './policy.ts';
import type { Variables } from './substitute.ts';
import { type HasWriter, UnfinishedFiles } from './unfinished.ts';
import { watchFiles } from './watch-files.ts';

/** What a reload made different. */
export interface ConfigChange {
  added: Dataset[];
  /** The new versions. */
  changed: Dataset[];
  /** The last versions of datasets whose file is gone. */
  removed: Dataset[];
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
/** After so long it is said that one is. */
const LONG_MS = 10_000;
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
  const { configDir, env, logger, clock } = options;
  const places = placesOf(configDir, env, options.places);
  const current = new Map<string, Dataset>();
  /** Of the policy by which the current version of a dataset was found good. */
  const judgedBy = new Map<string, string>();
  const files = new UnfinishedFiles({ ...places, hasWriter: options.hasWriter });
  const complaints = new Set<string>();
  const listeners: ConfigListener[] = [];
  let isStopped = false;
  let policy: Policy | null = null;
  await sharedFinished();
  let loaded: Loaded = await load();
  policy = loaded.policy;
  if (policy === null) throw withoutPolicy(loaded.errors);
  let queue: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | undefined;
  let telling: Promise<void> = Promise.resolve();
  let judging: Promise<void> = Promise.resolve();
  let cancelReload = (): void => {};
  let cancelListing = (): void => {};

  takeOver(loaded);
  report([], loaded.errors);
  report([], loaded.warnings);
  const watcher = watchFiles(places, hint, error => {
    logger.warn(`changes of ${configDir} can't be watched (${messageOf(error)}); it is listed every 30 s all the same`);
  });
  watcher.add(loaded.referencedFiles);
  scheduleListing();
  await watcher.ready;
  hint(); // what was written between the first reading and now sent no event

  return {
    datasets: () => [...current.values()],
    errors: () => loaded.errors,
    warnings: () => loaded.warnings,
    policy: () => policy!,
    onChange: listener => void listeners.push(listener),
    reload: readAgain,
    async stop() {
      isStopped = true;
      cancelReload();
      cancelListing();
      await watcher.close();
      await queue;
      await judging;
      await telling;
    },
  };

  /** Again where something was written to meanwhile: at most so often, since somebody may do nothing else. */
  async function load(again = MOST_READINGS): Promise<Loaded> {
    const { unfinished, versions } = files.look();
    const found = await loadDatasets(configDir, env, { ...places, unfinished, formerPolicy: policy });
    const isOutdated = policy !== null && found.policy?.hash !== policyOfNow().hash;
    if (isStopped) return found;
    if (isOutdated) return load(again);
    return again > 0 && files.look().versions !== versions ? load(again - 1) : found;
  }

  /** What every dataset depends on is waited for at the start, but not for ever. */
  async function sharedFinished(): Promise<void> {
    const deadline = performance.now() + LONGEST_START_MS;
    while (files.look().unfinished.some(isShared) && performance.now() < deadline) {
      await new Promise<void>(done => clock.after(QUIET_MS, done));
    }
  }

  function isShared(path: string): boolean {
    return path === places.policyFile || parse(path).name.toLowerCase() === DEFAULTS_NAME;
  }

  /** Looks again until all are complete: the end of writing sends no event. Returns whether what all depend on is. */
  function waitForWriters(): boolean {
    const { unfinished } = files.look();
    if (unfinished.length > 0) {
      cancelReload();
      cancelReload = clock.after(UNFINISHED_MS, () => void readAgain());
    }
    for (const path of unfinished) {
      if (files.waitedFor(path) < LONG_MS || complaints.has(path)) continue;
      complaints.add(path);
      logger.warn(
        `${shownPath(path, places.root)} is still open for writing: it is read once it is closed, and until then what it said before holds`,
      );
    }
    for (const path of complaints) if (!unfinished.includes(path)) complaints.delete(path);
    return !unfinished.some(isShared);
  }

  function hint(): void {
    if (isStopped) return;
    cancelReload();
    cancelReload = clock.after(QUIET_MS, () => void readAgain());
  }

  function scheduleListing(): void {
    cancelListing = clock.after(options.listEveryMs ?? LIST_EVERY_MS, () => {
      void readAgain();
      scheduleListing();
    });
  }

  /** A policy that changed holds at once, however long reading all files takes. */
  function readAgain(): Promise<void> {
    judging = judging.then(judgeByPolicy).catch(complain);
    return enqueue();
  }

  /** One reading that has not begun does for all who ask for one. */
  function enqueue(): Promise<void> {
    waiting ??= queue = queue
      .then(() => {
        waiting = undefined;
        return apply();
      })
      .catch(complain);
    return waiting;
  }

  function complain(error: unknown): void {
    logger.error(`the configuration could not be applied: ${messageOf(error)}`, { error });
  }

  function tell(change: ConfigChange): Promise<void> {
    const told = telling.then(async () => {
      for (const listener of listeners) await listener(change);
    });
    telling = told.catch(() => undefined);
    return told;
  }

  function policyOfNow(): Policy {
    return readPolicy(places).policy ?? policy!;
  }

  /**
   * Stops the datasets that a changed policy forbids. What it allows anew, and where mistakes are, the reading that
   * follows tells.
   */
  async function judgeByPolicy(): Promise<void> {
    if (isStopped || files.look().unfinished.includes(places.policyFile)) return;
    const now = policyOfNow();
    if (now.hash === policy!.hash) return;
    policy = now;
    for (const dataset of current.values()) {
      await setImmediate();
      const reason = whyForbiddenNow(dataset, now, places, env);
      if (reason === undefined || current.get(dataset.name) !== dataset) continue;
      logger.error(`dataset ${dataset.name} is stopped, since the policy has changed: ${reason}`, {
        dataset: dataset.name,
      });
      current.delete(dataset.name);
      void tell({ added: [], changed: [], removed: [dataset], errors: loaded.errors }).catch(complain);
    }
  }

  async function apply(): Promise<void> {
    if (isStopped || !waitForWriters()) return;
    let next = await load();
    if (namesGone(next).length > 0) {
      await new Promise<void>(done => clock.after(GONE_MS, done));
      next = await load();
    }
    if (isStopped) return;
    policy = next.policy ?? policy;
    const before = loaded;
    loaded = next;
    watcher.add(next.referencedFiles);
    const change = takeOver(next);
    report(before.errors, next.errors);
    if (before.errors.length > 0 && next.errors.length === 0)
      logger.info(`the configuration in ${configDir} is without mistakes again`);
    report(before.warnings, next.warnings);
    waitForWriters();
    const differs = change.added.length + change.changed.length + change.removed.length > 0;
    if (differs || texts(before.errors) !== texts(next.errors)) await tell(change);
  }

  /** An unreadable folder says nothing about the datasets: all go on. */
  function namesGone(next: Loaded): string[] {
    if (next.unreadable !== null) return [];
    const there = new Set([...next.broken, ...next.unfinished, ...next.datasets.map(({ name }) => name)]);
    return [...current.keys()].filter(name => !there.has(name));
  }

  /** The version before a mistake goes on, but not where the policy has changed meanwhile: nobody has judged it by this one. */
  function noLongerJudged(next: Loaded): string[] {
    return [...next.broken, ...next.unfinished].filter(
      name => current.has(name) && judgedBy.get(name) !== policy?.hash,
    );
  }

  function takeOver(next: Loaded): ConfigChange {
    const added = next.datasets.filter(({ name }) => !current.has(name));
    const changed = next.datasets.filter(({ name, hash }) => (current.get(name)?.hash ?? hash) !== hash);
    const removed = [...namesGone(next), ...noLongerJudged(next)].map(name => current.get(name)!);
    for (const { name } of removed) current.delete(name);
    for (const { name } of next.datasets) judgedBy.set(name, policy?.hash ?? '');
    for (const dataset of [...added, ...changed]) current.set(dataset.name, dataset);
    return { added, changed, removed, errors: next.errors };
  }

  function report(before: readonly Mistake[], now: readonly Mistake[]): void {
    const known = new Set(before.map(formatMistake));
    for (const mistake of now) {
      const text = formatMistake(mistake);
      if (known.delete(text)) continue;
      if (mistake.severity === 'warning') logger.warn(text);
      else logger.error(`${text}${whatGoesOn(mistake)}`, { dataset: mistake.dataset });
    }
  }

  function whatGoesOn({ dataset, file }: Mistake): string {
    if (dataset !== null) return current.has(dataset) ? '; its previous version goes on' : '';
    return loaded.isPolicyStale && resolve(places.root, file) === places.policyFile
      ? '; the former policy goes on'
      : '';
  }
}

function texts(mistakes: readonly Mistake[]): string {
  return mistakes.map(formatMistake).join('\n');
}

function withoutPolicy(errors: readonly Mistake[]): OrchestratorError {
  const text = errors.map(formatMistake).join('\n');
  return new OrchestratorError('never', `nothing is started without a policy to go by: ${text}`);
}
