import type { Decision } from '../../default-etl/contract.ts';
import { OrchestratorError } from '../errors.ts';
import { type DatasetSummary, RUN_STATES, type Run, type RunFilter, type RunPage, type RunState } from './journal.ts';
import { foldPath } from './paths.ts';
import { type RunRow, RUN_COLUMNS, toRun } from './run-row.ts';
import { searchRuns } from './searching.ts';
import type { Parameters, Store } from './store.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** Of so few runs that fulfil the rest of a filter each is looked at for a part of its path: 20 ms. */
const FEW = 10_000;

/**
 * A page, newest first. The cursor is the place of the last run in the order of creation, so that runs made meanwhile move
 * nothing. Each state of each dataset is read from its own stretch of an index and the stretches are merged: a rare state is
 * found at once among a million runs.
 */
export async function runs(store: Store, filter: RunFilter): Promise<RunPage> {
  const limit = Math.min(Math.max(filter.limit ?? DEFAULT_LIMIT, 1), MAX_LIMIT);
  const rows = await rowsOf(store, filter, limit + 1);
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return { items: items.map(toRun), nextCursor: last === undefined ? null : String(last.seq) };
}

async function rowsOf(store: Store, filter: RunFilter, limit: number): Promise<RunRow[]> {
  const { file } = filter;
  const few = await store.read(() =>
    !file || countOf(store, filter) <= FEW ? select(store, filter, limit) : undefined,
  );
  if (few !== undefined || !file) return few ?? [];
  return searchRuns(store, { part: foldPath(file), filter, before: parseCursor(filter.cursor), limit });
}

/** How many runs there are at most. */
function countOf(store: Store, { dataset, states, toCheck }: RunFilter): number {
  const ofDataset = (column: string) => (dataset === undefined ? '' : `AND ${column} = $dataset`);
  const parameters = dataset === undefined ? {} : { dataset };
  const sum = toCheck
    ? `SELECT sum(runs_to_check) AS runs FROM datasets WHERE true ${ofDataset('name')}`
    : `SELECT sum(runs) AS runs FROM counts WHERE state IN (SELECT value FROM json_each($states)) ${ofDataset('dataset')}`;
  const all = toCheck ? parameters : { ...parameters, states: JSON.stringify(states ?? RUN_STATES) };
  return store.get<{ runs: number | null }>(sum, all)?.runs ?? 0;
}

function select(store: Store, filter: RunFilter, limit: number): RunRow[] {
  const { dataset, states, toCheck } = filter;
  const base = { before: parseCursor(filter.cursor), limit, ...(filter.file ? { part: foldPath(filter.file) } : {}) };
  if (dataset === undefined && states === undefined && !toCheck) return stretch(store, '', base);
  const datasets = dataset === undefined ? datasetNames(store) : [dataset];
  const found = datasets.flatMap(name => {
    if (toCheck) return doubted(store, states, { ...base, dataset: name });
    return (states ?? RUN_STATES).flatMap(state =>
      stretch(store, 'dataset = $dataset AND state = $state AND', { ...base, dataset: name, state }),
    );
  });
  return found.toSorted((a, b) => b.seq - a.seq).slice(0, limit);
}

/** Only runs that are done have something to check. */
function doubted(store: Store, states: readonly RunState[] | undefined, parameters: Parameters): RunRow[] {
  if (states?.includes('done') === false) return [];
  return stretch(store, 'to_check IS NOT NULL AND dataset = $dataset AND', parameters);
}

function stretch(store: Store, where: string, parameters: Parameters): RunRow[] {
  const search = 'part' in parameters ? 'AND instr(file_folded, $part) > 0' : '';
  const sql = `SELECT ${RUN_COLUMNS} FROM runs WHERE ${where} seq < $before ${search} ORDER BY seq DESC LIMIT $limit`;
  return store.all<RunRow>(sql, parameters);
}

function parseCursor(cursor: string | undefined): number {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER;
  const seq = /^[0-9]{1,15}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (Number.isNaN(seq))
    throw new OrchestratorError('never', `${cursor} is not a cursor; take nextCursor of the page before`);
  return seq;
}

function datasetNames(store: Store): string[] {
  return store.all<{ name: string }>('SELECT name FROM datasets').map(row => row.name);
}

interface SummaryRow {
  name: string;
  paused: number;
  rows_loaded: number;
  rows_rejected: number;
  rows_mended: number;
  rows_filtered: number;
  runs_to_check: number;
  last_ended_at: number | null;
}

export function summaries(store: Store): DatasetSummary[] {
  const counts = store.all<{ dataset: string; state: RunState; runs: number }>(
    'SELECT dataset, state, runs FROM counts',
  );
  const byDataset = Map.groupBy(counts, row => row.dataset);
  return store.all<SummaryRow>('SELECT * FROM datasets ORDER BY name').map(row => ({
    dataset: row.name,
    paused: row.paused === 1,
    counts: countStates(byDataset.get(row.name) ?? []),
    rowsLoaded: row.rows_loaded,
    rowsRejected: row.rows_rejected,
    rowsMended: row.rows_mended,
    rowsFiltered: row.rows_filtered,
    runsToCheck: row.runs_to_check,
    lastEndedAt: row.last_ended_at,
  }));
}

function countStates(rows: Array<{ state: RunState; runs: number }>): Record<RunState, number> {
  const counts = Object.fromEntries(RUN_STATES.map(state => [state, 0])) as Record<RunState, number>;
  for (const { state, runs: count } of rows) counts[state] = count;
  return counts;
}

export function nextDueAt(store: Store, now: number): number | null {
  const sql = `SELECT min(due_at) AS due FROM runs WHERE state = 'queued' AND ready = 0 AND due_at > $now`;
  return store.get<{ due: number | null }>(sql, { now })?.due ?? null;
}

export function runById(store: Store, id: string): Run | undefined {
  return store.selectRuns('id = $id', { id })[0];
}

export function decisions(store: Store, runId: string): Decision[] {
  const row = store.get<{ decisions: string | null }>('SELECT decisions FROM runs WHERE id = $runId', { runId });
  return row?.decisions ? (JSON.parse(row.decisions) as Decision[]) : [];
}

export function lastRunner(store: Store, dataset: string | null): string | null {
  const where = dataset === null ? '' : 'dataset = $dataset AND';
  const sql = `SELECT runner FROM runs WHERE ${where} runner IS NOT NULL ORDER BY seq DESC LIMIT 1`;
  return store.get<{ runner: string }>(sql, dataset === null ? {} : { dataset })?.runner ?? null;
}
