import type { FileVersion } from '../files/version.ts';
import type { Action, Decision, LeftRows, Replaced } from '../../default-etl/contract/contract.ts';

/**
 * settling: a file at first sight, its version filled in on queuing · queued: due at `dueAt`; waits there with the reason in
 * `error` · running: leased by an orchestrator · done: every row accounted for · failed: RETRIES used up, the file stays ·
 * quarantined: can never succeed · cancelled: by a person, or its file is gone · skipped: a newer version took its place, or
 * nothing had changed.
 */
export const RUN_STATES = [
  'settling',
  'queued',
  'running',
  'done',
  'failed',
  'quarantined',
  'cancelled',
  'skipped',
] as const;

export type RunState = (typeof RUN_STATES)[number];

/** States from which no run comes back. */
export const FINAL_STATES: readonly RunState[] = ['done', 'failed', 'quarantined', 'cancelled', 'skipped'];

/** Whether a text has the form of a run's id. */
export function isRunId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** A path as the watcher last saw it. */
export interface KnownFile {
  path: string;
  present: boolean;
  version: FileVersion | null;
  /**
   * It may be missing only because its folder is not the one in which it was seen: the folder that was replaced,
   * unmounted or mounted over, relative to WATCH_DIR ('' is WATCH_DIR); else null.
   */
  doubted: string | null;
}

/** Which of the known files; all of them unless told. */
export interface KnownFilesPage {
  present?: true;
  /** Those below a folder, relative to WATCH_DIR. */
  below?: string;
  /** Those behind this path. */
  after?: string;
  /** 1,000 unless told. */
  limit?: number;
}

/** What a dataset's WATCH_DIR was when it was listed. */
export interface WatchedPlace {
  /** Device and inode of WATCH_DIR. */
  root: string;
  /** Folders below it that are on another device than the one above them, by relative path, and that device. */
  mounts: Record<string, number>;
}

export interface Rows {
  read: number;
  loaded: number;
  rejected: number;
  filtered: number;
  deleted: number;
}

/** One run: one version of one path, from first sight to its end. Times are milliseconds since 1970-01-01 UTC. */
export interface Run {
  /** UUIDv7: sorts by time of creation. */
  id: string;
  dataset: string;
  /** Relative to `root`, with `/`. */
  file: string;
  /** Absolute: WATCH_DIR, or the folder of a file run from elsewhere. */
  root: string;
  /** Absolute: where the file lies, where it is not at its path: in the backup. Else null. */
  readFrom: string | null;
  state: RunState;
  action: Action;
  priority: number;
  /** VERSION of its documents; null while settling. */
  version: number | null;
  fileVersion: FileVersion | null;
  /** SHA-256, hexadecimal; empty for `delete`. */
  contentHash: string | null;
  fileKey: string | null;
  index: string | null;
  /** Attempts started so far. */
  attempt: number;
  /** Attempts that count against RETRIES. */
  retriesUsed: number;
  /** Consecutive waits (target, engine, image away), for their backoff. */
  waits: number;
  seenAt: number;
  queuedAt: number | null;
  dueAt: number | null;
  startedAt: number | null;
  endedAt: number | null;
  rows: Rows | null;
  /** Of the rejected rows, those that mends loaded since. */
  rowsMended: number;
  /** Of a run that is done: beside the rows of how many former files of its path its own stand (ON_CHANGE: append). */
  beside: number;
  /** Of a run that is done: what people should look at all the same, as sentences. Mostly empty. */
  toCheck: string[];
  /** Values that are in the documents and not in their fields, so that no search finds them; `toCheck` says which. */
  valuesLeftOut: number;
  /** While running. */
  progress: { rows: number; bytes: number | null; totalBytes: number | null } | null;
  error: string | null;
  runner: string | null;
  handle: string | null;
  /** The first run of its batch with RUN_PER: folder, else null. */
  batch: string | null;
  replayOf: string | null;
  /** VERSION of the run of the file as it came, where this one runs it again; null where it is that run itself. */
  delivered: number | null;
  cancelRequested: boolean;
  /** `mend` only: absolute path of the NDJSON with the mended records. */
  mendFile: string | null;
  leaseHolder: string | null;
}

