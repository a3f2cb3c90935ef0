import { mendRefusal } from '../../text/mend-refusal.ts';
import { noteMended } from './attention.ts';
import type { LedgerEntry, Run } from '../journal.ts';
import { absolutePath, newerRun, openRun, requireRun, runById } from './paths.ts';
import { queueCopy, refused } from './requests.ts';
import { versionColumns } from './run-row.ts';
import { addMendedThere, setRowsThere } from './rows-there.ts';
import type { Tx } from './tx.ts';

/** What is mended are the rejects of the run that read the file: a mend of a mend is one of that run, too. */
export function mend(tx: Tx, runId: string, mendFile: string, now: number): Run {
  const run = originOf(tx, requireRun(tx, runId));
  const refusal = mendRefusal(run);
  if (refusal !== null) throw refused(run, refusal);
  // rule 12: a mend is refused once there is a newer version
  const newer = newerRun(tx, run) ?? openRun(tx, run.dataset, run.file);
  if (newer !== undefined)
    throw refused(run, `can’t be mended: run ${newer.id} (${newer.state}) of the same file is newer`);
  return queueCopy(tx, run, { action: 'mend', mendFile, replayOf: run.id, now });
}

/** The mends of a run and their replays, oldest first. */
export function mendsOf(tx: Tx, runId: string): Run[] {
  const chain = `WITH RECURSIVE mends (id) AS (
    SELECT id FROM runs WHERE replay_of = $runId AND action = 'mend'
    UNION ALL SELECT runs.id FROM runs JOIN mends ON runs.replay_of = mends.id WHERE runs.action = 'mend')
    SELECT id FROM mends`;
  return tx.selectRuns(`id IN (${chain}) ORDER BY seq`, { runId });
}

/**
 * Whether a run's rows stand beside others of their version. The first mend that loads a row of a quarantined run
 * brings that version's first. `rebuilds`: the rows of all files that were read together make the version.
 */
export function addsToVersion(tx: Tx, run: Run, rebuilds: boolean): boolean {
  if (run.action !== 'mend') return false;
  const origin = originOf(tx, run);
  // rule 12: nor, where an index is built anew of a folder, of the other files that were read with it
  return origin.state !== 'quarantined' || origin.rowsMended > 0 || (rebuilds && isBesideLoaded(tx, origin));
}

/** Whether rows of another file of its batch are loaded. */
function isBesideLoaded(tx: Tx, { id, dataset, batch }: Run): boolean {
  const sql = `SELECT 1 FROM runs WHERE dataset = $dataset AND batch = $batch AND id <> $id AND action <> 'delete'
    AND (state = 'done' OR rows_mended > 0) LIMIT 1`;
  return batch !== null && tx.get(sql, { id, dataset, batch }) !== undefined;
}

export function mendedVersions(tx: Tx, run: Run): LedgerEntry['mended'] {
  if (run.action !== 'mend') return null;
  const { id, dataset, batch, version } = originOf(tx, run);
  if (id === run.id || version === null) return null;
  const sql = 'SELECT max(version) AS newest FROM runs WHERE dataset = $dataset AND batch = $batch';
  const found = batch === null ? undefined : tx.get<{ newest: number | null }>(sql, { dataset, batch });
  return { version, newest: found?.newest ?? version };
}

/** What a mend loaded counts as mended of the run whose rejects it was; the same records loaded again mend nothing more. */
export function countMended(tx: Tx, mended: Run, loaded: number): void {
  if (mended.action !== 'mend') return;
  const { dataset, file, mendFile, id } = mended;
  const before = tx.get<{ loaded: number }>(
    `SELECT coalesce(max(rows_loaded), 0) AS loaded FROM runs
     WHERE dataset = $dataset AND file = $file AND version IS NOT NULL AND state = 'done' AND mend_file = $mendFile AND id <> $id`,
    { dataset, file, mendFile, id },
  );
  const origin = originOf(tx, mended);
  if (origin.rows === null || origin.id === id) return;
  const more = Math.min(loaded - (before?.loaded ?? 0), origin.rows.rejected - origin.rowsMended);
  if (more <= 0) return;
  addMendedThere(tx, mended, more);
  const keepsPlace = 'end_change = coalesce(end_change, changed)';
  noteMended(tx, tx.updateRun(origin.id, `rows_mended = rows_mended + $more, ${keepsPlace}`, { more }));
  tx.execute('UPDATE datasets SET rows_mended = rows_mended + $more WHERE name = $dataset', { more, dataset });
  keepDisposed(tx, mended);
}

/** The first mend that loads a row of a quarantined run brings that version's first: what a former one loaded goes. */
export function startRowsThere(tx: Tx, mended: Run): void {
  setRowsThere(tx, mended, { loaded: 0, rejected: originOf(tx, mended).rows?.rejected ?? 0 });
}

/** Rule 3: a version of an append key that was disposed of before its first rows were loaded stays from then on. */
function keepDisposed(tx: Tx, { id, root, file, fileVersion }: Run): void {
  tx.execute(
    `UPDATE ledger SET kept = 1 WHERE (file_key, index_name) IN (
       SELECT file_key, index_name FROM runs WHERE id = $id AND append_key = 1 AND EXISTS (
         SELECT 1 FROM disposals WHERE source = $source AND state = 'disposed'
           AND size_bytes = $size_bytes AND token = $token))`,
    { id, source: absolutePath(root, file), ...versionColumns(fileVersion) },
  );
}

/** The run that read the file; the mend itself where that was pruned. */
export function originOf(tx: Tx, run: Run): Run {
  let origin = run;
  while (origin.action === 'mend' && origin.replayOf !== null) {
    const before = runById(tx, origin.replayOf);
    if (before === undefined) return run;
    origin = before;
  }
  return origin;
}
