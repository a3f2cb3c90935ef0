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
import type { Tx } from './tx.ts';

interface FileRow extends VersionColumns {
  path: string;
  root: string;
  present: number;
  arriving: number;
}

const FILE_COLUMNS = 'path, root, present, arriving, size_bytes, token';

export function firstWatch(tx: Tx, dataset: string, now: number): number | null {
  ensureDataset(tx, dataset);
  tx.execute(
    'UPDATE datasets SET first_watched_at = $now, existing_at = $now WHERE name = $dataset AND first_watched_at IS NULL',
    { dataset, now },
  );
  const sql = 'SELECT existing_at FROM datasets WHERE name = $dataset';
  return tx.get<{ existing_at: number | null }>(sql, { dataset })?.existing_at ?? null;
}

export function existingKnown(tx: Tx, dataset: string): void {
  tx.execute('UPDATE datasets SET existing_at = NULL WHERE name = $dataset', { dataset });
}

export function settle(tx: Tx, request: SightRequest): Run {
  const { dataset, file, root, now, fileVersion = null } = request;
  ensureDataset(tx, dataset);
  const known = markPresent(tx, dataset, file, root);
  const waiting = waitingRun(tx, dataset, file);
  if (waiting?.state === 'settling') return waiting;
  const isKnown = known.arriving === 0 && isSameVersion(toFileVersion(known), fileVersion);
  const latest = isKnown ? latestRun(tx, dataset, file) : undefined;
  if (latest !== undefined) return latest;
  // rule 2: a newer version makes the queued one skipped
  if (waiting !== undefined) endWaiting(tx, waiting, 'skipped', 'a newer version of the file is arriving', now);
  return tx.insertRun({
    ...newRunColumns(randomUUIDv7(), request),
    state: 'settling',
    action: 'add',
    error: reasonToWait(tx, dataset, file),
  });
}

export function queue(tx: Tx, request: QueueRequest): Run {
  const run = requireRun(tx, request.runId);
  if (run.state !== 'settling') return queueAnew(tx, run, request);
  const { dataset, file } = run;
  const arrival = isArrival(tx, run, request.fileVersion);
  const previous = latestVersion(tx, dataset, file);
  rememberVersion(tx, run, request.fileVersion);
  // rule 3: a path that was absent and is back is an arrival
  // rule 6: only after a version that is done
  const isUnchanged = !arrival && previous?.state === 'done' && previous.contentHash === request.contentHash;
  // rule 6: equal content is skipped
  if (isUnchanged) return skipUnchanged(tx, run, previous, request);
  return tx.updateRun(
    run.id,
    `state = 'queued', action = $action, version = $version, size_bytes = $size_bytes, mtime_ns = $mtime_ns, token = $token,
     content_hash = $hash, queued_at = $now, due_at = $now, ready = 1, error = $error`,
    {
      action: arrival ? 'add' : 'change',
      version: allocateVersion(tx, dataset, request.now),
      ...runVersionColumns(request.fileVersion),
      hash: request.contentHash,
      now: request.now,
      error: reasonToWait(tx, dataset, file),
    },
  );
}

/**
 * The settling run was ended by another process while the watcher waited for its file. Cancelled by a person: this version is
 * not wanted. Else, unless a run has this very version, the file is taken as one seen just now.
 */
function queueAnew(tx: Tx, run: Run, request: QueueRequest): Run {
  if (run.state === 'cancelled' || isSameVersion(run.fileVersion, request.fileVersion)) {
    rememberVersion(tx, run, request.fileVersion);
    return run;
  }
  const latest = latestRun(tx, run.dataset, run.file);
  if (latest !== undefined && isSameVersion(latest.fileVersion, request.fileVersion)) {
    rememberVersion(tx, run, request.fileVersion);
    return latest;
  }
  const { dataset, file, root, priority } = run;
  const settling = settle(tx, { dataset, file, root, priority, now: request.now });
  return queue(tx, { ...request, runId: settling.id });
}

