import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Dataset } from '../config/dataset.ts';
import { messageOf, OrchestratorError } from '../errors.ts';
import type { FileVersion, Journal } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import { Absences, type Doubt } from './absences.ts';
import { breather } from './breathe.ts';
import { type FileSystemKind, fileSystemKind } from './file-system.ts';
import { type Hints, watchHints } from './hints.ts';
import { KnownFiles } from './known.ts';
import { isGone, type ListedFile, type Listing, listFiles } from './listing.ts';
import { folderOf, isWithin, type NameRules, nameRules } from './names.ts';
import { inOrder } from './order.ts';
import { createRoot, rootIdentity } from './root.ts';
import { Settling } from './settling.ts';
import { versionOf } from './version.ts';

export interface WatchRequest {
  dataset: Dataset;
  journal: Journal;
  logger: Logger;
  clock: Clock;
  /** Absolute: DATA_DIR, and the backup and quarantine folders of all datasets. Never watched. */
  excluded: readonly string[];
  /** How often to list; null or nothing: every 60 s where events are seen, every 5 s where polled. */
  listIntervalMs?: number | null;
}

/** For people and the API. Times are milliseconds since 1970-01-01 UTC. */
export interface WatchStatus {
  mode: 'events' | 'poll';
  /** End of the last listing, complete or not; null before the first. */
  lastListingAt: number | null;
  listingMs: number | null;
  /** Files in the last listing that names allow to be taken. */
  files: number;
  /** Files that wait to be complete. */
  settling: number;
  /** What keeps files from being noticed or taken, and what to do about it. */
  error: string | null;
  /** inotify's limits are reached: polled until the next start. */
  tooManyWatches: boolean;
}

/** A dataset that is being watched. */
export interface DatasetWatch {
  status(): WatchStatus;
  /** Takes no more files. What settles goes on doing so at the next start. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Watches one dataset's WATCH_DIR until stopped. A root that is missing or can't be read is no reason to throw: status() says so, and
 * watching begins when it is there. Throws an OrchestratorError (`never`) where WATCH_DIR lies in an excluded folder.
 */
export async function watchDataset(request: WatchRequest): Promise<DatasetWatch> {
  const { dataset, journal, clock } = request;
  const within = request.excluded.find(folder => isWithin(dataset.watchDir, folder));
  if (within !== undefined) {
    const message = `dataset ${dataset.name}: WATCH_DIR ${dataset.watchDir} is in ${within}, which the orchestrator keeps for itself; choose a folder outside it`;
    throw new OrchestratorError('never', message);
  }
  const startedAt = clock.now();
  const isFirst = !(await journal.firstWatch(dataset.name, startedAt));
  const known = new KnownFiles(await journal.knownFiles(dataset.name));
  const watcher = new DatasetWatcher(request, known, isFirst ? startedAt - CLOCK_TICK_MS : null);
  await watcher.checkRoot();
  return watcher;
}

/** The kernel's time of a file's change lags by up to a tick (10 ms at 100 Hz): in doubt a file has arrived rather than was there before. */
const CLOCK_TICK_MS = 20;
const ROOT_CHECK_MS = 1000;
const EVENTS_LISTING_MS = 60_000;
const POLLED_LISTING_MS = 5000;
/** After something was found gone whose rows are to be removed: it takes two listings. */
const DOUBT_LISTING_MS = 1000;
/** So many paths are looked at, and told to the journal, together. */
const BATCH = 64;
/** So many events at once may have overflown the kernel's queue (16,384 by default), which nothing tells. */
const BURST_HINTS = 2000;
/** A disposal of our own takes milliseconds. */
const DISPOSAL_MS = 100;

class DatasetWatcher implements DatasetWatch {
  readonly #request: WatchRequest;
  readonly #rules: NameRules;
  readonly #known: KnownFiles;
  readonly #settling: Settling;
  readonly #absences: Absences;
  readonly #abort = new AbortController();
  readonly #hints = new Set<string>();
  /** Errors by what they are about: each is logged once, and again only after it was over. */
  readonly #errors = new Map<'root' | 'watches' | 'listing' | 'journal', string>();
  readonly #illegible = new Set<string>();
  /** Of all folders seen so far, by relative path. */
  readonly #devices = new Map<string, number>();
  readonly #calledOff = new Set<() => void>();
  /** When the dataset was first watched, until the files that were there then are known; else null. */
  #firstWatchedAt: number | null;
  #mode: 'events' | 'poll' = 'events';
  #identity: string | null = null;
  #events: Hints | null = null;
  #hintsSinceListing = 0;
  #draining: Promise<void> | null = null;
  #listing: Promise<void> | null = null;
  #checking: Promise<void> | null = null;
  #listingNumber = 0;
  #hasListedAll = false;
  #mayCreateRoot: boolean;
  #cancelListing: (() => void) | undefined;
  #listingAt = Number.POSITIVE_INFINITY;
  #lastListingAt: number | null = null;
  #listingMs: number | null = null;
  #files = 0;

