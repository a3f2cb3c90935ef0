import { randomUUIDv7 } from 'node:crypto';
import { OrchestratorError } from '../errors.ts';
import type { QueueRequest, Run, SettleRequest } from './journal.ts';
import {
  allocateVersion,
  endWaiting,
  ensureDataset,
  latestRun,
  newRunColumns,
  newerRun,
  reasonToWait,
  requireRun,
  runningRun,
  waitingRun,
} from './paths.ts';
import { versionColumns } from './run-row.ts';
import type { Store } from './store.ts';
import { rememberVersion } from './watching.ts';

export function cancel(store: Store, runId: string, now: number): Run {
  const run = requireRun(store, runId);
  if (run.endedAt !== null) throw refused(run, `can’t be cancelled: it is ${run.state}`);
  if (run.state === 'running') return store.updateRun(run.id, 'cancel_requested = 1', {});
  return endWaiting(store, run, 'cancelled', 'cancelled on request', now);
}

export function replay(store: Store, runId: string, now: number): Run | null {
  const run = requireRun(store, runId);
  if (activeRun(store, run) !== undefined) return null;
  if (run.version === null) throw refused(run, 'can’t be replayed: it never had a version');
  if (run.action === 'delete' && newerRun(store, run) !== undefined) {
    throw refused(run, 'can’t be replayed: the file came back since, and its rows would be removed');
  }
  const newer = run.action === 'mend' ? newerRun(store, run) : undefined;
  if (newer !== undefined) {
    throw refused(run, `can’t be replayed: its mended rows are of a former version; run ${newer.id} is newer`);
  }
  if (run.action !== 'delete' && run.action !== 'mend') rememberReturned(store, run);
  return queueCopy(store, run, { action: run.action, mendFile: run.mendFile, replayOf: run.id, now });
}

/** A file that was moved away is put back for its replay: the watcher must not take it for an arrival. */
function rememberReturned(store: Store, run: Run): void {
  const sql = 'SELECT 1 FROM files WHERE dataset = $dataset AND path = $file AND present = 0';
  const isAway = store.get(sql, { dataset: run.dataset, file: run.file }) !== undefined;
  if (isAway) rememberVersion(store, run, run.fileVersion);
}

interface Copy {
  action: Run['action'];
  mendFile: string | null;
  replayOf: string;
  now: number;
}

/** A new run of the same version. */
export function queueCopy(store: Store, run: Run, copy: Copy): Run {
  const { dataset, file, root, priority } = run;
  return store.insertRun({
    ...newRunColumns(randomUUIDv7(), { dataset, file, root, priority, now: copy.now }),
    state: 'queued',
    action: copy.action,
    version: allocateVersion(store, dataset, copy.now),
    ...versionColumns(run.fileVersion),
    content_hash: run.contentHash,
    queued_at: copy.now,
    due_at: copy.now,
    ready: 1,
    replay_of: copy.replayOf,
    mend_file: copy.mendFile,
  });
}

export function submit(store: Store, request: SettleRequest & Omit<QueueRequest, 'runId'>): Run {
  const { dataset, file, root, now } = request;
  ensureDataset(store, dataset);
  const waiting = waitingRun(store, dataset, file);
  if (waiting !== undefined) endWaiting(store, waiting, 'skipped', 'the file was run by hand', now);
  rememberVersion(store, { dataset, file, root }, request.fileVersion);
  return store.insertRun({
    ...newRunColumns(randomUUIDv7(), request),
    state: 'queued',
    action: latestRun(store, dataset, file) === undefined ? 'add' : 'change',
    version: allocateVersion(store, dataset, now),
    ...versionColumns(request.fileVersion),
    content_hash: request.contentHash,
    queued_at: now,
    due_at: now,
    ready: 1,
    error: reasonToWait(store, dataset, file),
  });
}

export function pause(store: Store, dataset: string, paused: boolean): void {
  ensureDataset(store, dataset);
  store.execute('UPDATE datasets SET paused = $paused WHERE name = $dataset', { dataset, paused: paused ? 1 : 0 });
}

export function activeRun(store: Store, run: Run): Run | undefined {
  return waitingRun(store, run.dataset, run.file) ?? runningRun(store, run.dataset, run.file);
}

export function refused(run: Run, why: string): OrchestratorError {
  return new OrchestratorError('never', `run ${run.id} of ${run.dataset}/${run.file} ${why}`);
}