/** One start of a run, for its history. */
export interface Attempt {
  runId: string;
  attempt: number;
  runner: string | null;
  handle: string | null;
  startedAt: number;
  endedAt: number | null;
  exitCode: number | null;
  /** What became of it: `done`, `retry`, `wait`, `adopted`… and why. */
  outcome: string | null;
  error: string | null;
}

export interface SettleRequest {
  dataset: string;
  file: string;
  root: string;
  priority: number;
  now: number;
}

/** A file that was seen. */
export interface SightRequest extends SettleRequest {
  /** As it was then; undefined where that is not known. */
  fileVersion?: FileVersion;
}

export interface QueueRequest {
  runId: string;
  fileVersion: FileVersion;
  contentHash: string;
  now: number;
}

export interface DatasetSlots {
  dataset: string;
  /** How many more of its runs may start now; at least 1. */
  free: number;
  /** CONCURRENCY 1: a run that waits holds back those behind it. */
  strict: boolean;
  order: 'arrival' | 'name' | 'mtime';
  /** RUN_PER: folder: everything due is claimed at once, as one batch. */
  perFolder: boolean;
  /** LOAD.overwrite: one run (or batch) of the dataset at a time, whatever `free` says. */
  exclusive?: boolean;
  /** Attempts of it that go on; 0 where left out. Of equal priority the dataset with the fewest is next. */
  running?: number;
  /** When one of its runs was started last; 0 for never. Of equally many that go on, the longest ago is next. */
  lastStartAt?: number;
}

/** A holder is one orchestrator process, by its id. */
export interface LeaseRequest {
  holder: string;
  leaseMs: number;
  now: number;
}

/**
 * The attempt of a running run, and whose it is: a run as claim(), or takeOver(), gave it. It belongs to its holder
 * until another one takes it over. Calls that are made for it throw an OrchestratorError: `never` where that has
 * happened, `bug` where the attempt has ended otherwise; and change nothing.
 */
export type Lease = Pick<Run, 'id' | 'attempt' | 'leaseHolder'>;

export interface ClaimRequest extends LeaseRequest {
  slots: DatasetSlots[];
  /** At most this many claims (a batch is one). */
  limit: number;
}

export interface LedgerRequest {
  fileKey: string;
  /** ON_CHANGE: append: the key is of the content too, and its rows stay once the file of a `done` run was disposed of. */
  append: boolean;
  /** LOAD.id as JSON; '' where there is none. */
  ids?: string;
  /** LOAD.overwrite: the index is built anew by a run, and with RUN_PER: folder by all runs of a batch together. */
  rebuilds: boolean;
  /** Index for a key first seen then (date_suffix). */
  indexFor(firstSeenAt: number): string;
}

/** What the target may hold of a path, before an attempt starts. */
export interface LedgerEntry {
  index: string;
  fileRows: number;
  firstSeenAt: number;
  /** Since when the journal has known the dataset. */
  knownSince: number;
  /**
   * What `replaces` names, and of FILE_KEY what this run does not load, goes once a row is loaded. Not where it mends
   * rows of a version that is loaded.
   */
  replacesFormer: boolean;
  replaces: Replaced[];
  /**
   * `mend` only: VERSION of the run that read the file, and the newest of those that were read with it (RUN_PER:
   * folder). null where that was pruned.
   */
  mended: { version: number; newest: number } | null;
  /**
   * LOAD.id by which rows of this key were loaded, where it is another by now: those rows can't be told from others,
   * and stay. Else null.
   */
  formerIds?: string | null;
}

/** Former files of a path whose rows stay beside a run's: how many rows they have, and their sketch. The newest first. */
export type Deliveries = Array<{ rows: number; sketch: Buffer }>;

/** How a dataset's rows are loaded. */
export interface Loads {
  dataset: string;
  /** JSON, as whoever wrote it wants to compare it; null: never written. */
  loads: string | null;
  /** For people: what became of rows that were loaded otherwise; null where there is nothing to be said. */
  notice: string | null;
}

