import type { Action } from '../../default-etl/contract/contract.ts';
import type { FileVersion, Run, RunState } from './journal.ts';

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
  mtime_text: string | null;
  inode: string | null;
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
  cancel_requested: number;
  mend_file: string | null;
  lease_holder: string | null;
}

// mtime_ns exceeds 2^53, so it leaves the database as text.
export const RUN_COLUMNS = `seq, id, dataset, file, root, read_from, state, action, priority, version, size_bytes,
  CAST(mtime_ns AS TEXT) AS mtime_text, inode, content_hash, file_key, index_name, attempt, retries_used, waits, seen_at,
  queued_at, due_at, started_at, ended_at, rows_read, rows_loaded, rows_rejected, rows_filtered, rows_deleted, rows_mended, to_check, values_left_out, beside, progress_rows,
  progress_bytes, progress_total_bytes, error, runner, handle, batch, replay_of, cancel_requested, mend_file, lease_holder`;

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
    cancelRequested: row.cancel_requested === 1,
    mendFile: row.mend_file,
    leaseHolder: row.lease_holder,
  };
}

/** The version in a row that has `size_bytes`, `mtime_text` and `inode`: all three, or none. */
export function toFileVersion(row: Pick<RunRow, 'size_bytes' | 'mtime_text' | 'inode'>): FileVersion | null {
  const { size_bytes: sizeBytes, mtime_text: mtimeNs, inode } = row;
  if (sizeBytes === null || mtimeNs === null || inode === null) return null;
  return { sizeBytes, mtimeNs: isBefore1901(mtimeNs) ? String(BigInt(mtimeNs) + 2n ** 64n) : mtimeNs, inode };
}

// A file's time can be from 1901 to 2486 (XFS; ext4 ends in 2446); 64 bits of nanoseconds end in 2262. What is later is kept as the negative number of the same bits.
const FIRST_NS = -(2n ** 31n) * 1_000_000_000n;

/** Nearly all are positive, and short. */
function isBefore1901(ns: string): boolean {
  return ns.startsWith('-') && BigInt(ns) < FIRST_NS;
}

/** The columns of a version, for binding. */
export function versionColumns(version: FileVersion | null): {
  size_bytes: number | null;
  mtime_ns: bigint | null;
  inode: string | null;
} {
  if (version === null) return { size_bytes: null, mtime_ns: null, inode: null };
  return { size_bytes: version.sizeBytes, mtime_ns: BigInt.asIntN(64, BigInt(version.mtimeNs)), inode: version.inode };
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
