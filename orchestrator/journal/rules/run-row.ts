import type { Action } from '../../../default-etl/contract/contract.ts';
import { type FileVersion, mtimeNsOf } from '../../files/version.ts';
import type { Run, RunState } from '../journal.ts';

/** A row of `runs`, as RUN_COLUMNS selects it. */
export interface RunRow {
  seq: number;
  id: string;
  dataset: string;
  file: string;
  root: string;
  read_from: string | null;
  state: RunState;
  action: Action;
  priority: number;
  version: number | null;
  size_bytes: number | null;
  token: string | null;
  content_hash: string | null;
  file_key: string | null;
  index_name: string | null;
  attempt: number;
  retries_used: number;
  waits: number;
  seen_at: number;
  queued_at: number | null;
  due_at: number | null;
  started_at: number | null;
  ended_at: number | null;
  rows_read: number | null;
  rows_loaded: number | null;
  rows_rejected: number | null;
  rows_filtered: number | null;
  rows_deleted: number | null;
  rows_mended: number;
  to_check: string | null;
  values_left_out: number;
  beside: number;
  progress_rows: number | null;
  progress_bytes: number | null;
  progress_total_bytes: number | null;
  error: string | null;
  runner: string | null;
  handle: string | null;
  batch: string | null;
  replay_of: string | null;
  delivered: number | null;
  cancel_requested: number;
  mend_file: string | null;
  lease_holder: string | null;
}

export const RUN_COLUMNS = `seq, id, dataset, file, root, read_from, state, action, priority, version, size_bytes,
  token, content_hash, file_key, index_name, attempt, retries_used, waits, seen_at,
  queued_at, due_at, started_at, ended_at, rows_read, rows_loaded, rows_rejected, rows_filtered, rows_deleted, rows_mended, to_check, values_left_out, beside, progress_rows,
  progress_bytes, progress_total_bytes, error, runner, handle, batch, replay_of, delivered, cancel_requested, mend_file, lease_holder`;

export function toRun(row: RunRow): Run {
  return {
    id: row.id,
    dataset: row.dataset,
    file: row.file,
    root: row.root,
    readFrom: row.read_from,
    state: row.state,
    action: row.action,
    priority: row.priority,
    version: row.version,
    fileVersion: toFileVersion(row),
    contentHash: row.content_hash,
    fileKey: row.file_key,
    index: row.index_name,
    attempt: row.attempt,
    retriesUsed: row.retries_used,
    waits: row.waits,
    seenAt: row.seen_at,
    queuedAt: row.queued_at,
    dueAt: row.due_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    rows: toRows(row),
    rowsMended: row.rows_mended,
    valuesLeftOut: row.values_left_out,
    beside: row.beside,
    toCheck: row.to_check === null ? [] : (JSON.parse(row.to_check) as string[]),
    progress: toProgress(row),
    error: row.error,
    runner: row.runner,
    handle: row.handle,
    batch: row.batch,
    replayOf: row.replay_of,
    delivered: row.delivered,
    cancelRequested: row.cancel_requested === 1,
    mendFile: row.mend_file,
    leaseHolder: row.lease_holder,
  };
}

/** The version in a row that has `size_bytes` and `token`: both, or none. */
export function toFileVersion({ size_bytes: sizeBytes, token }: VersionColumns): FileVersion | null {
  return sizeBytes === null || token === null ? null : { sizeBytes, token };
}

export type VersionColumns = Pick<RunRow, 'size_bytes' | 'token'>;

/** The columns of a version, for binding. */
export function versionColumns(version: FileVersion | null): VersionColumns {
  return { size_bytes: version?.sizeBytes ?? null, token: version?.token ?? null };
}

/**
 * The same of a run, which has its place in ORDER: mtime too. A file's time can be up to 2486 (XFS); what 64 bits can't
 * hold is the negative number of the same bits.
 */
export function runVersionColumns(version: FileVersion | null): VersionColumns & { mtime_ns: bigint | null } {
  return { ...versionColumns(version), mtime_ns: version && BigInt.asIntN(64, BigInt(mtimeNsOf(version))) };
}

function toRows(row: RunRow): Run['rows'] {
  if (row.rows_read === null) return null;
  return {
    read: row.rows_read,
    loaded: row.rows_loaded ?? 0,
    rejected: row.rows_rejected ?? 0,
    filtered: row.rows_filtered ?? 0,
    deleted: row.rows_deleted ?? 0,
  };
}

function toProgress(row: RunRow): Run['progress'] {
  if (row.progress_rows === null) return null;
  return { rows: row.progress_rows, bytes: row.progress_bytes, totalBytes: row.progress_total_bytes };
}