/** How many rows of a dataset are in an index, loaded by the same LOAD.id (as LedgerRequest has it; null: not known). */
export interface RowsUnder {
  index: string;
  ids: string | null;
  /** Files, each version of a path that stands beside others counted. */
  files: number;
  paths: number;
  /** At most: the highest numbers that may have been sent. */
  rows: number;
}

/** Rows in the target, by their ids: up to this number. */
export interface HeldKey {
  fileKey: string;
  index: string;
  rows: number;
}

/** A file of which there may be rows in the target. */
export interface LoadedKey {
  file: string;
  index: string;
  /** It was disposed of. */
  kept: boolean;
  /** Absolute: its backup. */
  stored: string | null;
  contentHash: string | null;
  /** 0 where its rows are gone. */
  rows: number;
}

/** Again later, or given up. */
export type Retry =
  | { to: 'queued'; dueAt: number; counts: boolean; error: string }
  | { to: 'failed'; rows: Rows | null; error: string };

/** A file as it was found for a replay. */
export interface FoundFile {
  fileVersion: FileVersion;
  contentHash: string;
  /** As of a run: null where the file is at its path. */
  readFrom: string | null;
}

export interface StoredRequest extends SettleRequest, FoundFile {
  /** Of the latest run that loaded the path, when it was decided what to load; null where there was none. */
  newestId: string | null;
}

/** Of the files of a path that were moved, so many are known by their runs: the newest. */
export const MOST_STORED = 100;

/** Where a file of a path was moved to, once its run had ended. */
export interface StoredFile {
  kind: 'backup' | 'quarantine';
  /** Absolute. */
  place: string;
  contentHash: string;
  /** As it was when it was moved; null where that run was pruned. */
  fileVersion: FileVersion | null;
  /** The run after which it was moved; null where it was pruned. */
  runId: string | null;
}

/** What may be told of a run that is done. */
export interface Told {
  toCheck?: readonly string[];
  valuesLeftOut?: number;
  /** Rows of these keys could not all be taken out, and stay known. */
  left?: readonly LeftRows[];
  /** LOAD.id, as LedgerRequest has it. */
  ids?: string;
  /** Of its rows. */
  sketch?: Uint8Array | null;
}

/** How an attempt is closed. `error` is for people and null only where nothing is to be said. */
export type Finish =
  | ({ to: 'done'; rows: Rows; error: string | null } & Told)
  /** `lookAgain`: its path held something else, or nothing, and may hold this version again: the watcher is to take it then. */
  | {
      to: 'failed' | 'quarantined' | 'cancelled' | 'skipped';
      rows: Rows | null;
      error: string;
      lookAgain?: boolean;
    }
  /** Again at `dueAt`; `counts`: uses up one of RETRIES. */
  | { to: 'queued'; dueAt: number; counts: boolean; error: string }
  /**
   * The index holds a newer version: skipped if the journal holds one of the path, else VERSION is raised above it and
   * the run is queued at once; `repeated`: from the second time on, then.
   */
  | { to: 'superseded'; indexVersion: number; repeated: Retry };

export type DisposalKind = 'backup' | 'remove' | 'quarantine';

/** A file to be moved or removed, written down before it is touched. */
export interface Disposal {
  runId: string;
  kind: DisposalKind;
  /** Absolute. */
  source: string;
  /** Absolute name it is renamed to first, in the same folder, hidden. */
  hidden: string;
  /** Absolute; null for `remove`. */
  target: string | null;
  fileVersion: FileVersion;
  /** The READY_MARKER beside it, absolute, or null. */
  marker: string | null;
  state: 'intended' | 'disposed' | 'put-back' | 'abandoned';
  error: string | null;
}

/** A path of a dataset that has runs. */
export interface FoundPath {
  dataset: string;
  file: string;
  runId: string | null;
}