  constructor(request: WatchRequest, known: KnownFiles, firstWatchedAt: number | null) {
    const { dataset, journal, logger, clock } = request;
    this.#request = request;
    this.#known = known;
    this.#firstWatchedAt = firstWatchedAt;
    this.#mayCreateRoot = firstWatchedAt !== null;
    this.#rules = nameRules(dataset, request.excluded);
    this.#settling = new Settling({
      dataset,
      journal,
      logger,
      clock,
      onQueued: (path, version, touched) => this.#queued(path, version, touched),
      onGone: path => this.#vanished([path]),
    });
    const isRootFine = async () => (await this.#readIdentity()) === this.#identity;
    this.#absences = new Absences({ dataset, journal, clock, known, isRootFine });
  }

  status(): WatchStatus {
    return {
      mode: this.#mode,
      lastListingAt: this.#lastListingAt,
      listingMs: this.#listingMs,
      files: this.#files,
      settling: this.#settling.size,
      error: this.#errors.values().next().value ?? this.#absences.error ?? this.#settling.trouble ?? null,
      tooManyWatches: this.#errors.has('watches'),
    };
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#cancelListing?.();
    for (const callOff of this.#calledOff) callOff();
    this.#hints.clear();
    await Promise.all([this.#checking, this.#draining, this.#listing, this.#settling.stop()]);
    await this.#closeEvents();
  }

  /** Looks whether WATCH_DIR is there and the same, now and once a second: nothing tells when it is back. */
  checkRoot(): Promise<void> {
    this.#checking ??= this.#checkRoot()
      .catch(error => this.#fail('root', messageOf(error)))
      .finally(() => {
        this.#checking = null;
        this.#after(ROOT_CHECK_MS, () => void this.checkRoot());
      });
    return this.#checking;
  }

  async #checkRoot(): Promise<void> {
    const { dataset, logger } = this.#request;
    const identity = await this.#findRoot();
    if (identity === this.#identity || this.#stopped) return;
    this.#identity = identity;
    await this.#closeEvents();
    if (identity === null) return;
    if (this.#errors.delete('root'))
      logger.info(`dataset ${dataset.name}: WATCH_DIR ${dataset.watchDir} can be read again`);
    const kind = await fileSystemKind(dataset.watchDir);
    this.#settling.leases = kind === 'local';
    this.#mode = this.#chooseMode(kind);
    await this.#openEvents();
    this.#listWithin(0);
  }

  async #findRoot(): Promise<string | null> {
    try {
      if (this.#mayCreateRoot) await createRoot(this.#request.dataset);
      const identity = await rootIdentity(this.#request.dataset);
      this.#mayCreateRoot = false;
      return identity;
    } catch (error) {
      this.#fail('root', messageOf(error));
      return null;
    }
  }

  async #readIdentity(): Promise<string | null> {
    return rootIdentity(this.#request.dataset).catch(() => null);
  }

  #chooseMode(kind: FileSystemKind): 'events' | 'poll' {
    const { WATCH_MODE: mode } = this.#request.dataset.settings;
    if (this.#errors.has('watches')) return 'poll';
    if (mode !== 'auto') return mode;
    return kind === 'network' ? 'poll' : 'events';
  }

  async #openEvents(): Promise<void> {
    if (this.#mode === 'poll') return;
    const { dataset } = this.#request;
    this.#events = await watchHints({
      root: dataset.watchDir,
      recursive: dataset.settings.RECURSIVE,
      rules: this.#rules,
      onHint: path => this.#hint(path),
      onError: (code, error) => void this.#eventsFailed(code, error),
    });
    if (this.#mode !== 'events') await this.#closeEvents();
  }

  async #closeEvents(): Promise<void> {
    const events = this.#events;
    this.#events = null;
    await events?.close();
  }

  async #eventsFailed(code: string, error: unknown): Promise<void> {
    const { dataset, logger } = this.#request;
    if (code !== 'ENOSPC' && code !== 'EMFILE') {
      logger.warn(
        `dataset ${dataset.name}: an event of ${dataset.watchDir} was lost (${messageOf(error)}); it is listed instead`,
      );
      return this.#listWithin(DOUBT_LISTING_MS);
    }
    if (this.#mode === 'poll') return;
    this.#mode = 'poll';
    const sysctl = code === 'ENOSPC' ? 'max_user_watches' : 'max_user_instances';
    const limit = await readFile(`/proc/sys/fs/inotify/${sysctl}`, 'utf8').catch(() => 'unknown');
    this.#fail(
      'watches',
      `dataset ${dataset.name}: the system's limit of watched folders is reached (${code}): ${dataset.watchDir} is listed every ` +
        `${this.#intervalMs() / 1000} s instead until the next start; raise fs.inotify.${sysctl} (now ${limit.trim()}), ` +
        `as in: sysctl -w fs.inotify.${sysctl}=${code === 'ENOSPC' ? 524288 : 1024}`,
    );
    await this.#closeEvents();
    this.#listWithin(0);
  }

  /** Coalesces: a path that was hinted at a thousand times before it is looked at is looked at once. */
  #hint(path: string): void {
    if (this.#stopped) return;
    this.#hints.add(path);
    this.#hintsSinceListing += 1;
    if (this.#hintsSinceListing >= BURST_HINTS) this.#listSoon();
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = null;
      const [next] = this.#hints;
      if (next !== undefined) this.#hint(next);
    });
  }

  async #drain(): Promise<void> {
    const breathe = breather();
    while (this.#hints.size > 0) {
      const paths = this.#hints.values().take(BATCH).toArray();
      for (const path of paths) this.#hints.delete(path);
      await Promise.all(paths.map(path => this.#look(path).catch(error => this.#journalFailed(error))));
      await breathe();
    }
  }

  /** A quick look at one path: a file or a folder, there or gone. */
  async #look(path: string): Promise<void> {
    if (this.#settling.has(path)) return this.#settling.touch(path);
    const marked = this.#rules.markedFile(path);
    if (marked !== null) return this.#look(marked);
    const absolute = join(this.#request.dataset.watchDir, path);
    const stats = await stat(absolute, { bigint: true }).catch((error: unknown) =>
      isGone(error) ? 'gone' : 'unknown',
    );
    if (stats === 'gone') return this.#lookAtGone(path);
    // What can't be looked at is the listing's to report.
    if (stats === 'unknown') return this.#listWithin(DOUBT_LISTING_MS);
    if (typeof stats === 'string') return;
    if (stats.isDirectory()) return this.#lookAtFolder(path);
    if (!stats.isFile() || this.#rules.refuseFile(path) !== null) return;
    const device = this.#devices.get(folderOf(path)) ?? null;
    await this.#arriveBatch([{ path, version: versionOf(stats), changedAt: Number(stats.ctimeMs), device }]);
  }

  async #lookAtFolder(folder: string): Promise<void> {
    if (this.#rules.refuseFolder(folder) !== null) return;
    const found: ListedFile[] = [];
    const listing = await this.#list(folder, file => found.push(file));
    if (!listing.complete) this.#listWithin(DOUBT_LISTING_MS);
    await this.#arriveAll(found);
  }

  /** Of a name that isn't UTF-8 the event has but a distorted form: its folder's listing reports it. */
  async #lookAtGone(path: string): Promise<void> {
    if (path.includes('\uFFFD')) return this.#lookAtFolder(folderOf(path));
    const wasFolder = this.#devices.delete(path);
    await this.#vanished(wasFolder ? [...this.#known.below(path)] : this.#known.isPresent(path) ? [path] : []);
  }

  async #vanished(paths: string[]): Promise<void> {
    for (const path of paths) await this.#settling.drop(path, 'the file is gone');
    this.#settleDoubt(await this.#absences.vanished(paths));
  }

  #settleDoubt(doubt: Doubt): void {
    if (doubt.listAgain) this.#listSoon();
    for (const path of doubt.beingDisposed) this.#after(DISPOSAL_MS, () => this.#hint(path));
  }

  /** Soon, but so that listings of a large folder take no more than a tenth of the time. */
  #listSoon(): void {
    this.#listWithin(Math.max(DOUBT_LISTING_MS, 10 * (this.#listingMs ?? 0)));
  }

  /** Lists at once if no listing is due within `ms` anyway. */
  #listWithin(ms: number): void {
    const at = this.#request.clock.now() + ms;
    if (this.#stopped || at >= this.#listingAt) return;
    this.#cancelListing?.();
    this.#listingAt = at;
    this.#cancelListing = this.#request.clock.after(ms, () => {
      this.#listingAt = Number.POSITIVE_INFINITY;
      // One at a time: a listing that is asked for during another follows it.
      this.#listing = (this.#listing ?? Promise.resolve())
        .then(() => this.#listAll())
        .catch(error => this.#journalFailed(error))
        .then(() => this.#listWithin(this.#intervalMs()));
    });
  }

  async #listAll(): Promise<void> {
    const identity = await this.#readIdentity();
    if (this.#stopped || identity === null || identity !== this.#identity) return;
    const began = performance.now();
    this.#listingNumber += 1;
    this.#hintsSinceListing = 0;
    const number = this.#listingNumber;
    const news: ListedFile[] = [];
    const listing = await this.#list('', file => {
      if (this.#isNews(file)) news.push(file);
    });
    if (this.#stopped) return;
    this.#files = listing.files;
    this.#listingMs = Math.round(performance.now() - began);
    this.#reportListing(listing);
    await this.#arriveAll(news);
    const isSameRoot = (await this.#readIdentity()) === identity;
    if (listing.complete && isSameRoot && !this.#stopped) await this.#concludeListing(listing, number, identity);
    this.#errors.delete('journal');
    this.#lastListingAt = this.#request.clock.now();
  }

  async #concludeListing(listing: Listing, number: number, identity: string): Promise<void> {
    this.#settleDoubt(await this.#absences.missedBy(number, listing.devices, identity));
    this.#firstWatchedAt = null;
    if (!this.#hasListedAll) await this.#dropLeftovers();
    this.#hasListedAll = true;
  }

  async #list(folder: string, onFile: (file: ListedFile) => void): Promise<Listing> {
    const { watchDir } = this.#request.dataset;
    const listing = await listFiles({ root: watchDir, folder, rules: this.#rules, onFile, signal: this.#abort.signal });
    for (const [path, device] of listing.devices) {
      if (folder === '' && this.#hasListedAll && !this.#devices.has(path)) this.#events?.add(path);
      this.#devices.set(path, device);
    }
    for (const name of listing.illegible) this.#reportIllegible(name);
    return listing;
  }

  /** Files that were settling when the last process ended, and are not to be taken now. */
  async #dropLeftovers(): Promise<void> {
    const { dataset, journal, clock } = this.#request;
    let cursor: string | undefined;
    do {
      const page = await journal.runs({
        dataset: dataset.name,
        states: ['settling'],
        limit: 1000,
        ...(cursor && { cursor }),
      });
      for (const run of page.items) {
        if (run.root !== dataset.watchDir || this.#settling.has(run.file)) continue;
        const reason = this.#rules.refuseFile(run.file);
        await journal.unsettle(run.id, reason === null ? 'the file is gone' : `the file ${reason}`, clock.now());
      }
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined && !this.#stopped);
  }

  #isNews(file: ListedFile): boolean {
    const isNew = this.#known.see(file.path, file.version, file.device, this.#listingNumber);
    return !this.#settling.has(file.path) && (isNew || this.#absences.isPending(file.path));
  }

  async #arriveAll(files: ListedFile[]): Promise<void> {
    const breathe = breather();
    const inTurn = inOrder(files, this.#request.dataset.settings.ORDER);
    for (let from = 0; from < inTurn.length && !this.#stopped; from += BATCH) {
      await this.#arriveBatch(inTurn.slice(from, from + BATCH));
      await breathe();
    }
  }

  /** The journal is told of all in one turn of the event loop, in their order: it writes them at once. */
  async #arriveBatch(files: ListedFile[]): Promise<void> {
    const marked = await Promise.all(files.map(file => this.#isMarked(file.path)));
    for (const { path } of files) if (this.#absences.isPending(path)) await this.#absences.returned(path);
    await Promise.all(files.filter((_, index) => marked[index]).map(file => this.#arrive(file)));
  }

  async #arrive({ path, version, changedAt, device }: ListedFile): Promise<void> {
    const { dataset, journal } = this.#request;
    if (!this.#known.see(path, version, device, this.#listingNumber)) return;
    if (this.#firstWatchedAt !== null && dataset.settings.EXISTING === 'ignore' && changedAt <= this.#firstWatchedAt) {
      await journal.ignore(dataset.name, path, version);
      this.#known.record(path, version, device, this.#listingNumber);
    } else {
      await this.#settling.sight(path, version);
    }
  }

  async #isMarked(path: string): Promise<boolean> {
    const { watchDir, settings } = this.#request.dataset;
    if (settings.READY_MARKER === undefined) return true;
    return stat(join(watchDir, path + settings.READY_MARKER)).then(
      () => true,
      () => false,
    );
  }

  #queued(path: string, version: FileVersion, touched: boolean): void {
    this.#known.record(path, version, this.#devices.get(folderOf(path)) ?? null, this.#listingNumber);
    if (touched) this.#hint(path);
  }

  #reportListing(listing: Listing): void {
    const error = listing.errors[0];
    if (error !== undefined) {
      this.#fail(
        'listing',
        `dataset ${this.#request.dataset.name}: ${error}; give uid ${process.getuid?.()} read access`,
      );
    } else if (this.#errors.delete('listing')) {
      // What could not be read could not be watched either.
      this.#identity = null;
    }
  }

  #reportIllegible(name: string): void {
    if (this.#illegible.has(name)) return;
    this.#illegible.add(name);
    const { dataset, logger } = this.#request;
    logger.error(`dataset ${dataset.name}: ${name} is never taken: its name is not UTF-8; rename it`);
  }

  #journalFailed(error: unknown): void {
    if (this.#stopped) return;
    this.#fail(
      'journal',
      `dataset ${this.#request.dataset.name}: files can't be written down: ${messageOf(error)}; they are listed again`,
    );
    this.#listWithin(POLLED_LISTING_MS);
  }

  #fail(about: 'root' | 'watches' | 'listing' | 'journal', text: string): void {
    if (this.#errors.get(about) !== text) this.#request.logger.error(text);
    this.#errors.set(about, text);
  }

  #intervalMs(): number {
    const { listIntervalMs } = this.#request;
    const usual = listIntervalMs ?? (this.#mode === 'poll' ? POLLED_LISTING_MS : EVENTS_LISTING_MS);
    return this.#errors.has('listing') ? Math.min(usual, POLLED_LISTING_MS) : usual;
  }

  #after(ms: number, callback: () => void): void {
    if (this.#stopped) return;
    const callOff = this.#request.clock.after(ms, () => {
      this.#calledOff.delete(callOff);
      callback();
    });
    this.#calledOff.add(callOff);
  }

  get #stopped(): boolean {
    return this.#abort.signal.aborted;
  }
}
