import type { Clock } from '../clock.ts';
import type { Dataset } from '../config/dataset.ts';
import { aroundText, type KeptFolder } from '../config/kept-folders.ts';
import { messageOf, OrchestratorError } from '../errors.ts';
import type { Folder } from '../files/folder.ts';
import { judgeSource, type Source, type SourceRules } from '../files/source.ts';
import { UntrustedFile } from '../files/untrusted-file.ts';
import { versionOf } from '../files/version.ts';
import type { Journal, Run } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import { Absences, type Doubt } from './absences.ts';
import { Arrivals } from './arrivals.ts';
import { Delays } from './delays.ts';
import { EventSource } from './event-source.ts';
import { fileSystemKind } from '../files/file-system.ts';
import { Folders } from './folders.ts';
import { HintQueue } from './hint-queue.ts';
import { KnownFiles } from './known.ts';
import { dropLeftovers } from './leftovers.ts';
import { isGone, type ListedFile, type Listing } from './listing.ts';
import { DOUBT_LISTING_MS, Listings } from './listings.ts';
import { folderOf, type NameRules, nameRules } from './names.ts';
import { comparePlace } from './place.ts';
import { RealNames } from './real-names.ts';
import { Refusals } from './refusals.ts';
import { identityOf } from '../files/admin-folder.ts';
import { WatchedRoot } from './root.ts';
import { Settling } from './settling.ts';
import { Troubles } from './troubles.ts';

export interface WatchRequest {
  dataset: Dataset;
  journal: Journal;
  logger: Logger;
  clock: Clock;
  /** DATA_DIR, and the backup and quarantine folders of all datasets, as WATCH_DIR reaches them now. Never watched. */
  kept: () => readonly KeptFolder[];
  /** How often to list; null or nothing: every 60 s where events are seen, every 5 s where polled. */
  listIntervalMs?: number | null;
  /** Stops it, also before all folders are watched. */
  signal?: AbortSignal;
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
  /** What is never taken though its name allows it, such as links, and what to do about it. */
  notice: string | null;
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
 * Watches one dataset's WATCH_DIR until stopped. A root that is missing, can't be read or lies in a kept folder is no
 * reason to throw: status() says so, and watching begins when that is over.
 */
export async function watchDataset(request: WatchRequest): Promise<DatasetWatch> {
  const { dataset, journal, clock } = request;
  const existingAt = await journal.firstWatch(dataset.name, clock.now());
  const isNew = (await journal.place(dataset.name)) === null;
  const known = new KnownFiles(dataset.name, journal);
  const watcher = new DatasetWatcher(request, known, { existingAt, isNew });
  request.signal?.addEventListener('abort', () => void watcher.stop());
  if (request.signal?.aborted) await watcher.stop();
  else await watcher.checkRoot();
  return watcher;
}

/** What stands at a path: a file to take, or … */
type Seen = Source | 'folder' | 'gone' | 'nothing';

/** What the journal knows of earlier watching. */
interface Before {
  /** When the dataset was first watched, where the files that were there then are not all known yet; else null. */
  existingAt: number | null;
  /** WATCH_DIR was never seen. */
  isNew: boolean;
}

/**
 * The kernel's time of a file's change lags by up to a tick (10 ms at 100 Hz): in doubt a file has arrived rather than
 * was there before.
 */
const CLOCK_TICK_MS = 20;
const ROOT_CHECK_MS = 1000;
const EVENTS_LISTING_MS = 60_000;
const POLLED_LISTING_MS = 5000;
/** A disposal of our own takes milliseconds. */
const DISPOSAL_MS = 100;

class DatasetWatcher implements DatasetWatch {
  readonly #request: WatchRequest;
  readonly #rules: NameRules & SourceRules;
  readonly #known: KnownFiles;
  readonly #settling: Settling;
  readonly #absences: Absences;
  readonly #arrivals: Arrivals;
  readonly #troubles: Troubles;
  readonly #refusals: Refusals;
  readonly #hints: HintQueue;
  readonly #listings: Listings;
  readonly #events: EventSource;
  readonly #root: WatchedRoot;
  readonly #folders: Folders;
  readonly #names = new RealNames();
  readonly #abort = new AbortController();
  readonly #delays: Delays;
  readonly #endListening: () => void;
  #identity: string | null = null;
  #checking: Promise<void> | null = null;
  #lastListingAt: number | null = null;
  #files = 0;

