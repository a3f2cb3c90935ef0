import type { Decision } from '../../../default-etl/contract/contract.ts';
import { boundedError } from './bounded-error.ts';
import type { Attempt, Finish, Lease, LedgerEntry, LedgerRequest, Rows, Run, Told } from '../journal.ts';
import { noteEnd } from './attention.ts';
import { noteBeside } from './deliveries.ts';
import { requireLease } from './leases.ts';
import { addsToVersion, countMended, mendedVersions, startRowsThere } from './mending.ts';
import { allocateVersion, bug, newerRun, requireRun, waitingRun } from './paths.ts';
import { noteBuilder, setRejectedThere, setRowsThere } from './rows-there.ts';
import type { Store } from '../sqlite/store.ts';
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

export function ledger(store: Store, lease: Lease, request: LedgerRequest): LedgerEntry {
  const run = requireLease(store, lease);
  const { dataset, file } = run;
  const { fileKey, ids = '' } = request;
  const known = store.get<{ first: number | null }>(
    'SELECT min(first_seen_at) AS first FROM ledger WHERE file_key = $fileKey',
    { fileKey },
  );
  const firstSeenAt = known?.first ?? run.seenAt;
  const index = request.indexFor(firstSeenAt);
  store.execute(
    `INSERT INTO ledger (file_key, index_name, dataset, path, first_seen_at, ids) VALUES ($fileKey, $index, $dataset, $file, $firstSeenAt, $ids)
     ON CONFLICT DO NOTHING`,
    { fileKey, index, dataset, file, firstSeenAt, ids },
  );
  const append = request.append ? 1 : 0;
  store.updateRun(run.id, 'file_key = $fileKey, index_name = $index, append_key = $append', { fileKey, index, append });
  // From now on they may be those of another version: with the next deletion of the path they go.
  const isInPlace = run.readFrom === null && (run.action === 'add' || run.action === 'change');
  if (isInPlace && !request.append) {
    store.execute('UPDATE ledger SET kept = 0 WHERE file_key = $fileKey AND index_name = $index', { fileKey, index });
  }
  if (request.rebuilds) noteBuilder(store, requireRun(store, run.id));
  const former = idsOf(store, fileKey, index);
  const replacesFormer = !addsToVersion(store, run, request.rebuilds);
  return {
    index,
    firstSeenAt,
    knownSince: knownSince(store, run),
    fileRows: rowsOf(store, fileKey, index),
    replacesFormer,
    replaces: replacesFormer ? [...replacedBy(store, { ...run, fileKey, index }), ...ownIds(former, ids)] : [],
    formerIds: former !== undefined && former.ids !== '' && former.ids !== ids ? former.ids : null,
    mended: mendedVersions(store, run),
  };
}

interface OwnRows {
  index: string;
  FILE_KEY: string;
  FILE_ROWS: number;
  ids: string;
}

/** Rows of the very key, and by which LOAD.id they were loaded, where there are any and that is known. */
function idsOf(store: Store, fileKey: string, index: string): OwnRows | undefined {
  const sql = `SELECT index_name AS "index", file_key AS FILE_KEY, rows AS FILE_ROWS, ids FROM ledger
    WHERE file_key = $fileKey AND index_name = $index AND rows > 0 AND ids IS NOT NULL`;
  return store.get<OwnRows>(sql, { fileKey, index });
}

/** Rows with ids of their file go where it is loaded with LOAD.id by now. */
function ownIds(former: OwnRows | undefined, ids: string): LedgerEntry['replaces'] {
  if (former === undefined || former.ids !== '' || ids === '') return [];
  const { index, FILE_KEY, FILE_ROWS } = former;
  return [{ index, FILE_KEY, FILE_ROWS }];
}

/** Of a dataset that was never watched nothing is known from before this file. */
function knownSince(store: Store, { dataset, seenAt }: Run): number {
  const sql = 'SELECT first_watched_at AS since FROM datasets WHERE name = $dataset';
  return store.get<{ since: number | null }>(sql, { dataset })?.since ?? seenAt;
}

function rowsOf(store: Store, fileKey: string, index: string): number {
  const sql = 'SELECT rows FROM ledger WHERE file_key = $fileKey AND index_name = $index';
  return store.get<{ rows: number }>(sql, { fileKey, index })?.rows ?? 0;
}

/** An attempt is told of no more: they stand in its environment. The next run of the path replaces the others. */
const MOST_REPLACED = 1000;

/**
 * What else the target may hold of the path, and is replaced: of the same kind of target, since no attempt writes to two. With ON_CHANGE replace all of it goes;
 * with append what was kept stays, unless it is of the very same content under another key (that of a former ON_CHANGE or dataset), and a file that is read from elsewhere only takes the place of such rows.
 * Rows that were loaded with LOAD.id have ids that tell no file.
 */
