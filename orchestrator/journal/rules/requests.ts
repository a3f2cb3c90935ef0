import { randomUUIDv7 } from 'node:crypto';
import { OrchestratorError } from '../../errors.ts';
import type { FoundFile, QueueRequest, Run, SettleRequest, StoredRequest } from '../journal.ts';
import {
  allocateVersion,
  endWaiting,
  ensureDataset,
  latestDone,
  latestRun,
  newRunColumns,
  newerRun,
  openRun,
  reasonToWait,
  requireRun,
  waitingRun,
} from './paths.ts';
import { runVersionColumns } from './run-row.ts';
import type { Tx } from './tx.ts';
import { rememberVersion } from './watching.ts';

export function cancel(tx: Tx, runId: string, now: number): Run {
  const run = requireRun(tx, runId);
  if (run.endedAt !== null) throw refused(run, `can’t be cancelled: it is ${run.state}`);
  if (run.state === 'running') return tx.updateRun(run.id, 'cancel_requested = 1', {});
  return endWaiting(tx, run, 'cancelled', 'cancelled on request', now);
}

export function replay(tx: Tx, runId: string, now: number, found?: FoundFile): Run | null {
  const run = requireRun(tx, runId);
  // rule 12: not while the path has a run under way
  if (openRun(tx, run.dataset, run.file) !== undefined) return null;
  const what = found ?? { fileVersion: run.fileVersion, contentHash: run.contentHash, readFrom: null };
  // One that was skipped as unchanged got no VERSION, though it has a version of the file.
  if (what.contentHash === null || (what.fileVersion === null && run.action !== 'delete'))
    throw refused(run, 'can’t be replayed: it ended before its file was complete; copy the file again');
  if (run.action === 'delete' && newerRun(tx, run) !== undefined) {
    throw refused(run, 'can’t be replayed: the file came back since, and its rows would be removed');
  }
  // rule 12: nor are they loaded again once there is a newer version
  const newer = run.action === 'mend' ? newerRun(tx, run) : undefined;
  if (newer !== undefined) {
    throw refused(run, `can’t be replayed: its mended rows are of a former version; run ${newer.id} is newer`);
  }
  const readsFile = run.action !== 'delete' && run.action !== 'mend';
  // The watcher must not take it for an arrival: it was put back for its replay, or has a new mtime only.
  if (readsFile && what.readFrom === null) rememberVersion(tx, run, what.fileVersion);
  // rule 12: a replay names what it replays
  const copy = { action: run.action, mendFile: run.mendFile, replayOf: run.id, now };
  return queueCopy(tx, readsFile ? { ...run, ...what } : { ...run, readFrom: null }, copy);
}

export function submitStored(tx: Tx, request: StoredRequest): Run | null {
  const { dataset, file, readFrom, newestId } = request;
  ensureDataset(tx, dataset);
  if (openRun(tx, dataset, file) !== undefined) return null;
  if ((latestDone(tx, dataset, file)?.id ?? null) !== newestId) return null;
  return tx.insertRun({
    ...newRunColumns(randomUUIDv7(), request),
    ...queuedColumns(tx, request),
    read_from: readFrom,
    delivered: deliveredAs(tx, request),
    action: 'change',
  });
}

/** VERSION of the newest file of this content that came under the path; null where that is forgotten. */
function deliveredAs(tx: Tx, { dataset, file, contentHash }: StoredRequest): number | null {
  const sql = `SELECT max(coalesce(delivered, version)) AS delivered FROM runs
    WHERE dataset = $dataset AND file = $file AND version IS NOT NULL AND content_hash = $contentHash AND action IN ('add', 'change')`;
  return tx.get<{ delivered: number | null }>(sql, { dataset, file, contentHash })?.delivered ?? null;
}

interface Copy {
  action: Run['action'];
  mendFile: string | null;
  replayOf: string;
  now: number;
}

/** A new run of the same version. */
export function queueCopy(tx: Tx, run: Run, copy: Copy): Run {
  const { dataset, file, root, priority } = run;
  return tx.insertRun({
    ...newRunColumns(randomUUIDv7(), { dataset, file, root, priority, now: copy.now }),
    // rule 12: it has a new version
    ...queuedColumns(tx, { ...run, now: copy.now }),
    read_from: run.readFrom,
    action: copy.action,
    replay_of: copy.replayOf,
    delivered: run.delivered ?? run.version,
    mend_file: copy.mendFile,
  });
}

export function submit(tx: Tx, request: SettleRequest & Omit<QueueRequest, 'runId'>): Run {
  const { dataset, file, root, now } = request;
  ensureDataset(tx, dataset);
  const waiting = waitingRun(tx, dataset, file);
  if (waiting !== undefined) endWaiting(tx, waiting, 'skipped', 'the file was run by hand', now);
  rememberVersion(tx, { dataset, file, root }, request.fileVersion);
  return tx.insertRun({
    ...newRunColumns(randomUUIDv7(), request),
    ...queuedColumns(tx, request),
    action: latestRun(tx, dataset, file) === undefined ? 'add' : 'change',
    error: reasonToWait(tx, dataset, file),
  });
}

function queuedColumns(
  tx: Tx,
  { dataset, fileVersion, contentHash, now }: Pick<Run, 'dataset' | 'fileVersion' | 'contentHash'> & { now: number },
) {
  return {
    state: 'queued',
    version: allocateVersion(tx, dataset, now),
    ...runVersionColumns(fileVersion),
    content_hash: contentHash,
    queued_at: now,
    due_at: now,
    ready: 1,
  };
}

export function pause(tx: Tx, dataset: string, paused: boolean): void {
  ensureDataset(tx, dataset);
  tx.execute('UPDATE datasets SET paused = $paused WHERE name = $dataset', { dataset, paused: paused ? 1 : 0 });
}

export function refused(run: Run, why: string): OrchestratorError {
  return new OrchestratorError('never', `run ${run.id} of ${run.dataset}/${run.file} ${why}`);
}
