import { mendRefusal } from '../../text/mend-refusal.ts';
import { noteMended } from './attention.ts';
import type { LedgerEntry, Run } from '../journal.ts';
import { absolutePath, newerRun, openRun, requireRun } from './paths.ts';
import { queueCopy, refused } from './requests.ts';
import { versionColumns } from './run-row.ts';
import { addMendedThere, setRowsThere } from './rows-there.ts';
import type { Store } from '../sqlite/store.ts';

/** What is mended are the rejects of the run that read the file: a mend of a mend is one of that run, too. */
export function mend(store: Store, runId: string, mendFile: string, now: number): Run {
  const run = originOf(store, requireRun(store, runId));
  const refusal = mendRefusal(run);
  if (refusal !== null) throw refused(run, refusal);
  const newer = newerRun(store, run) ?? openRun(store, run.dataset, run.file);
  if (newer !== undefined)
    throw refused(run, `can’t be mended: run ${newer.id} (${newer.state}) of the same file is newer`);
  return queueCopy(store, run, { action: 'mend', mendFile, replayOf: run.id, now });
}

/** The mends of a run and their replays, oldest first. */
export function mendsOf(store: Store, runId: string): Run[] {
  const chain = `WITH RECURSIVE mends (id) AS (
    SELECT id FROM runs WHERE replay_of = $runId AND action = 'mend'
    UNION ALL SELECT runs.id FROM runs JOIN mends ON runs.replay_of = mends.id WHERE runs.action = 'mend')
    SELECT id FROM mends`;
  return store.selectRuns(`id IN (${chain}) ORDER BY seq`, { runId });
}

/**
 * Whether a run's rows stand beside others of their version. The first mend that loads a row of a quarantined run brings that version's first.
 * `rebuilds`: the rows of all files that were read together make the version.
 */
export function addsToVersion(store: Store, run: Run, rebuilds: boolean): boolean {
  if (run.action !== 'mend') return false;
  const origin = originOf(store, run);
  return origin.state !== 'quarantined' || origin.rowsMended > 0 || (rebuilds && isBesideLoaded(store, origin));
}

/** Whether rows of another file of its batch are loaded. */
function isBesideLoaded(store: Store, { id, dataset, batch }: Run): boolean {
  const sql = `SELECT 1 FROM runs WHERE dataset = $dataset AND batch = $batch AND id <> $id AND action <> 'delete'
    AND (state = 'done' OR rows_mended > 0) LIMIT 1`;
  return batch !== null && store.get(sql, { id, dataset, batch }) !== undefined;
}

export function mendedVersions(store: Store, run: Run): LedgerEntry['mended'] {
  if (run.action !== 'mend') return null;
  const { id, dataset, batch, version } = originOf(store, run);
  if (id === run.id || version === null) return null;
  const sql = 'SELECT max(version) AS newest FROM runs WHERE dataset = $dataset AND batch = $batch';
  const found = batch === null ? undefined : store.get<{ newest: number | null }>(sql, { dataset, batch });
  return { version, newest: found?.newest ?? version };
}

/** What a mend loaded counts as mended of the run whose rejects it was; the same records loaded again mend nothing more. */
export function countMended(store: Store, mended: Run, loaded: number): void {
  if (mended.action !== 'mend') return;
  const { dataset, file, mendFile, id } = mended;
  const before = store.get<{ loaded: number }>(
    `SELECT coalesce(max(rows_loaded), 0) AS loaded FROM runs
     WHERE dataset = $dataset AND file = $file AND version IS NOT NULL AND state = 'done' AND mend_file = $mendFile AND id <> $id`,
    { dataset, file, mendFile, id },
  );
  const origin = originOf(store, mended);
  if (origin.rows === null || origin.id === id) return;
  const more = Math.min(loaded - (before?.loaded ?? 0), origin.rows.rejected - origin.rowsMended);
  if (more <= 0) return;
  addMendedThere(store, mended, more);
  noteMended(store, store.updateRun(origin.id, 'rows_mended = rows_mended + $more', { more }));
  store.execute('UPDATE datasets SET rows_mended = rows_mended + $more WHERE name = $dataset', { more, dataset });
  keepDisposed(store, mended);
}

/** The first mend that loads a row of a quarantined run brings that version's first: what a former one loaded goes. */
export function startRowsThere(store: Store, mended: Run): void {
  setRowsThere(store, mended, { loaded: 0, rejected: originOf(store, mended).rows?.rejected ?? 0 });
}

/** Rule 3: a version of an append key that was disposed of before its first rows were loaded stays from then on. */
function keepDisposed(store: Store, { id, root, file, fileVersion }: Run): void {
  store.execute(
    `UPDATE ledger SET kept = 1 WHERE (file_key, index_name) IN (
       SELECT file_key, index_name FROM runs WHERE id = $id AND append_key = 1 AND EXISTS (
         SELECT 1 FROM disposals WHERE source = $source AND state = 'disposed'
           AND size_bytes = $size_bytes AND token = $token))`,
    { id, source: absolutePath(root, file), ...versionColumns(fileVersion) },
  );
}

/** The run that read the file; the mend itself where that was pruned. */
function originOf(store: Store, run: Run): Run {
  let origin = run;
  while (origin.action === 'mend' && origin.replayOf !== null) {
    const before = store.selectRuns('id = $id', { id: origin.replayOf })[0];
    if (before === undefined) return run;
    origin = before;
  }
  return origin;
}