const REPLACED = `dataset = $dataset AND path = $file AND rows > 0 AND NOT (file_key = $fileKey AND index_name = $index)
  AND (index_name LIKE 'lake:%') = ($index LIKE 'lake:%') AND coalesce(ids, '') = ''
  AND CASE (SELECT iif(action = 'delete', 'deletion', iif(append_key = 0, 'replace', iif(read_from IS NULL, 'append', 'stored')))
            FROM runs WHERE id = $id)
    WHEN 'replace' THEN TRUE
    WHEN 'stored' THEN file_key = $fileKey OR content_hash = $contentHash
    WHEN 'append' THEN kept = 0 OR file_key = $fileKey OR content_hash = $contentHash
    ELSE kept = 0
  END
  ORDER BY file_key, index_name LIMIT ${MOST_REPLACED}`;

function replacedBy(store: Store, run: Run): LedgerEntry['replaces'] {
  const sql = `SELECT index_name AS "index", file_key AS FILE_KEY, rows AS FILE_ROWS FROM ledger WHERE ${REPLACED}`;
  return store.all<LedgerEntry['replaces'][number]>(sql, replacedOf(run)).map(row => ({ ...row }));
}

function replacedOf({ id, dataset, file, fileKey, index, contentHash }: Run) {
  return { id, dataset, file, fileKey, index, contentHash };
}

export function started(store: Store, lease: Lease, runner: string, handle: string): void {
  const { id, attempt } = requireLease(store, lease);
  store.updateRun(id, 'runner = $runner, handle = $handle', { runner, handle });
  const sql = 'UPDATE attempts SET runner = $runner, handle = $handle WHERE run_id = $id AND attempt = $attempt';
  store.execute(sql, { runner, handle, id, attempt });
}

export function progress(store: Store, lease: Lease, now: NonNullable<Run['progress']>): void {
  const { id } = requireLease(store, lease);
  store.updateRun(id, 'progress_rows = $rows, progress_bytes = $bytes, progress_total_bytes = $totalBytes', {
    ...now,
  });
}

/** No change of the run: nobody waits to hear of it. */
export function decided(store: Store, lease: Lease, decisions: readonly Decision[]): void {
  const { id } = requireLease(store, lease);
  store.execute('UPDATE runs SET decisions = $decisions WHERE id = $id', { id, decisions: JSON.stringify(decisions) });
}

export function reserve(store: Store, lease: Lease, rows: number): void {
  const run = requireLease(store, lease);
  if (run.fileKey === null || run.index === null)
    throw bug(run, 'rows can be reserved only after its ledger was asked for');
  store.execute('UPDATE ledger SET rows = max(rows, $rows) WHERE file_key = $fileKey AND index_name = $index', {
    rows,
    fileKey: run.fileKey,
    index: run.index,
  });
}

export function finish(
  store: Store,
  lease: Lease,
  unbounded: Finish,
  now: number,
  exitCode: number | null = null,
): Run {
  const run = requireLease(store, lease);
  const how = bounded(unbounded);
  const closing = { now, exitCode };
  switch (how.to) {
    case 'done':
      closeAttempt(store, run, { ...closing, outcome: 'done', error: how.error });
      settleLedger(store, run, how);
      countMended(store, run, how.rows.loaded);
      noteBeside(store, run);
      return end(store, run, 'done', how.rows, how.error, now, how);
    case 'queued':
      closeAttempt(store, run, { ...closing, outcome: how.counts ? 'retry' : 'wait', error: how.error });
      return again(store, run, how, now);
    case 'superseded':
      return superseded(store, run, how, closing);
    default:
      if (how.lookAgain) forgetVersion(store, run);
      closeAttempt(store, run, { ...closing, outcome: how.to, error: how.error });
      return end(store, run, how.to, how.rows, how.error, now);
  }
}

function bounded(how: Finish): Finish {
  if (how.to !== 'superseded') return { ...how, error: boundedError(how.error) } as Finish;
  return { ...how, repeated: { ...how.repeated, error: boundedError(how.repeated.error) } };
}

/**
 * Rule 4: a version in the index that the journal knows nothing of came before a journal that was lost: VERSION goes above it. Who says so of
 * a version that was raised already may say so without end.
 */
function superseded(
  store: Store,
  run: Run,
  { indexVersion, repeated }: Extract<Finish, { to: 'superseded' }>,
  closing: Omit<Closing, 'outcome' | 'error'>,
): Run {
  const { now } = closing;
  const newer = newerRun(store, run);
  if (newer !== undefined) {
    const error = `superseded by run ${newer.id}, a newer version of the file`;
    closeAttempt(store, run, { ...closing, outcome: 'superseded', error });
    return end(store, run, 'skipped', null, error, now);
  }
  const isRepeated = wasRaised(store, run);
  if (isRepeated && repeated.to === 'failed') {
    closeAttempt(store, run, { ...closing, outcome: 'failed', error: repeated.error });
    return end(store, run, 'failed', repeated.rows, repeated.error, now);
  }
  const version = allocateVersion(store, run.dataset, now, indexVersion + 1);
  const error = `the index holds version ${indexVersion}, which the journal does not know; going on with ${version}`;
  closeAttempt(store, run, { ...closing, outcome: 'superseded', error });
  return again(
    store,
    run,
    { ...(isRepeated && repeated.to === 'queued' ? repeated : { dueAt: now, error }), version },
    now,
  );
}