export interface RunFilter {
  dataset?: string;
  states?: RunState[];
  /** Only those that have something to check; they are `done`. */
  toCheck?: boolean;
  /** The whole path; with `dataset` alone. */
  path?: string;
  /** A part of the path; case does not matter. */
  file?: string;
  /** At most 1,000; 100 unless told. */
  limit?: number;
  cursor?: string;
}

export interface AttentionFilter {
  dataset?: string;
  /** The whole path; with `dataset` alone. */
  path?: string;
  /**
   * Of attention(): those that failed or were quarantined, or those with something to check: done, or left alone
   * (`cancelled`); both unless told.
   */
  kind?: 'failed' | 'to-check';
  /** At most 1,000; 100 unless told. */
  limit?: number;
  cursor?: string;
}

/** What runs of a dataset wait for. */
export interface WaitReason {
  dataset: string;
  reason: string;
}

export interface RunPage {
  /** Newest first. */
  items: Run[];
  nextCursor: string | null;
}

export interface DatasetSummary {
  dataset: string;
  paused: boolean;
  counts: Record<RunState, number>;
  rowsLoaded: number;
  rowsRejected: number;
  /** Of the rejected ones, those that mends loaded since; they are among the loaded ones. */
  rowsMended: number;
  /** Taken out by steps. */
  rowsFiltered: number;
  /** Failed and quarantined runs that attention() gives. */
  runsFailed: number;
  /** Runs with something to check that attention() gives. */
  runsToCheck: number;
  /** Rows of its files that the target holds by now, as far as the ends of their runs say. */
  rowsThere: number;
  /** Of those files, rows that were rejected and not mended since. */
  rowsToMend: number;
  /** Values that are in documents and not in their fields, of all its runs. */
  valuesLeftOut: number;
  lastEndedAt: number | null;
  /** Of rows that were loaded by former settings: what became of them, and what to do; else null. */
  loadsNotice: string | null;
}

/** A place in the order in which runs were changed: behind this change of this run. */
export interface ChangePlace {
  changed: number;
  /** Of the run, in the order of creation. */
  seq: number;
}

/** Some of the changes behind a place. */
export interface EndedPage {
  /** Those that have ended, in the order of their ends: a run is in one page only, also where its rows were mended since. */
  runs: Run[];
  next: ChangePlace;
  /** Nothing was behind it. */
  isLast: boolean;
}

export interface PruneRequest {
  /** Runs that ended before this are forgotten, but for each path's latest version. */
  endedBefore: number;
  /** Ends it between two steps. */
  signal?: AbortSignal | undefined;
}

/**
 * The only memory. Each call is one transaction. Constraints: per dataset and path at most one `running` run and at most
 * one `settling` or `queued` one. Calls that name a run in a state that doesn't allow them throw an OrchestratorError of kind
 * `bug`, and change nothing.
 */
