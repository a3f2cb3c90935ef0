import { dirname, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { watch } from 'chokidar';
import type { Clock } from '../clock.ts';
import { messageOf, OrchestratorError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Dataset } from './dataset.ts';
import { whyForbiddenNow } from './judge-again.ts';
import { type Loaded, loadDatasets } from './load.ts';
import { formatMistake, type Mistake } from './messages.ts';
import { type Places, placesOf } from './places.ts';
import { type Policy, readPolicy } from './policy.ts';
import type { Variables } from './substitute.ts';

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

export interface WatchConfigOptions {
  configDir: string;
  env: Variables;
  /** Where the rest is; what is left out is as the variables say. */
  places?: Partial<Places>;
  /** Called one at a time, and only where something differs. What it throws is logged; the change stands. */
  onChange: (change: ConfigChange) => void | Promise<void>;
  logger: Logger;
  clock: Clock;
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
  /** Reads everything again now; resolves after onChange. */
  reload(): Promise<void>;
  /** Idempotent; resolves when no onChange is under way. */
  stop(): Promise<void>;
}

/** Writers send several events; a file is read once they have been quiet for so long. */
const QUIET_MS = 50;
/** An editor that saves by renaming leaves a moment without the file: it is gone only if it still is after this. */
const GONE_MS = 300;
const LIST_EVERY_MS = 30_000;

/**
 * Reads the configuration and keeps it current until stop(). The first state is in datasets() and errors(), without a call
 * of onChange. Events are hints: whatever they say, all files are read again, and hashes tell what changed. Throws `never` where there is
 * a policy that can't be gone by; one that becomes so later leaves the former in force.
 */
export async function watchConfig(options: WatchConfigOptions): Promise<ConfigWatcher> {
  const { configDir, env, onChange, logger, clock } = options;
  const places = placesOf(configDir, env, options.places);
  const current = new Map<string, Dataset>();
  /** Of the policy by which the current version of a dataset was found good. */
  const judgedBy = new Map<string, string>();
  let policy: Policy | null = null;
  let loaded: Loaded = await load();
  policy = loaded.policy;
  if (policy === null) throw withoutPolicy(loaded.errors);
  let queue: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | undefined;
  let telling: Promise<void> = Promise.resolve();
  let judging: Promise<void> = Promise.resolve();
  let cancelReload = (): void => {};
  let cancelListing = (): void => {};
  let isStopped = false;

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

  async function load(): Promise<Loaded> {
    const found = await loadDatasets(configDir, env, { ...places, formerPolicy: policy });
    const isOutdated = policy !== null && found.policy?.hash !== policyOfNow().hash;
    return isOutdated && !isStopped ? load() : found;
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
    const told = telling.then(() => onChange(change));
    telling = told.catch(() => undefined);
    return told;
  }

  function policyOfNow(): Policy {
    return readPolicy(places).policy ?? policy!;
  }

  /** Stops the datasets that a changed policy forbids. What it allows anew, and where mistakes are, the reading that follows tells. */
  async function judgeByPolicy(): Promise<void> {
    if (isStopped) return;
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
    if (isStopped) return;
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
    const differs = change.added.length + change.changed.length + change.removed.length > 0;
    if (differs || texts(before.errors) !== texts(next.errors)) await tell(change);
  }

  /** An unreadable folder says nothing about the datasets: all go on. */
  function namesGone(next: Loaded): string[] {
    if (next.unreadable !== null) return [];
    const there = new Set([...next.broken, ...next.datasets.map(({ name }) => name)]);
    return [...current.keys()].filter(name => !there.has(name));
  }

  /** The version before a mistake goes on, but not where the policy has changed meanwhile: nobody has judged it by this one. */
  function noLongerJudged(next: Loaded): string[] {
    return next.broken.filter(name => current.has(name) && judgedBy.get(name) !== policy?.hash);
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

interface FilesWatcher {
  add(paths: readonly string[]): void;
  ready: Promise<unknown>;
  close(): Promise<void>;
}

/** CONFIG_DIR, and of the policy's folder the policy alone. Links are not followed: what they lead to may be anything. */
function watchFiles(
  { configDir, policyFile }: Places,
  onEvent: () => void,
  onError: (error: unknown) => void,
): FilesWatcher {
  const folder = dirname(policyFile);
  const ofConfig = watch(configDir, { ...WATCHING, depth: 1 });
  const ofPolicy = watch(folder, { ...WATCHING, depth: 0, ignored: path => path !== folder && path !== policyFile });
  const both = [ofConfig, ofPolicy];
  for (const watcher of both) watcher.on('all', onEvent).on('error', onError);
  return {
    add: paths => void ofConfig.add([...paths]),
    ready: Promise.all(both.map(watcher => new Promise<void>(done => watcher.once('ready', () => done())))),
    async close() {
      await Promise.all(both.map(watcher => watcher.close()));
    },
  };
}

const WATCHING = { ignoreInitial: true, followSymlinks: false };

function withoutPolicy(errors: readonly Mistake[]): OrchestratorError {
  const text = errors.map(formatMistake).join('\n');
  return new OrchestratorError('never', `nothing is started without a policy to go by: ${text}`);
}