function wasRaised(store: Store, { id }: Run): boolean {
  const sql = "SELECT 1 FROM attempts WHERE run_id = $id AND outcome LIKE '%superseded' LIMIT 1";
  return store.get(sql, { id }) !== undefined;
}

interface Again {
  dueAt: number;
  error: string;
  /** Whether it uses up one of RETRIES, or was a wait; neither where it is queued with a new version. */
  counts?: boolean;
  version?: number;
}

/** Back into the line, unless it is not wanted any more or a newer version stands there. */
function again(store: Store, run: Run, how: Again, now: number): Run {
  if (run.cancelRequested) return end(store, run, 'cancelled', null, `cancelled on request; ${how.error}`, now);
  const newer = waitingRun(store, run.dataset, run.file);
  if (newer !== undefined) {
    const error = `run ${newer.id} brings a newer version of the file; ${how.error}`;
    return end(store, run, 'skipped', null, error, now);
  }
  return store.updateRun(
    run.id,
    `state = 'queued', due_at = $dueAt, ready = $ready, error = $error, batch = NULL, version = coalesce($version, version),
     retries_used = retries_used + $retry, waits = CASE WHEN $retry = 1 THEN 0 ELSE waits + $wait END, ${LEAVES}`,
    {
      dueAt: how.dueAt,
      ready: how.dueAt <= now ? 1 : 0,
      error: how.error,
      version: how.version ?? null,
      retry: how.counts === true ? 1 : 0,
      wait: how.counts === false ? 1 : 0,
    },
  );
}

function end(
  store: Store,
  run: Run,
  state: Run['state'],
  rows: Rows | null,
  error: string | null,
  now: number,
  { toCheck = [], valuesLeftOut = 0 }: Told = {},
): Run {
  const ended = store.updateRun(
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
  setRejectedThere(store, ended);
  noteEnd(store, ended);
  return ended;
}

/** Rules 3 and 5: what the target holds of the path after a run is done. */
function settleLedger(store: Store, run: Run, how: Extract<Finish, { to: 'done' }>): void {
  const { rows, left = [] } = how;
  if (run.fileKey === null || run.index === null) return;
  const { fileKey, index } = run;
  const isLeft = left.some(each => each.FILE_KEY === fileKey && each.index === index);
  if (run.action === 'mend') {
    // Its rows are some of many. One that loads nothing replaces nothing.
    if (rows.loaded === 0) return;
    // The lake reserves nothing: that there are rows must be known all the same.
    reserve(store, run, rows.loaded);
    if (addsToVersion(store, run, false)) return;
    startRowsThere(store, run);
  } else {
    // In place again, until it is disposed of; or where it was read from.
    const sql = `UPDATE ledger SET rows = max($rows, $least * rows), kept = $kept, content_hash = $contentHash, stored = $readFrom,
      ids = coalesce($ids, ids), sketch = $sketch WHERE file_key = $fileKey AND index_name = $index`;
    store.execute(sql, {
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
    setRowsThere(store, run, run.action === 'delete' ? { loaded: 0, rejected: 0 } : rows);
  }
  const sql = `UPDATE ledger SET rows = 0 WHERE (file_key, index_name) IN (SELECT file_key, index_name FROM ledger WHERE ${REPLACED})
    AND NOT EXISTS (SELECT 1 FROM json_each($left) WHERE value ->> 'FILE_KEY' = file_key AND value ->> 'index' = index_name)`;
  store.execute(sql, { ...replacedOf(run), left: JSON.stringify(left) });
}

function closeAttempt(store: Store, run: Run, closing: Closing): void {
  store.execute(
    `UPDATE attempts SET ended_at = $now, exit_code = $exitCode, error = $error,
       outcome = CASE WHEN outcome IS NULL THEN $outcome ELSE outcome || ', ' || $outcome END
     WHERE run_id = $id AND attempt = $attempt`,
    { id: run.id, attempt: run.attempt, ...closing },
  );
}

export function attemptsOf(store: Store, runId: string): Attempt[] {
  const rows = store.all<Attempt>(
    `SELECT run_id AS runId, attempt, runner, handle, started_at AS startedAt, ended_at AS endedAt, exit_code AS exitCode,
       outcome, error FROM attempts WHERE run_id = $runId ORDER BY attempt`,
    { runId },
  );
  return rows.map(row => ({ ...row }));
}
