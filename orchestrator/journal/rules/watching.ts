import { randomUUIDv7 } from 'node:crypto';
import { type FileVersion, isSameFile, isSameVersion } from '../../files/version.ts';
import { noteLeftAlone } from './attention.ts';
import type { QueueRequest, Run, SettleRequest, SightRequest } from '../journal.ts';
import {
  absolutePath,
  allocateVersion,
  bug,
  endWaiting,
  ensureDataset,
  latestRun,
  latestVersion,
  newRunColumns,
  reasonToWait,
  requireRun,
  runningRun,
  waitingRun,
} from './paths.ts';
import { runVersionColumns, toFileVersion, type VersionColumns, versionColumns } from './run-row.ts';
import type { Store } from '../sqlite/store.ts';

interface FileRow extends VersionColumns {
  path: string;
  root: string;
  present: number;
  arriving: number;
}

const FILE_COLUMNS = 'path, root, present, arriving, size_bytes, token';

export function firstWatch(store: Store, dataset: string, now: number): number | null {
  ensureDataset(store, dataset);
  store.execute(
    'UPDATE datasets SET first_watched_at = $now, existing_at = $now WHERE name = $dataset AND first_watched_at IS NULL',
    { dataset, now },
  );
  const sql = 'SELECT existing_at FROM datasets WHERE name = $dataset';
  return store.get<{ existing_at: number | null }>(sql, { dataset })?.existing_at ?? null;
}

export function existingKnown(store: Store, dataset: string): void {
  store.execute('UPDATE datasets SET existing_at = NULL WHERE name = $dataset', { dataset });
}

export function settle(store: Store, request: SightRequest): Run {
  const { dataset, file, root, now, fileVersion = null } = request;
  ensureDataset(store, dataset);
  const known = markPresent(store, dataset, file, root);
  const waiting = waitingRun(store, dataset, file);
  if (waiting?.state === 'settling') return waiting;
  const isKnown = known.arriving === 0 && isSameVersion(toFileVersion(known), fileVersion);
  const latest = isKnown ? latestRun(store, dataset, file) : undefined;
  if (latest !== undefined) return latest;
  if (waiting !== undefined) endWaiting(store, waiting, 'skipped', 'a newer version of the file is arriving', now);
  return store.insertRun({
    ...newRunColumns(randomUUIDv7(), request),
    state: 'settling',
    action: 'add',
    error: reasonToWait(store, dataset, file),
  });
}

export function queue(store: Store, request: QueueRequest): Run {
  const run = requireRun(store, request.runId);
  if (run.state !== 'settling') return queueAnew(store, run, request);
  const { dataset, file } = run;
  const arrival = isArrival(store, run, request.fileVersion);
  const previous = latestVersion(store, dataset, file);
  rememberVersion(store, run, request.fileVersion);
  const isUnchanged = !arrival && previous?.state === 'done' && previous.contentHash === request.contentHash;
  if (isUnchanged) return skipUnchanged(store, run, previous, request);
  return store.updateRun(
    run.id,
    `state = 'queued', action = $action, version = $version, size_bytes = $size_bytes, mtime_ns = $mtime_ns, token = $token,
     content_hash = $hash, queued_at = $now, due_at = $now, ready = 1, error = $error`,
    {
      action: arrival ? 'add' : 'change',
      version: allocateVersion(store, dataset, request.now),
      ...runVersionColumns(request.fileVersion),
      hash: request.contentHash,
      now: request.now,
      error: reasonToWait(store, dataset, file),
    },
  );
}

/**
 * The settling run was ended by another process while the watcher waited for its file. Cancelled by a person: this version is
 * not wanted. Else, unless a run has this very version, the file is taken as one seen just now.
 */
function queueAnew(store: Store, run: Run, request: QueueRequest): Run {
  if (run.state === 'cancelled' || isSameVersion(run.fileVersion, request.fileVersion)) {
    rememberVersion(store, run, request.fileVersion);
    return run;
  }
  const latest = latestRun(store, run.dataset, run.file);
  if (latest !== undefined && isSameVersion(latest.fileVersion, request.fileVersion)) {
    rememberVersion(store, run, request.fileVersion);
    return latest;
  }
  const { dataset, file, root, priority } = run;
  const settling = settle(store, { dataset, file, root, priority, now: request.now });
  return queue(store, { ...request, runId: settling.id });
}

function skipUnchanged(store: Store, run: Run, previous: Run, request: QueueRequest): Run {
  return store.updateRun(
    run.id,
    `state = 'skipped', action = 'change', size_bytes = $size_bytes, mtime_ns = $mtime_ns, token = $token,
     content_hash = $hash, ended_at = $now, error = $error`,
    {
      ...runVersionColumns(request.fileVersion),
      hash: request.contentHash,
      now: request.now,
      error: `unchanged: the content is that of run ${previous.id}, which is done`,
    },
  );
}

export function unsettle(store: Store, runId: string, reason: string, now: number): void {
  const run = requireRun(store, runId);
  if (run.endedAt !== null) return;
  if (run.state !== 'settling') throw bug(run, 'only a settling run can be given up');
  endWaiting(store, run, 'cancelled', reason, now);
}

/** A run that was ended by another process, or by a person, stays as it is. */
export function leaveAlone(store: Store, request: QueueRequest & { reason: string }): void {
  const { runId, fileVersion, contentHash, reason, now } = request;
  const run = requireRun(store, runId);
  ignore(store, run.dataset, run.file, fileVersion);
  if (run.state !== 'settling') return;
  const set = `state = 'cancelled', content_hash = $contentHash, error = $reason, ended_at = $now`;
  noteLeftAlone(store, store.updateRun(runId, set, { contentHash, reason, now }));
}

