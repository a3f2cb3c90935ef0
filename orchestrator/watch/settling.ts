import { createYielder } from '../async/yielder.ts';
import type { Clock } from '../clock.ts';
import type { Dataset } from '../config/dataset.ts';
import { messageOf } from '../errors.ts';
import type { Folder } from '../files/folder.ts';
import { fileSystemKindOf } from '../files/file-system.ts';
import { lookAtSource, type OpenSource, openSource, openSourceNow, type SourceRules } from '../files/source.ts';
import { UntrustedFile } from '../files/untrusted-file.ts';
import { type FileVersion, versionOf } from '../files/version.ts';
import type { Journal, QueueRequest } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import { type Content, readContent } from './content.ts';
import { hasWriter, hasWriterAt, isLeased, type WriterAnswer } from './open-writers.ts';
import { isGone } from './listing.ts';
import { ownCopyOf, type Seen } from './own-copies.ts';
import { Queue } from './queue.ts';
import type { WatchedRoot } from './root.ts';
import { SettlingComplaints } from './settling-complaints.ts';
import { unsettle } from './unsettle.ts';
import { versionKey } from './version.ts';

export interface SettlingRequest {
  dataset: Dataset;
  journal: Journal;
  logger: Logger;
  clock: Clock;
  root: Pick<WatchedRoot, 'use'>;
  /** The journal has the file in a version. `touched`: something happened to it since it was read. */
  onQueued(path: string, touched: boolean): void;
  /** The file went away while it settled; its run is cancelled. */
  onGone(path: string): Promise<void>;
}

/** A file that was seen and is not complete, as far as one can tell. */
interface Entry {
  path: string;
  /** Once the journal has it. */
  runId: string | null;
  key: string;
  /** When it was last seen to be written to; as all times here by `clock.elapsed()`. */
  changedAt: number;
  dueAt: number;
  testDelayMs: number;
  state: 'waiting' | 'ready' | 'busy';
  /** Written to while it was being read: is to be tested at once. */
  touched: boolean;
}

type Complete = Extract<Content, { state: 'complete' }>;

/** Quiet time where writers can't be seen. */
export const DEFAULT_SETTLE_MS = 2000;
const FIRST_TEST_MS = 3;
const SLOWEST_TEST_MS = 20;
/** Of what can't be read, or the journal can't take. */
const TROUBLE_TEST_MS = 2000;
/** So many files are tested at each turn of the timer (10 µs each): 15,000 open files cost no more than 50. */
const TESTS_A_TURN = 50;
/** Where the machine is busy, each of a file's five calls waits milliseconds for its thread: many at once make up for that. */
const READS_AT_ONCE = 16;
/** Reading these takes a while: some of the reads are kept for smaller ones. */
const LARGE_BYTES = 64n << 20n;
const LARGE_READS_AT_ONCE = 14;
/** Until a large file asks again whether it may be read. */
const LARGE_TEST_MS = 50;

/** Holds files from first sight until they are complete, and queues them then. One timer for all of them. */
export class Settling {
  readonly #request: SettlingRequest;
  /** In the order of their last test. */
  readonly #entries = new Map<string, Entry>();
  readonly #ready = new Queue<Entry>();
  readonly #abort = new AbortController();
  readonly #busy = new Set<Promise<void>>();
  readonly #complaints: SettlingComplaints;
  /** CONCURRENCY 1: runs are strictly one after the other, so files are queued in the order in which their reading began. */
  readonly #strict: boolean;
  readonly #sources: SourceRules;
  readonly #breathe = createYielder();
  #leases = false;
  #reading = 0;
  #readingLarge = 0;
  /** Until everything whose reading began so far is read. */
  #earlier: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(request: SettlingRequest) {
    this.#request = request;
    this.#complaints = new SettlingComplaints(request.dataset, request.logger);
    this.#strict = request.dataset.settings.CONCURRENCY === 1;
    this.#sources = { followLinks: request.dataset.settings.FOLLOW_LINKS };
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What keeps a file from settling though nobody writes to it, such as a missing permission. */
  get trouble(): string | undefined {
    return this.#complaints.first;
  }

  /** Whether writers are to be looked for by leases: the file system is a local one. */
  set leases(leases: boolean) {
    this.#leases = leases;
  }

  has(path: string): boolean {
    return this.#entries.has(path);
  }

