import type { Decision } from '../../../default-etl/contract/contract.ts';
import { OrchestratorError } from '../../errors.ts';
import {
  type DatasetSummary,
  type FoundPath,
  RUN_STATES,
  type RunFilter,
  type RunPage,
  type RunState,
} from '../journal.ts';
import { foldPath, hasPart } from './paths.ts';
import { type RunRow, RUN_COLUMNS, toRun } from './run-row.ts';
import type { Parameters, Transactions, Tx } from './tx.ts';

/** A part of a path that is looked for among many runs. */
export interface Search {
  /** As foldPath() makes it. */
  part: string;
  filter: RunFilter;
  /** Only runs that were made before this one. */
  before: number;
  limit: number;
}

/** Resolves with the runs that have it, the newest first: how a part of a text is found among a million is the database's own. */
export type SearchRuns = (search: Search) => Promise<RunRow[]>;

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** Of so few runs that fulfil the rest of a filter each is looked at for a part of its path: 20 ms. */
const FEW = 10_000;

/**
 * A page, newest first. The cursor is the place of the last run in the order of creation, so that runs made meanwhile move
 * nothing. Each state of each dataset is read from its own stretch of an index and the stretches are merged: a rare state is
 * found at once among a million runs.
 */
export async function runs(store: Transactions, filter: RunFilter, search: SearchRuns): Promise<RunPage> {
  const rows = await rowsOf(store, filter, search);
  return pageOf(filter, rows);
}

/** Of what is read newest first, a page: one more is read than it holds, if there are as many. */
export function pageOf(filter: { limit?: number }, rows: readonly RunRow[]): RunPage {
  const limit = sizeOf(filter);
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return { items: items.map(toRun), nextCursor: last === undefined ? null : String(last.seq) };
}

/** How many runs a page holds. */
export function sizeOf({ limit = DEFAULT_LIMIT }: { limit?: number }): number {
  return Math.min(Math.max(limit, 1), MAX_LIMIT);
}

async function rowsOf(store: Transactions, filter: RunFilter, search: SearchRuns): Promise<RunRow[]> {
  const { file } = filter;
  const limit = sizeOf(filter) + 1;
  const few = await store.read(() =>
    !file || countOf(store, filter) <= FEW ? select(store, filter, limit) : undefined,
  );
  if (few !== undefined || !file) return few ?? [];
  return search({ part: foldPath(file), filter, before: parseCursor(filter.cursor), limit });
}

/** How many runs there are at most. */
function countOf(tx: Tx, { dataset, states, toCheck }: RunFilter): number {
  const ofDataset = (column: string) => (dataset === undefined ? '' : `AND ${column} = $dataset`);
  const parameters = dataset === undefined ? {} : { dataset };
  const sum = toCheck
    ? `SELECT sum(runs_to_check) AS runs FROM datasets WHERE true ${ofDataset('name')}`
    : `SELECT sum(runs) AS runs FROM counts WHERE state IN (SELECT value FROM json_each($states)) ${ofDataset('dataset')}`;
  const all = toCheck ? parameters : { ...parameters, states: JSON.stringify(states ?? RUN_STATES) };
  return tx.get<{ runs: number | null }>(sum, all)?.runs ?? 0;
}

function select(tx: Tx, filter: RunFilter, limit: number): RunRow[] {
  const { dataset, states, toCheck, path } = filter;
  if (dataset !== undefined && path !== undefined) return ofPath(tx, { ...filter, dataset, path }, limit);
  const base = { before: parseCursor(filter.cursor), limit, ...(filter.file ? { part: foldPath(filter.file) } : {}) };
  if (dataset === undefined && states === undefined && !toCheck) return stretch(tx, '', base);
  const datasets = dataset === undefined ? datasetNames(tx) : [dataset];
  const found = datasets.flatMap(name => {
    if (toCheck) return doubted(tx, states, { ...base, dataset: name });
    return (states ?? RUN_STATES).flatMap(state =>
      stretch(tx, 'dataset = $dataset AND state = $state AND', { ...base, dataset: name, state }),
    );
  });
  return found.toSorted((a, b) => b.seq - a.seq).slice(0, limit);
}

/** Only runs that are done have something to check. */
function doubted(
  tx: Tx,
  states: readonly RunState[] | undefined,
  parameters: Parameters & { part?: string },
): RunRow[] {
  if (states?.includes('done') === false) return [];
  return stretch(tx, 'to_check IS NOT NULL AND dataset = $dataset AND', parameters);
}

/** A path has as many runs as it had versions: only those of the page are read whole. */
function ofPath(tx: Tx, { dataset, path, states, cursor }: RunFilter & { path: string }, limit: number): RunRow[] {
  const ofStates = states === undefined ? '' : 'AND state IN (SELECT value FROM json_each($states))';
  const of = (version: string) =>
    `SELECT seq FROM runs WHERE dataset = $dataset AND file = $path AND version ${version} AND seq < $before ${ofStates}`;
  const page = `${of('IS NULL')} UNION ALL ${of('IS NOT NULL')} ORDER BY seq DESC LIMIT $limit`;
  return tx.all<RunRow>(`SELECT ${RUN_COLUMNS} FROM runs WHERE seq IN (${page}) ORDER BY seq DESC`, {
    dataset: dataset ?? null,
    path,
    before: parseCursor(cursor),
    limit,
    ...(states === undefined ? {} : { states: JSON.stringify(states) }),
  });
}