export interface Journal {
  // watch
  /**
   * Paths ever seen of a dataset that are not forgotten, in the order of their bytes: a page. There may be millions, so
   * nobody reads them all at once.
   */
  knownFiles(dataset: string, page?: KnownFilesPage): Promise<KnownFile[]>;
  /** What is known of each of these paths; some hundreds at a time. */
  knownAt(dataset: string, files: readonly string[]): Promise<Array<KnownFile | undefined>>;
  knownFile(dataset: string, file: string): Promise<KnownFile | undefined>;
  /**
   * When the dataset was first watched (now, if it never was), until existingKnown() says that all files that were
   * there then are known; then null.
   */
  firstWatch(dataset: string, now: number): Promise<number | null>;
  existingKnown(dataset: string): Promise<void>;
  /**
   * A file at first sight, or one that changed: its `settling` run, made if there is none. A `queued` run of the path
   * becomes `skipped`. Idempotent. Of a version that is known by now (put back for its replay, or run by hand) the
   * latest run, whatever its state: it is for queue() all the same.
   */
  settle(request: SightRequest): Promise<Run>;
  /**
   * The settling file is complete: `queued` with a new VERSION, action `add` or `change`; or `skipped` where the
   * content equals that of the immediately preceding version, which is `done`, and the path was not absent in between.
   * A run that is no longer settling (another process cancelled or submitted it meanwhile) is no error: the version
   * becomes known, and the run that stands for it is returned.
   */
  queue(request: QueueRequest): Promise<Run>;
  /** The settling file is gone (absent() says so of its path), or no longer matched: `cancelled`. Idempotent. */
  unsettle(runId: string, reason: string, now: number): Promise<void>;
  /**
   * The settling file is complete and is not to be taken, as `reason` says: `cancelled`, and something to look after.
   * The version becomes known in any case.
   */
  leaveAlone(request: QueueRequest & { reason: string }): Promise<void>;
  /** Known without a run: EXISTING: ignore. */
  ignore(dataset: string, file: string, fileVersion: FileVersion): Promise<void>;
  /**
   * These paths, some hundreds at most, are no longer there: all of that is written, or nothing. Where `remove`, and
   * the target may hold rows of one, a run with action `delete` is queued; these are returned.
   */
  absent(requests: ReadonlyArray<SettleRequest & { remove: boolean }>): Promise<Run[]>;
  /** What WATCH_DIR was when it was last listed; null before. */
  place(dataset: string): Promise<WatchedPlace | null>;
  /**
   * WATCH_DIR is `now`, and these folders of it are others than they were: the files that were present below them are
   * doubted until they are trusted, absent, or there in another version. In steps, and WATCH_DIR is what it was before
   * until the last of them: `signal` ends it there, and it is to be called again.
   */
  recordPlace(dataset: string, now: WatchedPlace, folders: readonly string[], signal?: AbortSignal): Promise<void>;
  /** Folders because of which files are doubted. */
  suspects(dataset: string): Promise<string[]>;
  /** No file is doubted any more because of this folder (null: any). In steps. Resolves with how many were. */
  clearSuspects(dataset: string, folder: string | null): Promise<number>;

  // schedule
  /**
   * Leases what is due: highest priority first, then by the dataset's order. Never two runs of one path, nor of a
   * paused dataset. Each claimed run is `running`, its attempt counted and recorded. An inner list is one batch. It is
   * on disk once a later call about one of them is.
   */
  claim(request: ClaimRequest): Promise<Run[][]>;
  /**
   * After the clock was set back: runs that were given back to the queue later than `now` are due now. Resolves with
   * how many.
   */
  hasten(now: number): Promise<number>;
  /** When the next queued run is due that is not yet due at `now`, or null. */
  nextDueAt(now: number): Promise<number | null>;
  /** Resolves key, index and what is to be replaced; remembers them. Idempotent. */
  ledger(lease: Lease, request: LedgerRequest): Promise<LedgerEntry>;
  started(lease: Lease, runner: string, handle: string): Promise<void>;
  progress(lease: Lease, progress: NonNullable<Run['progress']>): Promise<void>;
  /** How the file is read, as the attempt said; the last call counts. */
  decided(lease: Lease, decisions: readonly Decision[]): Promise<void>;
  /** The attempt may have sent rows up to this number: the ledger keeps the maximum per index and FILE_KEY. */
  reserve(lease: Lease, rows: number): Promise<void>;
  /** Closes the running attempt. `done` sets the ledger's rows to rows read, and forgets what was replaced. */
  finish(lease: Lease, finish: Finish, now: number, exitCode?: number | null): Promise<Run>;
  /** The leases of a holder end `leaseMs` from now: earlier than before, where the clock was set back. */
  heartbeat(request: LeaseRequest): Promise<void>;
  /**
   * All holders but this one are dead, as who holds the lock of a journal that is one file knows: their leases have
   * ended, whatever the clock says.
   */
  endOtherLeases(holder: string): Promise<void>;
  /**
   * Running runs of other holders whose lease has ended are this holder's from now on, the first created first. Of two
   * holders that ask at once one has them.
   */
  takeOver(request: LeaseRequest): Promise<Run[]>;
  /** The attempt of a run that was taken over was found to go on. */
  adopt(lease: Lease): Promise<void>;

