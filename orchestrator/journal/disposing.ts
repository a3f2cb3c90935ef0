import type { Disposal } from './journal.ts';
import { requireRun } from './paths.ts';
import { OrchestratorError } from '../errors.ts';
import { type RunRow, toFileVersion, versionColumns } from './run-row.ts';
import type { Store } from './store.ts';

interface DisposalRow extends Pick<RunRow, 'size_bytes' | 'mtime_text' | 'inode'> {
  run_id: string;
  kind: Disposal['kind'];
  source: string;
  hidden: string;
  target: string | null;
  marker: string | null;
  state: Disposal['state'];
  error: string | null;
}

const COLUMNS = `run_id, kind, source, hidden, target, size_bytes, CAST(mtime_ns AS TEXT) AS mtime_text, inode, marker, state, error`;

/** Idempotent: the same intent, written again after a crash, is one. */
export function intend(store: Store, disposal: Omit<Disposal, 'state' | 'error'>): void {
  const { runId, kind, source, hidden, target, fileVersion, marker } = disposal;
  requireRun(store, runId);
  const open = openIntent(store, runId);
  if (open !== undefined && open.kind === kind && open.source === source && open.target === target) return;
  if (open !== undefined)
    throw new OrchestratorError('bug', `run ${runId} has an open ${open.kind} of ${open.source} already`);
  store.execute(
    `INSERT INTO disposals (run_id, kind, source, hidden, target, size_bytes, mtime_ns, inode, marker)
     VALUES ($runId, $kind, $source, $hidden, $target, $size_bytes, $mtime_ns, $inode, $marker)`,
    { runId, kind, source, hidden, target, marker, ...versionColumns(fileVersion) },
  );
}

export function intents(store: Store): Disposal[] {
  return store
    .all<DisposalRow>(`SELECT ${COLUMNS} FROM disposals WHERE state = 'intended' ORDER BY id`)
    .map(toDisposal);
}

export function moves(
  store: Store,
  dataset: string,
  file: string,
  contentHash: string,
): Array<{ source: string; target: string }> {
  return store.all(
    `SELECT source, target FROM runs JOIN disposals ON run_id = runs.id
     WHERE dataset = $dataset AND file = $file AND version IS NOT NULL AND content_hash = $contentHash
       AND target IS NOT NULL AND disposals.state IN ('intended', 'disposed')`,
    { dataset, file, contentHash },
  );
}

export function closeDisposal(store: Store, runId: string, state: Disposal['state'], error: string | null): void {
  const open = openIntent(store, runId);
  if (open === undefined) throw new OrchestratorError('bug', `run ${runId} has no open disposal to close`);
  if (state === 'disposed') {
    markAway(store, open);
    keepRows(store, open);
  }
  const sql = `UPDATE disposals SET state = $state, error = $error WHERE run_id = $runId AND state = 'intended'`;
  store.execute(sql, { runId, state, error });
}

/**
 * The path is absent to every dataset that knows it, and that is no deletion. Where a new file has its name already, that one
 * is there, as an arrival.
 */
function markAway(store: Store, disposal: Disposal): void {
  const { source, fileVersion } = disposal;
  store.execute(
    `UPDATE files SET arriving = 1, present = EXISTS (
       SELECT 1 FROM runs WHERE runs.dataset = files.dataset AND runs.file = files.path AND runs.state = 'settling')
     WHERE absolute = $source AND size_bytes = $size_bytes AND mtime_ns = $mtime_ns AND inode = $inode`,
    { source, ...versionColumns(fileVersion) },
  );
}

/** Rule 3: an append key's rows stay once a `done` version was disposed of, whichever dataset disposed of it. */
function keepRows(store: Store, { runId, source, fileVersion }: Disposal): void {
  store.execute(
    `UPDATE ledger SET kept = 1 WHERE (file_key, index_name) IN (
       SELECT file_key, index_name FROM runs WHERE id = $runId AND state = 'done' AND append_key = 1
       UNION ALL
       SELECT file_key, index_name FROM files JOIN runs ON runs.dataset = files.dataset AND runs.file = files.path
       WHERE files.absolute = $source AND runs.version IS NOT NULL AND runs.state = 'done' AND runs.append_key = 1
         AND runs.size_bytes = $size_bytes AND runs.mtime_ns = $mtime_ns AND runs.inode = $inode)`,
    { runId, source, ...versionColumns(fileVersion) },
  );
}

function openIntent(store: Store, runId: string): Disposal | undefined {
  const row = store.get<DisposalRow>(`SELECT ${COLUMNS} FROM disposals WHERE run_id = $runId AND state = 'intended'`, {
    runId,
  });
  return row === undefined ? undefined : toDisposal(row);
}

function toDisposal(row: DisposalRow): Disposal {
  const fileVersion = toFileVersion(row);
  if (fileVersion === null) throw new OrchestratorError('bug', `the disposal of ${row.source} has no version`);
  const { run_id: runId, kind, source, hidden, target, marker, state, error } = row;
  return { runId, kind, source, hidden, target, fileVersion, marker, state, error };
}
