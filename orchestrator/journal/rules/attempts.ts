import type { Decision, Replaced } from '../../../default-etl/contract/contract.ts';
import { boundedError } from './bounded-error.ts';
import type { Attempt, Finish, Lease, LedgerEntry, LedgerRequest, Rows, Run, Told } from '../journal.ts';
import { noteEnd } from './attention.ts';
import { noteBeside } from './deliveries.ts';
import { requireLease } from './leases.ts';
import { addsToVersion, countMended, mendedVersions, startRowsThere } from './mending.ts';
import { allocateVersion, bug, newerRun, waitingRun } from './paths.ts';
import { noteBuilder, setRejectedThere, setRowsThere } from './rows-there.ts';
import type { Tx } from './tx.ts';
import { forgetVersion } from './watching.ts';

const LEAVES =
  'lease_holder = NULL, lease_until = NULL, cancel_requested = 0, progress_rows = NULL, progress_bytes = NULL, progress_total_bytes = NULL';

/** What is written of an attempt when it ends. */
interface Closing {
  now: number;
  exitCode: number | null;
  outcome: string;
  error: string | null;
}

export function ledger(tx: Tx, lease: Lease, request: LedgerRequest): LedgerEntry {
  const run = requireLease(tx, lease);
  const { dataset, file } = run;
  const { fileKey, ids = '' } = request;
  const known = tx.get<{ first: number | null }>(
    'SELECT min(first_seen_at) AS first FROM ledger WHERE file_key = $fileKey',
    { fileKey },
  );
  // rule 11: the date is that of the key’s first sight
  const firstSeenAt = known?.first ?? run.seenAt;
  const index = request.indexFor(firstSeenAt);
  tx.execute(
    `INSERT INTO ledger (file_key, index_name, dataset, path, first_seen_at, ids) VALUES ($fileKey, $index, $dataset, $file, $firstSeenAt, $ids)
     ON CONFLICT DO NOTHING`,
    { fileKey, index, dataset, file, firstSeenAt, ids },
  );
  const append = request.append ? 1 : 0;
  const keyed = tx.updateRun(run.id, 'file_key = $fileKey, index_name = $index, append_key = $append', {
    fileKey,
    index,
    append,
  });
  // From now on they may be those of another version: with the next deletion of the path they go.
  const isInPlace = run.readFrom === null && (run.action === 'add' || run.action === 'change');
  if (isInPlace && !request.append) {
    tx.execute('UPDATE ledger SET kept = 0 WHERE file_key = $fileKey AND index_name = $index', { fileKey, index });
  }
  if (request.rebuilds) noteBuilder(tx, keyed);
  const own = ownRows(tx, fileKey, index);
  // rule 12: it replaces nothing of a version that is loaded
  const replacesFormer = !addsToVersion(tx, run, request.rebuilds);
  return {
    index,
    firstSeenAt,
    knownSince: knownSince(tx, run),
    fileRows: own.FILE_ROWS,
    replacesFormer,
    // rule 3: a version changed in place is replaced
    replaces: replacesFormer ? [...replacedBy(tx, keyed), ...ownIds(own, ids)] : [],
    formerIds: own.ids !== '' && own.ids !== ids ? own.ids : null,
    mended: mendedVersions(tx, run),
  };
}

interface OwnRows extends Replaced {
  /** LOAD.id by which they were loaded; null where there are none, or it isn't known. */
  ids: string | null;
}

/** Rows of the very key. */
function ownRows(tx: Tx, fileKey: string, index: string): OwnRows {
  const sql = `SELECT rows AS FILE_ROWS, CASE WHEN rows > 0 THEN ids END AS ids FROM ledger
    WHERE file_key = $fileKey AND index_name = $index`;
  const { FILE_ROWS = 0, ids = null } = tx.get<Pick<OwnRows, 'FILE_ROWS' | 'ids'>>(sql, { fileKey, index }) ?? {};
  return { index, FILE_KEY: fileKey, FILE_ROWS, ids };
}

/** Rows with ids of their file go where it is loaded with LOAD.id by now. */
function ownIds({ index, FILE_KEY, FILE_ROWS, ids: former }: OwnRows, ids: string): Replaced[] {
  return former === '' && ids !== '' ? [{ index, FILE_KEY, FILE_ROWS }] : [];
}