  // people
  /**
   * A settling or queued run is `cancelled` at once; of a running one `cancelRequested` is set. Refused (`never`) once
   * it has ended.
   */
  cancel(runId: string, now: number): Promise<Run>;
  /** Running runs that are to be stopped. */
  cancelRequests(holder: string): Promise<Run[]>;
  /**
   * A new queued run of the same path with `replayOf` and a new VERSION; null where the path has a settling, queued or
   * running one. `found`: what it is to read, where that is known; else the version of the run, at its path. A file at
   * its path becomes known in that version.
   */
  replay(runId: string, now: number, found?: FoundFile): Promise<Run | null>;
  /**
   * A new queued run with action `mend`, whose `replayOf` is the run that read the file, even where `runId` is a mend
   * of it. Refused (OrchestratorError `never`) unless that one is done, or all its rows were rejected, and once the
   * path has a newer version.
   */
  mend(runId: string, mendFile: string, now: number): Promise<Run>;
  /** A run of a file without watching: as settle() and queue() in one, never skipped for equal content. */
  submit(request: SettleRequest & Omit<QueueRequest, 'runId'>): Promise<Run>;
  /**
   * A run, made by hand, of a file that was stored; null as with replay(), and where another run of the path has loaded
   * it since.
   */
  submitStored(request: StoredRequest): Promise<Run | null>;
  pause(dataset: string, paused: boolean): Promise<void>;

  // disposal
  intend(disposal: Omit<Disposal, 'state' | 'error'>): Promise<void>;
  /** Intents not yet carried out, oldest first. */
  intents(): Promise<Disposal[]>;
  /**
   * `disposed` marks the path absent without a deletion, and an `append` key as one whose rows stay. `intended`: it can't be done
   * now, as `error` says, and stays to be done. `target`: where the file is, if not where it was meant to be.
   */
  closeDisposal(runId: string, state: Disposal['state'], error: string | null, target?: string | null): Promise<void>;
  /** From where to where (absolute paths) files of this path with this content (SHA-256) were moved by us, or are being moved. */
  moves(dataset: string, file: string, contentHash: string): Promise<Array<{ source: string; target: string }>>;
  /** Where files of a path were moved to, newest first: at most MOST_STORED, and those whose rows are in the target. */
  stored(dataset: string, file: string): Promise<StoredFile[]>;
  /** The run of a dataset's path that is under way: the settling or queued one, else the running one; or undefined. */
  openRun(dataset: string, file: string): Promise<Run | undefined>;
  /** Latest run that read, or was to read, a dataset's file at its path, or was of its deletion; or undefined. */
  latestVersion(dataset: string, file: string): Promise<Run | undefined>;
  /** Latest run that loaded a dataset's file, or undefined. */
  latestDone(dataset: string, file: string): Promise<Run | undefined>;
  /** Latest run of a dataset's path that has a version, or undefined. */
  latest(dataset: string, file: string): Promise<Run | undefined>;

  // deliveries
  /** What the rows of a running run are to be compared with. */
  deliveries(runId: string): Promise<Deliveries>;
  /** Of every dataset that the journal knows. */
  loads(): Promise<Loads[]>;
  setLoads(loads: Loads): Promise<void>;
  rowsUnder(dataset: string): Promise<RowsUnder[]>;
  /** In pages: those of the next paths after this one ('' to begin with), all of a path in one page; empty at the end. */
  loadedKeys(dataset: string, after: string): Promise<LoadedKey[]>;
  /**
   * What `from` has loaded counts as loaded by `to`, under the same paths: there it is replaced, or kept. Resolves with
   * how many files it was.
   */
  carryOver(from: string, to: string): Promise<number>;

