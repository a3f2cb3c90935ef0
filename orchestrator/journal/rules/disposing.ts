import { boundedError } from './bounded-error.ts';
import { type Disposal, MOST_STORED, type StoredFile } from '../journal.ts';
import { requireRun } from './paths.ts';
import { OrchestratorError } from '../../errors.ts';
import { toFileVersion, type VersionColumns, versionColumns } from './run-row.ts';
import type { Tx } from './tx.ts';

interface DisposalRow extends VersionColumns {
  run_id: string;
  kind: Disposal['kind'];
  source: string;
  hidden: string;
  target: string | null;
  marker: string | null;
  state: Disposal['state'];
  error: string | null;
}

const COLUMNS = `run_id, kind, source, hidden, target, size_bytes, token, marker, state, error`;

/** Idempotent: the same intent, written again after a crash, is one. */
export function intend(tx: Tx, disposal: Omit<Disposal, 'state' | 'error'>): void {
  const { runId, kind, source, hidden, target, fileVersion, marker } = disposal;
  requireRun(tx, runId);
  const open = openIntent(tx, runId);
  if (open !== undefined && open.kind === kind && open.source === source && open.target === target) return;
  if (open !== undefined)
    throw new OrchestratorError('bug', `run ${runId} has an open ${open.kind} of ${open.source} already`);
  tx.execute(
    `INSERT INTO disposals (run_id, kind, source, hidden, target, size_bytes, token, marker)
     VALUES ($runId, $kind, $source, $hidden, $target, $size_bytes, $token, $marker)`,
    { runId, kind, source, hidden, target, marker, ...versionColumns(fileVersion) },
  );
}

export function intents(tx: Tx): Disposal[] {
  return tx.all<DisposalRow>(`SELECT ${COLUMNS} FROM disposals WHERE state = 'intended' ORDER BY id`).map(toDisposal);
}

export function moves(
  tx: Tx,
  dataset: string,
  file: string,
  contentHash: string,
): Array<{ source: string; target: string }> {
  return tx.all(
    `SELECT source, target FROM runs JOIN disposals ON run_id = runs.id
     WHERE dataset = $dataset AND file = $file AND version IS NOT NULL AND content_hash = $contentHash
       AND target IS NOT NULL AND disposals.state IN ('intended', 'disposed')`,
    { dataset, file, contentHash },
  );
}

export function disposalsOf(tx: Tx, runId: string): Disposal[] {
  const sql = `SELECT ${COLUMNS} FROM disposals WHERE run_id = $runId ORDER BY id DESC`;
  return tx.all<DisposalRow>(sql, { runId }).map(toDisposal);
}

export function closeDisposal(
  tx: Tx,
  runId: string,
  state: Disposal['state'],
  error: string | null,
  target: string | null = null,
): void {
  const open = openIntent(tx, runId);
  if (open === undefined) throw new OrchestratorError('bug', `run ${runId} has no open disposal to close`);
  if (state === 'disposed') {
    markAway(tx, open);
    // rule 3: a done version that was disposed of stays
    keepRows(tx, { ...open, target: target ?? open.target });
  }
  const sql = `UPDATE disposals SET state = $state, error = $error, target = coalesce($target, target)
    WHERE run_id = $runId AND state = 'intended'`;
  tx.execute(sql, { runId, state, error: boundedError(error), target });
}

/** Those that the runs tell of, and those of rows whose runs were pruned. */
export function stored(tx: Tx, dataset: string, file: string): StoredFile[] {
  const moved = tx.all<DisposalRow & { content_hash: string }>(
    `SELECT run_id, kind, target, disposals.size_bytes, disposals.token, content_hash
     FROM runs JOIN disposals ON disposals.run_id = runs.id
     WHERE dataset = $dataset AND file = $file AND version IS NOT NULL AND disposals.state = 'disposed' AND target IS NOT NULL
     ORDER BY version DESC LIMIT ${MOST_STORED}`,
    { dataset, file },
  );
  const kept = tx.all<{ stored: string; content_hash: string }>(
    `SELECT stored, content_hash FROM ledger
     WHERE dataset = $dataset AND path = $file AND rows > 0 AND stored IS NOT NULL AND content_hash IS NOT NULL`,
    { dataset, file },
  );
  const places = new Set(moved.map(({ target }) => target));
  return [
    ...moved.map(row => ({
      kind: row.kind as StoredFile['kind'],
      place: row.target as string,
      contentHash: row.content_hash,
      fileVersion: toFileVersion(row),
      runId: row.run_id,
    })),
    ...kept
      .filter(row => !places.has(row.stored))
      .map(row => ({
        kind: 'backup' as const,
        place: row.stored,
        contentHash: row.content_hash,
        fileVersion: null,
        runId: null,
      })),
  ];
}

/**
 * The path is absent to every dataset that knows it, and that is no deletion. Where a new file has its name already, that one
 * is there, as an arrival.
 */
function markAway(tx: Tx, disposal: Disposal): void {
  const { source, fileVersion } = disposal;
  tx.execute(
    `UPDATE files SET arriving = 1, present = EXISTS (
       SELECT 1 FROM runs WHERE runs.dataset = files.dataset AND runs.file = files.path AND runs.state = 'settling')
     WHERE absolute = $source AND size_bytes = $size_bytes AND token = $token`,
    { source, ...versionColumns(fileVersion) },
  );
}

/**
 * Rule 3: the rows of a `done` version that was disposed of stay where the next one is added to them, whichever dataset
 * disposed of it.
 */
function keepRows(tx: Tx, { runId, kind, source, fileVersion, target }: Disposal): void {
  tx.execute(
    `UPDATE ledger SET kept = 1, stored = $target WHERE (file_key, index_name) IN (
       -- rule 3: any other end does not keep its ids
       SELECT file_key, index_name FROM runs WHERE id = $runId AND state = 'done'
       UNION ALL
       SELECT file_key, index_name FROM files JOIN runs ON runs.dataset = files.dataset AND runs.file = files.path
       WHERE files.absolute = $source AND runs.version IS NOT NULL AND runs.state = 'done'
         AND runs.size_bytes = $size_bytes AND runs.token = $token)`,
    { runId, source, target: kind === 'backup' ? target : null, ...versionColumns(fileVersion) },
  );
}

function openIntent(tx: Tx, runId: string): Disposal | undefined {
  const row = tx.get<DisposalRow>(`SELECT ${COLUMNS} FROM disposals WHERE run_id = $runId AND state = 'intended'`, {
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