  constructor(request: WatchRequest, known: KnownFiles, before: Before) {
    const { dataset, journal, logger, clock } = request;
    this.#request = request;
    this.#known = known;
    this.#delays = new Delays(clock);
    this.#root = new WatchedRoot(dataset, journal, before.isNew);
    this.#rules = { ...nameRules(dataset, request.kept), followLinks: dataset.settings.FOLLOW_LINKS };
    this.#settling = new Settling({
      dataset,
      journal,
      logger,
      clock,
      root: this.#root,
      onQueued: (path, touched) => this.#queued(path, touched),
      onGone: path => this.#vanished([path]),
    });
    const isRootFine = async (folder: Folder) =>
      (await identityOf(folder)) === this.#identity && (await this.#root.read()) === this.#identity;
    const { signal } = this.#abort;
    const isSettling = (path: string) => this.#settling.has(path);
    const root = this.#root;
    const names = this.#names;
    const absences = new Absences({ dataset, journal, clock, known, root, names, isRootFine, isSettling, signal });
    this.#absences = absences;
    this.#folders = new Folders({
      dataset,
      logger,
      rules: this.#rules,
      signal,
      onNew: folder => this.#events.add(folder),
    });
    this.#arrivals = new Arrivals({
      dataset,
      journal,
      root: this.#root,
      known,
      settling: this.#settling,
      absences,
      firstWatchedAt: before.existingAt === null ? null : before.existingAt - CLOCK_TICK_MS,
      signal,
    });
    this.#troubles = new Troubles(logger);
    this.#refusals = new Refusals(dataset, logger);
    this.#hints = new HintQueue(
      path => this.#look(path).catch(error => this.#journalFailed(error)),
      () => this.#listings.soon(),
    );
    this.#listings = new Listings(clock, {
      list: () => this.#listAll().catch(error => this.#journalFailed(error)),
      intervalMs: () => this.#intervalMs(),
    });
    this.#events = new EventSource({
      dataset,
      logger,
      rules: this.#rules,
      hints: this.#hints,
      listings: this.#listings,
      troubles: this.#troubles,
      polledMs: request.listIntervalMs ?? POLLED_LISTING_MS,
      signal,
    });
    this.#endListening = journal.onChange(run => void this.#heard(run).catch(error => this.#journalFailed(error)));
  }

  status(): WatchStatus {
    return {
      mode: this.#events.mode,
      lastListingAt: this.#lastListingAt,
      listingMs: this.#listings.lastMs,
      files: this.#files,
      settling: this.#settling.size,
      notice: this.#refusals.notice,
      error: this.#troubles.first ?? this.#absences.error ?? this.#settling.trouble ?? null,
      tooManyWatches: this.#troubles.has('watches'),
    };
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#endListening();
    this.#delays.stop();
    await Promise.all([this.#checking, this.#hints.stop(), this.#listings.stop(), this.#settling.stop()]);
    await this.#events.close();
  }

  /** Looks whether WATCH_DIR is there and the same, now and once a second: nothing tells when it is back. */
  checkRoot(): Promise<void> {
    this.#checking ??= this.#checkRoot()
      .catch(error => this.#troubles.tell('root', messageOf(error)))
      .finally(() => {
        this.#checking = null;
        this.#delays.after(ROOT_CHECK_MS, () => void this.checkRoot());
      });
    return this.#checking;
  }

  async #checkRoot(): Promise<void> {
    const { dataset, logger } = this.#request;
    const identity = await this.#findRoot().catch((error: unknown) => {
      this.#troubles.tell('root', messageOf(error));
      return null;
    });
    if (identity === this.#identity || this.#stopped) return;
    this.#identity = identity;
    await this.#events.close();
    if (identity === null) return;
    if (this.#troubles.end('root'))
      logger.info(`dataset ${dataset.name}: WATCH_DIR ${dataset.watchDir} can be read again`);
    const kind = await this.#root.useOr('other' as const, folder => fileSystemKind(folder.descriptor));
    this.#settling.leases = kind === 'local';
    await this.#events.open(kind);
    this.#listings.within(0);
  }

  /**
   * By a link or a mount WATCH_DIR may have become one of our own folders: every file there would be an arrival, be
   * moved there, and so on.
   */
  async #findRoot(): Promise<string> {
    const { dataset, kept } = this.#request;
    const why = aroundText(dataset, kept());
    if (why !== undefined) throw new OrchestratorError('wait', why);
    return this.#root.find();
  }

  /** A quick look at one path: a file or a folder, there or gone. */
  async #look(path: string): Promise<void> {
    if (this.#settling.has(path)) return this.#settling.touch(path);
    const marked = this.#rules.markedFile(path);
    if (marked !== null) return this.#look(marked);
    const seen = await this.#root
      .use(root => this.#see(root, path))
      .catch((error: unknown) => this.#unseen(path, error));
    if (seen === 'gone') return this.#lookAtGone(path);
    if (seen === 'folder') return this.#lookAtFolder(path);
    if (seen === 'nothing') return;
    const { stats, changedAt } = seen;
    const device = this.#folders.deviceOf(path);
    await this.#arrivals.arriveBatch([{ path, version: versionOf(stats), changedAt, device }]);
  }

  async #see(root: Folder, path: string): Promise<Seen> {
    const stats = await root.look(path);
    if (stats?.isDirectory()) return 'folder';
    if (stats && this.#rules.refuseFile(path) !== null) return 'nothing';
    const real = stats?.isFile() ? await this.#names.of(root, path, stats) : path;
    if (real !== path) {
      this.#hints.add(real);
      return 'gone';
    }
    return (stats && (await judgeSource(root, path, stats, this.#rules))) ?? 'gone';
  }

  #unseen(path: string, error: unknown): 'gone' | 'nothing' {
    if (isGone(error)) return 'gone';
    if (error instanceof UntrustedFile) this.#refusals.saw(error.reason, path);
    // What can't be looked at is the listing's to report.
    else this.#listings.within(DOUBT_LISTING_MS);
    return 'nothing';
  }

  async #lookAtFolder(folder: string): Promise<void> {
    if (this.#rules.refuseFolder(folder) !== null) return;
    const found: ListedFile[] = [];
    const listing = await this.#root.useOr(undefined, root =>
      this.#folders.list(root, folder, files => void found.push(...files)),
    );
    if (!listing?.complete) this.#listings.within(DOUBT_LISTING_MS);
    await this.#arrivals.arriveAll(found);
  }

  /** Of a name that isn't UTF-8 the event has but a distorted form: its folder's listing reports it. */
  async #lookAtGone(path: string): Promise<void> {
    if (path.includes('\uFFFD')) return this.#lookAtFolder(folderOf(path));
    if (this.#folders.forget(path)) {
      for await (const paths of this.#known.below(path)) {
        if (this.#stopped) return;
        await this.#vanished(paths);
      }
    } else if (await this.#known.isPresent(path)) await this.#vanished([path]);
  }

  async #vanished(paths: string[]): Promise<void> {
    for (const path of paths) await this.#settling.drop(path, 'the file is gone');
    this.#settleDoubt(await this.#absences.vanished(paths));
  }

  #settleDoubt(doubt: Doubt): void {
    if (doubt.listAgain) this.#listings.soon();
    for (const path of doubt.beingDisposed) this.#delays.after(DISPOSAL_MS, () => this.#hints.add(path));
  }

  async #listAll(): Promise<void> {
    try {
      await this.#listAndConclude();
    } finally {
      this.#known.endListing();
    }
  }

  async #listAndConclude(): Promise<void> {
    const identity = await this.#root.read();
    if (this.#stopped || identity === null || identity !== this.#identity) return;
    const began = performance.now();
    this.#hints.startCount();
    this.#known.beginListing();
    const news: ListedFile[] = [];
    const note = async (files: ListedFile[]) => void news.push(...(await this.#arrivals.newsAmong(files)));
    const listing = await this.#root.useOr(undefined, root => this.#folders.list(root, '', note));
    if (this.#stopped || listing === undefined) return;
    this.#refusals.listed(listing.refused);
    this.#files = listing.files;
    this.#listings.lastMs = Math.round(performance.now() - began);
    this.#reportListing(listing);
    if ((await this.#root.read()) === identity) await this.#comparePlace(listing, identity);
    await this.#arrivals.arriveAll(news);
    const isSameRoot = (await this.#root.read()) === identity;
    // rule 9: complete ones
    if (listing.complete && isSameRoot && !this.#stopped) await this.#concludeListing(listing, identity);
    this.#troubles.end('journal');
    this.#lastListingAt = this.#request.clock.now();
  }

  async #comparePlace({ devices, complete }: Listing, root: string): Promise<void> {
    const { dataset, journal } = this.#request;
    const request = { dataset, journal, known: this.#known, signal: this.#abort.signal };
    await comparePlace(request, { root, devices, complete });
  }

  async #concludeListing(listing: Listing, identity: string): Promise<void> {
    this.#settleDoubt(await this.#absences.missedBy(listing.devices, identity));
    if (this.#stopped) return;
    await this.#arrivals.allKnown();
    if (!this.#folders.hasListedAll) await this.#dropLeftovers();
    this.#folders.hasListedAll = true;
  }

  #dropLeftovers(): Promise<void> {
    const { dataset, journal, clock } = this.#request;
    const isSettling = (path: string) => this.#settling.has(path);
    return dropLeftovers({ dataset, journal, clock, rules: this.#rules, isSettling, signal: this.#abort.signal });
  }

  /**
   * A run whose path held something else when it was looked at: the version may be back without any event that tells it
   * from before.
   */
  async #heard(run: Run): Promise<void> {
    const { dataset, journal } = this.#request;
    const isMine = run.dataset === dataset.name && run.root === dataset.watchDir;
    if (!isMine || run.startedAt === null || !(run.state === 'skipped' || run.state === 'cancelled')) return;
    const file = await journal.knownFile(run.dataset, run.file);
    if (this.#stopped || !file?.present || file.version !== null) return;
    this.#hints.add(run.file);
  }

  #queued(path: string, touched: boolean): void {
    this.#known.saw(path, this.#folders.deviceOf(path));
    if (touched) this.#hints.add(path);
  }

  #reportListing(listing: Listing): void {
    const error = listing.errors[0];
    if (error !== undefined) {
      this.#troubles.tell(
        'listing',
        `dataset ${this.#request.dataset.name}: ${error}; give uid ${process.getuid?.()} read access`,
      );
    } else if (this.#troubles.end('listing')) {
      // What could not be read could not be watched either.
      this.#identity = null;
    }
  }

  #journalFailed(error: unknown): void {
    if (this.#stopped) return;
    this.#troubles.tell(
      'journal',
      `dataset ${this.#request.dataset.name}: files can't be written down: ${messageOf(error)}; they are listed again`,
    );
    this.#listings.within(POLLED_LISTING_MS);
  }

  #intervalMs(): number {
    const { listIntervalMs } = this.#request;
    const usual = listIntervalMs ?? (this.#events.mode === 'poll' ? POLLED_LISTING_MS : EVENTS_LISTING_MS);
    return this.#troubles.has('listing') ? Math.min(usual, POLLED_LISTING_MS) : usual;
  }

  get #stopped(): boolean {
    return this.#abort.signal.aborted;
  }
}
