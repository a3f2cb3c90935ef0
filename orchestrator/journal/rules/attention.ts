import { OrchestratorError } from '../../errors.ts';
import type { AttentionFilter, Run, RunPage, WaitReason } from '../journal.ts';
import { requireRun } from './paths.ts';
import { pageOf, parseCursor, sizeOf } from './reading.ts';
import { type RunRow, RUN_COLUMNS } from './run-row.ts';
import type { Tx } from './tx.ts';

/**
 * A run has ended: what it failed at, or left to be checked, is to be looked after, and what failed before, and has its
 * place taken by it, is not any more. Of mended rows that is whatever comes later, of the file another version of it;
 * where each version is a delivery of its own (ON_CHANGE: append), the same content alone.
 */
export function noteEnd(tx: Tx, { id, state, dataset, file, toCheck }: Run): void {
  tx.execute('DELETE FROM attention WHERE run_id = $id', { id });
  if (state === 'cancelled' || state === 'skipped') return;
  tx.execute(
    `DELETE FROM attention WHERE run_id IN (
       SELECT old.id FROM attention AS failure JOIN runs AS old ON old.id = failure.run_id JOIN runs AS run ON run.id = $id
       WHERE failure.dataset = $dataset AND failure.file = $file AND old.seq < run.seq
         AND (old.action = 'mend' OR run.action <> 'mend') AND (run.append_key = 0 OR old.content_hash = run.content_hash))`,
    { id, dataset, file },
  );
  if (state === 'done' && toCheck.length === 0) return;
  note(tx, id, state === 'done' ? 'to-check' : 'failed');
}

/** A file was not taken, which somebody should know: until it is, or is left alone again. */
export function noteLeftAlone(tx: Tx, { id, dataset, file }: Run): void {
  tx.execute(
    `DELETE FROM attention WHERE dataset = $dataset AND file = $file AND run_id IN (SELECT id FROM runs WHERE state = 'cancelled')`,
    { dataset, file },
  );
  note(tx, id, 'to-check');
}

function note(tx: Tx, id: string, kind: 'failed' | 'to-check'): void {
  const sql = `INSERT INTO attention (run_id, seq, dataset, file, kind) SELECT id, seq, dataset, file, $kind FROM runs WHERE id = $id`;
  tx.execute(sql, { id, kind });
}

/** More rows of a run were mended: once all are, it is nobody's trouble. */
export function noteMended(tx: Tx, { id, rows, rowsMended }: Run): void {
  if (rows !== null && rowsMended >= rows.rejected)
    tx.execute("DELETE FROM attention WHERE run_id = $id AND kind = 'failed'", { id });
}

export function attention(tx: Tx, filter: AttentionFilter): RunPage {
  const { dataset, path, kind, cursor } = filter;
  const rows = tx.all<RunRow>(
    `SELECT ${RUN_COLUMNS} FROM runs WHERE seq IN (
         SELECT seq FROM attention WHERE acknowledged_at IS NULL AND seq < $before AND ($dataset IS NULL OR dataset = $dataset)
           AND ($path IS NULL OR file = $path) AND ($kind IS NULL OR kind = $kind) ORDER BY seq DESC LIMIT $most) ORDER BY seq DESC`,
    {
      before: parseCursor(cursor),
      dataset: dataset ?? null,
      path: path ?? null,
      kind: kind ?? null,
      most: sizeOf(filter) + 1,
    },
  );
  return pageOf(filter, rows);
}

const WAITS = `state = 'queued' AND error IS NOT NULL AND error NOT LIKE 'waits for run %'`;
const IS_ACKNOWLEDGED = 'SELECT 1 FROM attention WHERE run_id = runs.id AND acknowledged_at IS NOT NULL';

export function waiting(tx: Tx, filter: AttentionFilter): RunPage {
  const { dataset, path, cursor } = filter;
  const rows = tx.all<RunRow>(
    `SELECT ${RUN_COLUMNS} FROM runs WHERE ${WAITS} AND seq < $before AND ($dataset IS NULL OR dataset = $dataset)
         AND ($path IS NULL OR file = $path) AND NOT EXISTS (${IS_ACKNOWLEDGED}) ORDER BY seq DESC LIMIT $most`,
    { before: parseCursor(cursor), dataset: dataset ?? null, path: path ?? null, most: sizeOf(filter) + 1 },
  );
  return pageOf(filter, rows);
}

export function waitReasons(tx: Tx): WaitReason[] {
  // SQLite would rather walk all that is queued.
  const first = `SELECT seq FROM runs INDEXED BY runs_reason_of
    WHERE dataset = name AND state = 'queued' AND error IS NOT NULL ORDER BY seq LIMIT 1`;
  const sql = `SELECT name AS dataset, error AS reason FROM datasets JOIN runs ON seq = (${first}) ORDER BY name`;
  return tx.all<WaitReason>(sql).map(row => ({ ...row }));
}

export function acknowledge(tx: Tx, runId: string, now: number): void {
  const run = requireRun(tx, runId);
  const isKnown = tx.execute(
    'UPDATE attention SET acknowledged_at = coalesce(acknowledged_at, $now) WHERE run_id = $runId',
    { runId, now },
  );
  if (isKnown === 0 && acknowledgeWaiting(tx, 'id = $runId', { runId, now }) === 0) throw nothingToDo(run);
}

/** Returns how many there were. */
export function acknowledgeAll(tx: Tx, dataset: string, now: number): number {
  const sql = 'UPDATE attention SET acknowledged_at = $now WHERE dataset = $dataset AND acknowledged_at IS NULL';
  return tx.execute(sql, { dataset, now }) + acknowledgeWaiting(tx, 'dataset = $dataset', { dataset, now });
}

function acknowledgeWaiting(tx: Tx, which: string, parameters: Record<string, string | number>): number {
  const sql = `INSERT INTO attention (run_id, seq, dataset, file, kind, acknowledged_at)
    SELECT id, seq, dataset, file, 'waiting', $now FROM runs WHERE ${WAITS} AND ${which} AND NOT EXISTS (${IS_ACKNOWLEDGED})`;
  return tx.execute(sql, parameters);
}

function nothingToDo({ id, dataset, file, state }: Run): OrchestratorError {
  const why = `it is ${state}, and there is nothing in it to look after`;
  return new OrchestratorError('never', `run ${id} of ${dataset}/${file} can’t be acknowledged: ${why}`);
}