/** Of a dataset that was never watched nothing is known from before this file. */
function knownSince(tx: Tx, { dataset, seenAt }: Run): number {
  const sql = 'SELECT first_watched_at AS since FROM datasets WHERE name = $dataset';
  return tx.get<{ since: number | null }>(sql, { dataset })?.since ?? seenAt;
}

/** An attempt is told of no more: they stand in its environment. The next run of the path replaces the others. */
const MOST_REPLACED = 1000;

/**
 * What else the target may hold of the path, and is replaced: of the same kind of target, since no attempt writes to
 * two. With ON_CHANGE replace all of it goes; with append what was kept stays, unless it is of the very same content
 * under another key (that of a former ON_CHANGE or dataset), and a file that is read from elsewhere only takes the
 * place of such rows. Rows that were loaded with LOAD.id have ids that tell no file.
 */
const REPLACED = `dataset = $dataset AND path = $file AND rows > 0 AND NOT (file_key = $fileKey AND index_name = $index)
  AND (index_name LIKE 'lake:%') = ($index LIKE 'lake:%') AND coalesce(ids, '') = ''
  AND CASE (SELECT CASE WHEN action = 'delete' THEN 'deletion' WHEN append_key = 0 THEN 'replace' WHEN read_from IS NULL THEN 'append' ELSE 'stored' END
            FROM runs WHERE id = $id)
    -- rule 3: after append, a version with replace takes the place of what was kept, too
    WHEN 'replace' THEN TRUE
    -- rule 3: a file that is read from the backup replaces no other one of its path
    WHEN 'stored' THEN file_key = $fileKey OR content_hash = $contentHash
    WHEN 'append' THEN kept = 0 OR file_key = $fileKey OR content_hash = $contentHash
    ELSE kept = 0
  END
  ORDER BY file_key, index_name LIMIT ${MOST_REPLACED}`;

function replacedBy(tx: Tx, run: Run): Replaced[] {
  const sql = `SELECT index_name AS "index", file_key AS FILE_KEY, rows AS FILE_ROWS FROM ledger WHERE ${REPLACED}`;
  return tx.all<Replaced>(sql, replacedOf(run)).map(row => ({ ...row }));
}

function replacedOf({ id, dataset, file, fileKey, index, contentHash }: Run) {
  return { id, dataset, file, fileKey, index, contentHash };
}

export function started(tx: Tx, lease: Lease, runner: string, handle: string): void {
  const { id, attempt } = requireLease(tx, lease);
  tx.updateRun(id, 'runner = $runner, handle = $handle', { runner, handle });
  const sql = 'UPDATE attempts SET runner = $runner, handle = $handle WHERE run_id = $id AND attempt = $attempt';
  tx.execute(sql, { runner, handle, id, attempt });
}

export function progress(tx: Tx, lease: Lease, now: NonNullable<Run['progress']>): void {
  const { id } = requireLease(tx, lease);
  tx.updateRun(id, 'progress_rows = $rows, progress_bytes = $bytes, progress_total_bytes = $totalBytes', {
    ...now,
  });
}

/** No change of the run: nobody waits to hear of it. */
export function decided(tx: Tx, lease: Lease, decisions: readonly Decision[]): void {
  const { id } = requireLease(tx, lease);
  tx.execute('UPDATE runs SET decisions = $decisions WHERE id = $id', { id, decisions: JSON.stringify(decisions) });
}

export function reserve(tx: Tx, lease: Lease, rows: number): void {
  const run = requireLease(tx, lease);
  if (run.fileKey === null || run.index === null)
    throw bug(run, 'rows can be reserved only after its ledger was asked for');
  // rule 5: the journal keeps the maximum
  tx.execute('UPDATE ledger SET rows = max(rows, $rows) WHERE file_key = $fileKey AND index_name = $index', {
    rows,
    fileKey: run.fileKey,
    index: run.index,
  });
}