function stretch(tx: Tx, where: string, parameters: Parameters & { part?: string }): RunRow[] {
  const search = parameters.part === undefined ? '' : `AND ${hasPart(parameters.part)}`;
  const sql = `SELECT ${RUN_COLUMNS} FROM runs WHERE ${where} seq < $before ${search} ORDER BY seq DESC LIMIT $limit`;
  return tx.all<RunRow>(sql, parameters);
}

/** Cursors are checked whoever asks. */
export function parseCursor(cursor: string | undefined): number {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER;
  const seq = /^[0-9]{1,15}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (Number.isNaN(seq))
    throw new OrchestratorError('never', `${cursor} is not a cursor; take nextCursor of the page before`);
  return seq;
}

function datasetNames(tx: Tx): string[] {
  return tx.all<{ name: string }>('SELECT name FROM datasets').map(row => row.name);
}

interface SummaryRow {
  name: string;
  paused: number;
  rows_loaded: number;
  rows_rejected: number;
  rows_mended: number;
  rows_filtered: number;
  rows_there: number;
  rows_to_mend: number;
  values_left_out: number;
  last_ended_at: number | null;
  loads_notice: string | null;
}

export function summaries(tx: Tx): DatasetSummary[] {
  const counts = tx.all<{ dataset: string; state: RunState; runs: number }>('SELECT dataset, state, runs FROM counts');
  const attention = tx.all<{ dataset: string; kind: string; runs: number }>(
    'SELECT dataset, kind, count(*) AS runs FROM attention WHERE acknowledged_at IS NULL GROUP BY dataset, kind',
  );
  const toLookAfter = new Map(attention.map(({ dataset, kind, runs: number }) => [`${kind} ${dataset}`, number]));
  const byDataset = Map.groupBy(counts, row => row.dataset);
  return tx.all<SummaryRow>('SELECT * FROM datasets ORDER BY name').map(row => ({
    dataset: row.name,
    paused: row.paused === 1,
    counts: countStates(byDataset.get(row.name) ?? []),
    rowsLoaded: row.rows_loaded,
    rowsRejected: row.rows_rejected,
    rowsMended: row.rows_mended,
    rowsFiltered: row.rows_filtered,
    runsFailed: toLookAfter.get(`failed ${row.name}`) ?? 0,
    runsToCheck: toLookAfter.get(`to-check ${row.name}`) ?? 0,
    rowsThere: row.rows_there,
    rowsToMend: row.rows_to_mend,
    valuesLeftOut: row.values_left_out,
    lastEndedAt: row.last_ended_at,
    loadsNotice: row.loads_notice,
  }));
}

function countStates(rows: Array<{ state: RunState; runs: number }>): Record<RunState, number> {
  const counts = Object.fromEntries(RUN_STATES.map(state => [state, 0])) as Record<RunState, number>;
  for (const { state, runs: count } of rows) counts[state] = count;
  return counts;
}

export function nextDueAt(tx: Tx, now: number): number | null {
  const sql = `SELECT min(due_at) AS due FROM runs WHERE state = 'queued' AND ready = 0 AND due_at > $now`;
  return tx.get<{ due: number | null }>(sql, { now })?.due ?? null;
}

export function decisions(tx: Tx, runId: string): Decision[] {
  const row = tx.get<{ decisions: string | null }>('SELECT decisions FROM runs WHERE id = $runId', { runId });
  return row?.decisions ? (JSON.parse(row.decisions) as Decision[]) : [];
}

/** So many of each state are looked at for one that was started: there may be a million that never were. */
const NEWEST = 100;

export function lastRunner(tx: Tx, dataset: string | null): string | null {
  if (dataset === null) {
    const sql = 'SELECT runner FROM runs WHERE runner IS NOT NULL ORDER BY seq DESC LIMIT 1';
    return tx.get<{ runner: string }>(sql)?.runner ?? null;
  }
  const newest = `SELECT runner, seq FROM runs WHERE dataset = $dataset AND state = $state ORDER BY seq DESC LIMIT ${NEWEST}`;
  const sql = `SELECT runner, seq FROM (${newest}) WHERE runner IS NOT NULL LIMIT 1`;
  const started = RUN_STATES.flatMap(state => tx.get<{ runner: string; seq: number }>(sql, { dataset, state }) ?? []);
  return started.toSorted((a, b) => b.seq - a.seq)[0]?.runner ?? null;
}

/** Runs know a file by its root and the path below it: each way to cut the path in two is looked up. */
export function pathsAt(tx: Tx, absolute: string): FoundPath[] {
  const moved = tx.all<FoundPath>(
    'SELECT dataset, file, id AS runId FROM runs WHERE id IN (SELECT run_id FROM disposals WHERE target = $absolute)',
    { absolute },
  );
  const cuts = [...absolute.matchAll(/\//g)].map(({ index }) => ({
    root: absolute.slice(0, index) || '/',
    file: absolute.slice(index + 1),
  }));
  const has = (version: string) =>
    `EXISTS (SELECT 1 FROM runs WHERE dataset = name AND file = $file AND version ${version} AND root = $root)`;
  const sql = `SELECT name AS dataset, $file AS file, NULL AS runId FROM datasets WHERE ${has('IS NOT NULL')} OR ${has('IS NULL')}`;
  const known = cuts.filter(({ file }) => file !== '').flatMap(cut => tx.all<FoundPath>(sql, cut));
  return [...moved, ...known].map(row => ({ ...row }));
}