  // reading
  run(id: string): Promise<Run | undefined>;
  runs(filter: RunFilter): Promise<RunPage>;
  attempts(runId: string): Promise<Attempt[]>;
  /** What was decided about how the run's file is read; empty where nothing was said. */
  decisions(runId: string): Promise<Decision[]>;
  /** What ran the newest run of a dataset that was ever started, or of all of them (null); null where there is none. */
  lastRunner(dataset: string | null): Promise<string | null>;
  /** The run that read the file, to whose rejects a mend adds; the run itself where that was pruned, or it is no mend. */
  origin(run: Run): Promise<Run>;
  /** The mends of a run, and their replays, oldest first. */
  mends(runId: string): Promise<Run[]>;
  summaries(): Promise<DatasetSummary[]>;

  /**
   * What an absolute path is known as: a file that was watched or run there, or one that was moved there since (backup,
   * quarantine). Of the latter `runId` is the run whose file it is.
   */
  pathsAt(absolute: string): Promise<FoundPath[]>;
  /** Paths that are this name, or end with it behind a `/`: at most so many, those with the newest runs first. */
  pathsNamed(name: string, most: number): Promise<FoundPath[]>;
  /** What became of a run's file, last first. */
  disposals(runId: string): Promise<Disposal[]>;

  // forgetting a dataset that is not configured any more
  /** Some of the keys of which the target may hold rows under ids of theirs; empty once all are said to be gone. */
  heldKeys(dataset: string): Promise<HeldKey[]>;
  rowsGone(fileKey: string, index: string): Promise<void>;
  /** A VERSION above all that the dataset's documents have. */
  nextVersion(dataset: string, now: number): Promise<number>;
  /** Refused (OrchestratorError `never`) while a run of it goes on, or a file of it is still to be moved. */
  assertForgettable(dataset: string): Promise<void>;
  /**
   * Nothing of it is known any more. Resolves with the ids of its runs, whose files may go. Refused as
   * assertForgettable() is.
   */
  forget(dataset: string): Promise<string[]>;

  // to look after
  /**
   * Runs that failed, were quarantined, or are done with something to check, unless a later run took their place, all
   * their rows were mended, or they were acknowledged.
   */
  attention(filter: AttentionFilter): Promise<RunPage>;
  /** Queued runs that say what they wait for, unless that is another run of their file, or they were acknowledged. */
  waiting(filter: AttentionFilter): Promise<RunPage>;
  /** Of each dataset that has one, the reason that the first of its queued runs gives which give any. */
  waitReasons(): Promise<WaitReason[]>;
  /**
   * attention(), or waiting(), gives the run no longer, until it ends otherwise than it is now. Idempotent. Refused
   * (`never`) where there is nothing to look after.
   */
  acknowledge(runId: string, now: number): Promise<void>;
  /** The same of all runs of a dataset. Resolves with how many there were. */
  acknowledgeAll(dataset: string, now: number): Promise<number>;

  // changes
  /** Calls back after each change of a run made through this object, and of others' within a second. Returns how to end it. */
  onChange(listener: (run: Run) => void): () => void;

  // telling others
  /** Looks at so many changes of runs behind a place at most. What was pruned is not told any more. */
  endedBehind(place: ChangePlace, most: number): Promise<EndedPage>;
  /** Up to where a reader has told others; the beginning, where it never did. */
  toldTo(reader: string): Promise<ChangePlace>;
  setTold(reader: string, place: ChangePlace): Promise<void>;

  // housekeeping
  /**
   * Prepares what runs() needs to find parts of paths quickly, where many runs came since, in steps. They are found
   * before, too.
   */
  indexNames(signal?: AbortSignal): Promise<void>;
  /** Ids of the runs that were forgotten, whose files may go. Keeps each path's latest version, ledger and first SEEN_AT. */
  prune(request: PruneRequest): Promise<string[]>;
  close(): Promise<void>;
}

/**
 * Device and inode of the folder that a run's file was found in, as it was last listed; null where that isn't known, as
 * of a file from elsewhere, or of a dataset that watches another folder by now.
 */
export async function knownRoot(
  { dataset, root }: Pick<Run, 'dataset' | 'root'>,
  journal: Pick<Journal, 'place'>,
  configured: { watchDir: string } | undefined,
): Promise<string | null> {
  if (configured?.watchDir !== root) return null;
  return (await journal.place(dataset))?.root ?? null;
}