export function finish(tx: Tx, lease: Lease, unbounded: Finish, now: number, exitCode: number | null = null): Run {
  const run = requireLease(tx, lease);
  const how = bounded(unbounded);
  const closing = { now, exitCode };
  switch (how.to) {
    case 'done':
      closeAttempt(tx, run, { ...closing, outcome: 'done', error: how.error });
      // rule 5: done lowers it to the rows read
      settleLedger(tx, run, how);
      countMended(tx, run, how.rows.loaded);
      noteBeside(tx, run);
      return end(tx, run, 'done', how.rows, how.error, now, how);
    case 'queued':
      closeAttempt(tx, run, { ...closing, outcome: how.counts ? 'retry' : 'wait', error: how.error });
      return again(tx, run, how, now);
    case 'superseded':
      return superseded(tx, run, how, closing);
    default:
      if (how.lookAgain) forgetVersion(tx, run);
      closeAttempt(tx, run, { ...closing, outcome: how.to, error: how.error });
      return end(tx, run, how.to, how.rows, how.error, now);
  }
}

function bounded(how: Finish): Finish {
  if (how.to !== 'superseded') return { ...how, error: boundedError(how.error) } as Finish;
  return { ...how, repeated: { ...how.repeated, error: boundedError(how.repeated.error) } };
}

/**
 * Rule 4: a version in the index that the journal knows nothing of came before a journal that was lost: VERSION goes
 * above it. Who says so of a version that was raised already may say so without end.
 */
function superseded(
  tx: Tx,
  run: Run,
  { indexVersion, repeated }: Extract<Finish, { to: 'superseded' }>,
  closing: Omit<Closing, 'outcome' | 'error'>,
): Run {
  const { now } = closing;
  // rule 4: superseded only by a version the journal knows
  const newer = newerRun(tx, run);
  if (newer !== undefined) {
    const error = `superseded by run ${newer.id}, a newer version of the file`;
    closeAttempt(tx, run, { ...closing, outcome: 'superseded', error });
    return end(tx, run, 'skipped', null, error, now);
  }
  const isRepeated = wasRaised(tx, run);
  if (isRepeated && repeated.to === 'failed') {
    closeAttempt(tx, run, { ...closing, outcome: 'failed', error: repeated.error });
    return end(tx, run, 'failed', repeated.rows, repeated.error, now);
  }
  // rule 4: else VERSION is raised above the index’s
  const version = allocateVersion(tx, run.dataset, now, indexVersion + 1);
  const error = `the index holds version ${indexVersion}, which the journal does not know; going on with ${version}`;
  closeAttempt(tx, run, { ...closing, outcome: 'superseded', error });
  return again(
    tx,
    run,
    { ...(isRepeated && repeated.to === 'queued' ? repeated : { dueAt: now, error }), version },
    now,
  );
}

function wasRaised(tx: Tx, { id }: Run): boolean {
  const sql = "SELECT 1 FROM attempts WHERE run_id = $id AND outcome LIKE '%superseded' LIMIT 1";
  return tx.get(sql, { id }) !== undefined;
}

interface Again {
  dueAt: number;
  error: string;
  /** Whether it uses up one of RETRIES, or was a wait; neither where it is queued with a new version. */
  counts?: boolean;
  version?: number;
}

/** Back into the line, unless it is not wanted any more or a newer version stands there. */
function again(tx: Tx, run: Run, how: Again, now: number): Run {
  if (run.cancelRequested) return end(tx, run, 'cancelled', null, `cancelled on request; ${how.error}`, now);
  // rule 2: what ends while a newer version waits does not come back
  const newer = waitingRun(tx, run.dataset, run.file);
  if (newer !== undefined) {
    const error = `run ${newer.id} brings a newer version of the file; ${how.error}`;
    return end(tx, run, 'skipped', null, error, now);
  }
  return tx.updateRun(
    run.id,
    `state = 'queued', due_at = $dueAt, ready = $ready, error = $error, batch = NULL, version = coalesce($version, version),
     retries_used = retries_used + $retry, waits = CASE WHEN $retry = 1 THEN 0 ELSE waits + $wait END, ${LEAVES}`,
    {
      dueAt: how.dueAt,
      ready: how.dueAt <= now ? 1 : 0,
      error: how.error,
      // rule 4: a retry keeps its VERSION
      version: how.version ?? null,
      retry: how.counts === true ? 1 : 0,
      wait: how.counts === false ? 1 : 0,
    },
  );
}