function skipUnchanged(tx: Tx, run: Run, previous: Run, request: QueueRequest): Run {
  return tx.updateRun(
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

export function unsettle(tx: Tx, runId: string, reason: string, now: number): void {
  const run = requireRun(tx, runId);
  if (run.endedAt !== null) return;
  if (run.state !== 'settling') throw bug(run, 'only a settling run can be given up');
  endWaiting(tx, run, 'cancelled', reason, now);
}

/** A run that was ended by another process, or by a person, stays as it is. */
export function leaveAlone(tx: Tx, request: QueueRequest & { reason: string }): void {
  const { runId, fileVersion, contentHash, reason, now } = request;
  const run = requireRun(tx, runId);
  ignore(tx, run.dataset, run.file, fileVersion);
  if (run.state !== 'settling') return;
  const set = `state = 'cancelled', content_hash = $contentHash, error = $reason, ended_at = $now`;
  noteLeftAlone(tx, tx.updateRun(runId, set, { contentHash, reason, now }));
}

/** Where it lies is not said: nothing was loaded from it, so its disposal by another dataset needs no care. */
export function ignore(tx: Tx, dataset: string, path: string, version: FileVersion): void {
  ensureDataset(tx, dataset);
  tx.execute(
    `INSERT INTO files (dataset, path, root, absolute, present, arriving, size_bytes, token)
     VALUES ($dataset, $path, '', '', 1, 0, $size_bytes, $token)
     ON CONFLICT DO UPDATE SET present = 1, arriving = 0, size_bytes = $size_bytes, token = $token`,
    { dataset, path, ...versionColumns(version) },
  );
}

export function absent(tx: Tx, request: SettleRequest & { remove: boolean }): Run | undefined {
  const { dataset, file, root, remove, now } = request;
  const known = fileRow(tx, dataset, file);
  // rule 8: our own moves are no deletions
  if (known === undefined || known.present === 0 || isBeingDisposed(tx, absolutePath(root, file))) return undefined;
  tx.execute('UPDATE files SET present = 0, arriving = 1 WHERE dataset = $dataset AND path = $file', {
    dataset,
    file,
  });
  const waiting = waitingRun(tx, dataset, file);
  if (waiting !== undefined && readsAt(waiting, root)) {
    endWaiting(tx, waiting, 'cancelled', 'the file is gone', now);
  }
  // rule 9: rows are removed only with ON_DELETE: remove
  return remove ? queueDelete(tx, request) : undefined;
}

/** Whether it waits for the very file at its path. */
function readsAt(waiting: Run, root: string): boolean {
  return !isForeign(waiting, root) && waiting.action !== 'mend' && waiting.readFrom === null;
}

/** Of a file run from elsewhere, which the watcher has nothing to say about. */
function isForeign(run: Run, root: string): boolean {
  return run.root !== root;
}

function queueDelete(tx: Tx, request: SettleRequest): Run | undefined {
  const { dataset, file, root, now } = request;
  // rule 9: and only where there may be any
  if (!mayHoldRows(tx, dataset, file)) return undefined;
  const waiting = waitingRun(tx, dataset, file);
  if (waiting !== undefined && isForeign(waiting, root)) return undefined;
  if (waiting !== undefined) endWaiting(tx, waiting, 'skipped', 'the file is gone, its rows are being removed', now);
  return tx.insertRun({
    ...newRunColumns(randomUUIDv7(), request),
    state: 'queued',
    action: 'delete',
    version: allocateVersion(tx, dataset, now),
    content_hash: '',
    queued_at: now,
    due_at: now,
    ready: 1,
    error: reasonToWait(tx, dataset, file),
  });
}

function mayHoldRows(tx: Tx, dataset: string, file: string): boolean {
  if (runningRun(tx, dataset, file) !== undefined) return true;
  const sql = 'SELECT 1 FROM ledger WHERE dataset = $dataset AND path = $file AND rows > 0 AND kept = 0 LIMIT 1';
  return tx.get(sql, { dataset, file }) !== undefined;
}

/** First sight of a path, or of one that was absent; what it is known as, which is returned, does not change. */
function markPresent(tx: Tx, dataset: string, path: string, root: string): FileRow {
  const [row] = tx.all<FileRow>(
    `INSERT INTO files (dataset, path, root, absolute, present, arriving) VALUES ($dataset, $path, $root, $absolute, 1, 1)
     ON CONFLICT DO UPDATE SET present = 1, root = $root, absolute = $absolute RETURNING ${FILE_COLUMNS}`,
    { dataset, path, root, absolute: absolutePath(root, path) },
  );
  return row as FileRow;
}

/** The watcher need not look at this version again. A path known under another root is left alone. */
export function rememberVersion(
  tx: Tx,
  path: Pick<Run, 'dataset' | 'file' | 'root'>,
  version: FileVersion | null,
): void {
  tx.execute(
    `UPDATE files SET present = 1, arriving = 0, size_bytes = $size_bytes, token = $token
     WHERE dataset = $dataset AND path = $file AND root = $root`,
    { dataset: path.dataset, file: path.file, root: path.root, ...versionColumns(version) },
  );
}

/** The next look at the path takes this version for a new one; a newer one stays known. */
export function forgetVersion(tx: Tx, run: Run): void {
  tx.execute(
    `UPDATE files SET size_bytes = NULL, token = NULL
     WHERE dataset = $dataset AND path = $file AND size_bytes = $size_bytes AND token = $token`,
    { dataset: run.dataset, file: run.file, ...versionColumns(run.fileVersion) },
  );
}

/** Never here before, or absent since; a file that took the name of one just being moved away by us has come anew, too. */
function isArrival(tx: Tx, run: Run, version: FileVersion): boolean {
  if (fileRow(tx, run.dataset, run.file)?.arriving !== 0) return true;
  const sql = `SELECT size_bytes AS sizeBytes, token FROM disposals WHERE source = $source AND state = 'intended'`;
  const moving = tx.all<FileVersion>(sql, { source: absolutePath(run.root, run.file) });
  return moving.some(one => !isSameFile(one, version));
}

function isBeingDisposed(tx: Tx, source: string): boolean {
  const sql = `SELECT 1 FROM disposals WHERE source = $source AND state = 'intended' LIMIT 1`;
  return tx.get(sql, { source }) !== undefined;
}

function fileRow(tx: Tx, dataset: string, path: string): FileRow | undefined {
  return tx.get(`SELECT ${FILE_COLUMNS} FROM files WHERE dataset = $dataset AND path = $path`, { dataset, path });
}