  /** A file at first sight, or in a new version. */
  async sight(path: string, version: FileVersion): Promise<void> {
    if (this.#entries.has(path)) return this.touch(path);
    const { dataset, journal, clock } = this.#request;
    const at = clock.elapsed();
    const entry: Entry = {
      path,
      runId: null,
      key: versionKey(version),
      changedAt: at,
      dueAt: at,
      testDelayMs: FIRST_TEST_MS,
      state: 'waiting',
      touched: false,
    };
    this.#entries.set(path, entry);
    try {
      const priority = dataset.settings.PRIORITY;
      const seen = { dataset: dataset.name, file: path, fileVersion: version };
      const run = await journal.settle({ ...seen, root: dataset.watchDir, priority, now: clock.now() });
      entry.runId = run.id;
    } catch (error) {
      // The next listing, or the next hint, finds it again.
      this.#entries.delete(path);
      throw error;
    }
    this.#makeReady(entry);
  }

  /** Something happened to a file that settles: it is tested soon, and often again. */
  touch(path: string): void {
    const entry = this.#entries.get(path);
    if (!entry) return;
    entry.changedAt = this.#request.clock.elapsed();
    entry.testDelayMs = FIRST_TEST_MS;
    entry.touched = true;
    if (entry.state === 'waiting' && entry.runId !== null) this.#wait(entry, FIRST_TEST_MS);
  }

  /** It is not to be taken after all. Its run is cancelled. */
  async drop(path: string, reason: string): Promise<void> {
    const entry = this.#entries.get(path);
    if (!entry) return;
    const { journal, clock } = this.#request;
    if (entry.runId !== null) await unsettle(journal, entry.runId, reason, clock.now());
    if (this.#entries.get(path) === entry) this.#forget(entry);
  }

  /** What settles stays so in the journal, and goes on at the next start. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#cancelTimer?.();
    this.#ready.clear();
    await Promise.all(this.#busy);
    this.#entries.clear();
  }

  #makeReady(entry: Entry): void {
    entry.state = 'ready';
    this.#ready.push(entry);
    this.#pump();
  }

  #pump(): void {
    while (this.#reading < READS_AT_ONCE && !this.#abort.signal.aborted) {
      const entry = this.#ready.shift();
      if (!entry) return;
      if (this.#entries.get(entry.path) === entry) this.#start(entry);
    }
  }

  /** The next file is read while the journal takes this one: it writes all that come in one turn of the event loop at once. */
  #start(entry: Entry): void {
    entry.state = 'busy';
    entry.touched = false;
    this.#reading += 1;
    const content = this.#test(entry).finally(() => {
      this.#reading -= 1;
      this.#pump();
    });
    const earlier = this.#strict ? this.#earlier : undefined;
    if (this.#strict) this.#earlier = Promise.allSettled([earlier, content]).then(() => {});
    const test = Promise.all([content, earlier])
      .then(([complete]) => complete && this.#queue(entry, complete))
      .catch(error => this.#onTestFailed(entry, error))
      .finally(() => this.#busy.delete(test));
    this.#busy.add(test);
  }

  #test(entry: Entry): Promise<Complete | void> {
    return this.#request.root.use(folder => this.#testIn(folder, entry));
  }

  async #testIn(folder: Folder, entry: Entry): Promise<Complete | void> {
    await this.#breathe();
    const marker = this.#request.dataset.settings.READY_MARKER;
    if (marker !== undefined && !(await folder.look(entry.path + marker))) {
      return this.drop(entry.path, 'its READY_MARKER is gone');
    }
    // Most that are tested again and again are still written to: that costs a tenth of opening it as below.
    if (this.#leases && this.#isWrittenNow(folder, entry.path)) return this.#written(entry);
    let source: OpenSource;
    try {
      source = await (this.#leases ? openSourceNow : openSource)(folder, entry.path, this.#sources);
    } catch (error) {
      if (isLeased(error)) return this.#written(entry);
      throw error;
    }
    try {
      return await this.#testOpen(entry, source);
    } finally {
      await source.file.close();
    }
  }

  #isWrittenNow(folder: Folder, path: string): boolean {
    try {
      return hasWriterAt(folder, path) === 'yes';
    } catch (error) {
      if (error instanceof UntrustedFile && error.reason === 'link') return false;
      throw error;
    }
  }

  async #testOpen(entry: Entry, source: OpenSource): Promise<Complete | void> {
    const writer = this.#leases ? hasWriter(source.file.fd) : 'unknown';
    if (writer === 'yes') return this.#written(entry);
    const quietMs = this.#quietMs(entry, writer, source);
    // rule 1: where writers can’t be seen, SETTLE_MS of quiet
    const restMs = quietMs === 0 ? 0 : this.#restMs(entry, source, quietMs);
    if (restMs > 0) return this.#wait(entry, restMs);
    if (source.stats.size < LARGE_BYTES) return this.#read(entry, source);
    if (this.#readingLarge >= LARGE_READS_AT_ONCE) return this.#wait(entry, LARGE_TEST_MS);
    this.#readingLarge += 1;
    return this.#read(entry, source).finally(() => (this.#readingLarge -= 1));
  }

  /** How long it must still be quiet. */
  #restMs(entry: Entry, { stats }: OpenSource, quietMs: number): number {
    const key = versionKey(versionOf(stats));
    const now = this.#request.clock.elapsed();
    if (key !== entry.key) Object.assign(entry, { key, changedAt: now });
    return entry.changedAt + quietMs - now;
  }

  async #read(entry: Entry, source: OpenSource): Promise<Complete | void> {
    const now = async () => {
      const found = await lookAtSource(source.folder, entry.path, this.#sources);
      return found && versionOf(found.stats);
    };
    const content = await readContent({ source, now, leases: this.#leases, signal: this.#abort.signal });
    if (this.#entries.get(entry.path) !== entry) return;
    if (content.state === 'written') return this.#written(entry);
    if (content.state === 'complete') return content;
    entry.changedAt = this.#request.clock.elapsed();
    this.#wait(entry, FIRST_TEST_MS);
  }

  async #queue(entry: Entry, { version, hash }: Complete): Promise<void> {
    const { dataset, journal, clock } = this.#request;
    const look = () => this.#lookAt(entry.path);
    const copy = await ownCopyOf(journal, dataset, { path: entry.path, contentHash: hash, look });
    const request = { runId: entry.runId ?? '', fileVersion: version, contentHash: hash, now: clock.now() };
    if (copy === undefined) await journal.queue(request);
    else await this.#leaveAlone(entry, request, copy);
    this.#forget(entry);
    this.#request.onQueued(entry.path, entry.touched);
  }

  async #lookAt(path: string): Promise<Seen | undefined> {
    const found = await this.#request.root.use(folder => lookAtSource(folder, path, this.#sources));
    return found?.stats;
  }

  async #leaveAlone(entry: Entry, request: QueueRequest, copy: string): Promise<void> {
    const reason = `it is the orchestrator’s own copy of a file that was loaded before, moved to ${copy} and seen here by another way; to load that again, replay its run; if this is a file of its own, touch it, and it is taken`;
    await this.#request.journal.leaveAlone({ ...request, reason });
    this.#complaints.tellOwnCopy(entry.path, reason);
  }

  #quietMs(entry: Entry, writer: WriterAnswer, { file }: OpenSource): number {
    const { SETTLE_MS: settleMs } = this.#request.dataset.settings;
    if (writer === 'no') return settleMs ?? 0;
    const quietMs = settleMs ?? DEFAULT_SETTLE_MS;
    if (this.#leases) this.#complaints.tellNoLease(entry.path, quietMs, fileSystemKindOf(file.fd));
    return quietMs;
  }

  #written(entry: Entry): void {
    entry.changedAt = this.#request.clock.elapsed();
    this.#wait(entry, entry.testDelayMs);
    // rule 1: tested every 3 ms at first, slowing to 20 ms
    entry.testDelayMs = Math.min(SLOWEST_TEST_MS, entry.testDelayMs + 1);
  }