function end(
  tx: Tx,
  run: Run,
  state: Run['state'],
  rows: Rows | null,
  error: string | null,
  now: number,
  { toCheck = [], valuesLeftOut = 0 }: Told = {},
): Run {
  const ended = tx.updateRun(
    run.id,
    `state = $state, ended_at = $now, error = $error, rows_read = $read, rows_loaded = $loaded, rows_rejected = $rejected,
     rows_filtered = $filtered, rows_deleted = $deleted, to_check = $toCheck,
     values_left_out = $valuesLeftOut, ${LEAVES}`,
    {
      state,
      now,
      error,
      read: rows?.read ?? null,
      loaded: rows?.loaded ?? null,
      rejected: rows?.rejected ?? null,
      filtered: rows?.filtered ?? null,
      deleted: rows?.deleted ?? null,
      toCheck: toCheck.length === 0 ? null : JSON.stringify(toCheck),
      valuesLeftOut,
    },
  );
  setRejectedThere(tx, ended);
  noteEnd(tx, ended);
  return ended;
}

/** Rules 3 and 5: what the target holds of the path after a run is done. */
function settleLedger(tx: Tx, run: Run, how: Extract<Finish, { to: 'done' }>): void {
  const { rows, left = [] } = how;
  if (run.fileKey === null || run.index === null) return;
  const { fileKey, index } = run;
  const isLeft = left.some(each => each.FILE_KEY === fileKey && each.index === index);
  // rule 12: it does not lower the rows
  if (run.action === 'mend') {
    // Its rows are some of many. One that loads nothing replaces nothing.
    if (rows.loaded === 0) return;
    // The lake reserves nothing: that there are rows must be known all the same.
    // rule 12: the journal knows of mended rows that were not reserved
    reserve(tx, run, rows.loaded);
    if (addsToVersion(tx, run, false)) return;
    startRowsThere(tx, run);
  } else {
    // In place again, until it is disposed of; or where it was read from.
    const sql = `UPDATE ledger SET rows = max($rows, $least * rows), kept = $kept, content_hash = $contentHash, stored = $readFrom,
      ids = coalesce($ids, ids), sketch = $sketch WHERE file_key = $fileKey AND index_name = $index`;
    tx.execute(sql, {
      rows: run.action === 'delete' ? 0 : rows.read,
      least: isLeft ? 1 : 0,
      kept: run.readFrom === null ? 0 : 1,
      contentHash: run.contentHash,
      readFrom: run.readFrom,
      ids: how.ids ?? null,
      sketch: how.sketch ?? null,
      fileKey,
      index,
    });
    setRowsThere(tx, run, run.action === 'delete' ? { loaded: 0, rejected: 0 } : rows);
  }
  const sql = `UPDATE ledger SET rows = 0 WHERE (file_key, index_name) IN (SELECT file_key, index_name FROM ledger WHERE ${REPLACED})
    AND NOT EXISTS (SELECT 1 FROM json_each($left) WHERE value ->> 'FILE_KEY' = file_key AND value ->> 'index' = index_name)`;
  tx.execute(sql, { ...replacedOf(run), left: JSON.stringify(left) });
}

function closeAttempt(tx: Tx, run: Run, closing: Closing): void {
  tx.execute(
    `UPDATE attempts SET ended_at = $now, exit_code = $exitCode, error = $error,
       outcome = CASE WHEN outcome IS NULL THEN $outcome ELSE outcome || ', ' || $outcome END
     WHERE run_id = $id AND attempt = $attempt`,
    { id: run.id, attempt: run.attempt, ...closing },
  );
}

export function attemptsOf(tx: Tx, runId: string): Attempt[] {
  const rows = tx.all<Attempt>(
    `SELECT run_id AS runId, attempt, runner, handle, started_at AS startedAt, ended_at AS endedAt, exit_code AS exitCode,
       outcome, error FROM attempts WHERE run_id = $runId ORDER BY attempt`,
    { runId },
  );
  return rows.map(row => ({ ...row }));
}