/** Where it lies is not said: nothing was loaded from it, so its disposal by another dataset needs no care. */
export function ignore(store: Store, dataset: string, path: string, version: FileVersion): void {
  ensureDataset(store, dataset);
  store.execute(
    `INSERT INTO files (dataset, path, root, absolute, present, arriving, size_bytes, token)
     VALUES ($dataset, $path, '', '', 1, 0, $size_bytes, $token)
     ON CONFLICT DO UPDATE SET present = 1, arriving = 0, size_bytes = $size_bytes, token = $token`,
    { dataset, path, ...versionColumns(version) },
  );
}

export function absent(store: Store, request: SettleRequest & { remove: boolean }): Run | undefined {
  const { dataset, file, root, remove, now } = request;
  const known = fileRow(store, dataset, file);
  if (known === undefined || known.present === 0 || isBeingDisposed(store, absolutePath(root, file))) return undefined;
  store.execute('UPDATE files SET present = 0, arriving = 1 WHERE dataset = $dataset AND path = $file', {
    dataset,
    file,
  });
  const waiting = waitingRun(store, dataset, file);
  if (waiting !== undefined && readsAt(waiting, root)) {
    endWaiting(store, waiting, 'cancelled', 'the file is gone', now);
  }
  return remove ? queueDelete(store, request) : undefined;
}

/** Whether it waits for the very file at its path. */
function readsAt(waiting: Run, root: string): boolean {
  return !isForeign(waiting, root) && waiting.action !== 'mend' && waiting.readFrom === null;
}

/** Of a file run from elsewhere, which the watcher has nothing to say about. */
function isForeign(run: Run, root: string): boolean {
  return run.root !== root;
}

function queueDelete(store: Store, request: SettleRequest): Run | undefined {
  const { dataset, file, root, now } = request;
  if (!mayHoldRows(store, dataset, file)) return undefined;
  const waiting = waitingRun(store, dataset, file);
  if (waiting !== undefined && isForeign(waiting, root)) return undefined;
  if (waiting !== undefined) endWaiting(store, waiting, 'skipped', 'the file is gone, its rows are being removed', now);
  return store.insertRun({
    ...newRunColumns(randomUUIDv7(), request),
    state: 'queued',
    action: 'delete',
    version: allocateVersion(store, dataset, now),
    content_hash: '',
    queued_at: now,
    due_at: now,
    ready: 1,
    error: reasonToWait(store, dataset, file),
  });
}

function mayHoldRows(store: Store, dataset: string, file: string): boolean {
  if (runningRun(store, dataset, file) !== undefined) return true;
  const sql = 'SELECT 1 FROM ledger WHERE dataset = $dataset AND path = $file AND rows > 0 AND kept = 0 LIMIT 1';
  return store.get(sql, { dataset, file }) !== undefined;
}

/** First sight of a path, or of one that was absent; what it is known as, which is returned, does not change. */
function markPresent(store: Store, dataset: string, path: string, root: string): FileRow {
  const [row] = store.all<FileRow>(
    `INSERT INTO files (dataset, path, root, absolute, present, arriving) VALUES ($dataset, $path, $root, $absolute, 1, 1)
     ON CONFLICT DO UPDATE SET present = 1, root = $root, absolute = $absolute RETURNING ${FILE_COLUMNS}`,
    { dataset, path, root, absolute: absolutePath(root, path) },
  );
  return row as FileRow;
}

/** The watcher need not look at this version again. A path known under another root is left alone. */
export function rememberVersion(
  store: Store,
  path: Pick<Run, 'dataset' | 'file' | 'root'>,
  version: FileVersion | null,
): void {
  store.execute(
    `UPDATE files SET present = 1, arriving = 0, size_bytes = $size_bytes, token = $token
     WHERE dataset = $dataset AND path = $file AND root = $root`,
    { dataset: path.dataset, file: path.file, root: path.root, ...versionColumns(version) },
  );
}

/** The next look at the path takes this version for a new one; a newer one stays known. */
export function forgetVersion(store: Store, run: Run): void {
  store.execute(
    `UPDATE files SET size_bytes = NULL, token = NULL
     WHERE dataset = $dataset AND path = $file AND size_bytes = $size_bytes AND token = $token`,
    { dataset: run.dataset, file: run.file, ...versionColumns(run.fileVersion) },
  );
}

/** Never here before, or absent since; a file that took the name of one just being moved away by us has come anew, too. */
function isArrival(store: Store, run: Run, version: FileVersion): boolean {
  if (fileRow(store, run.dataset, run.file)?.arriving !== 0) return true;
  const sql = `SELECT size_bytes AS sizeBytes, token FROM disposals WHERE source = $source AND state = 'intended'`;
  const moving = store.all<FileVersion>(sql, { source: absolutePath(run.root, run.file) });
  return moving.some(one => !isSameFile(one, version));
}

function isBeingDisposed(store: Store, source: string): boolean {
  const sql = `SELECT 1 FROM disposals WHERE source = $source AND state = 'intended' LIMIT 1`;
  return store.get(sql, { source }) !== undefined;
}

function fileRow(store: Store, dataset: string, path: string): FileRow | undefined {
  return store.get(`SELECT ${FILE_COLUMNS} FROM files WHERE dataset = $dataset AND path = $path`, { dataset, path });
}