  /** After an error: the file is gone, or out of reach, or the journal has trouble of its own. */
  async #onTestFailed(entry: Entry, error: unknown): Promise<void> {
    if (this.#abort.signal.aborted || this.#entries.get(entry.path) !== entry) return;
    const isRefused = error instanceof UntrustedFile;
    if (!isRefused && !isGone(error)) return this.#complain(entry, error);
    try {
      await this.drop(entry.path, isRefused ? messageOf(error) : 'the file is gone');
      if (!isRefused) await this.#request.onGone(entry.path);
    } catch (journalError) {
      this.#complain(entry, journalError);
    }
  }

  #complain(entry: Entry, error: unknown): void {
    this.#complaints.tell(entry.path, error);
    this.#wait(entry, TROUBLE_TEST_MS);
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry.path);
    this.#complaints.end(entry.path);
  }

  #wait(entry: Entry, delayMs: number): void {
    if (this.#entries.get(entry.path) !== entry) return;
    entry.state = 'waiting';
    entry.dueAt = this.#request.clock.elapsed() + (entry.touched ? Math.min(delayMs, FIRST_TEST_MS) : delayMs);
    // To the end: those tested longest ago come first.
    this.#entries.delete(entry.path);
    this.#entries.set(entry.path, entry);
    this.#setTimer(entry.dueAt);
  }

  #setTimer(at: number): void {
    if (at >= this.#timerAt || this.#abort.signal.aborted) return;
    this.#cancelTimer?.();
    this.#timerAt = at;
    const delayMs = Math.max(FIRST_TEST_MS, at - this.#request.clock.elapsed());
    this.#cancelTimer = this.#request.clock.after(delayMs, () => this.#turn());
  }

  #turn(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#request.clock.elapsed();
    let tests = 0;
    let nextAt = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries.values()) {
      if (entry.state !== 'waiting' || entry.runId === null) continue;
      if (entry.dueAt > now) {
        nextAt = Math.min(nextAt, entry.dueAt);
      } else if (tests < TESTS_A_TURN) {
        tests += 1;
        entry.state = 'ready';
        this.#ready.push(entry);
      } else {
        nextAt = now;
        break;
      }
    }
    this.#pump();
    if (nextAt !== Number.POSITIVE_INFINITY) this.#setTimer(nextAt);
  }
}
