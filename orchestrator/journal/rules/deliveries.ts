import type { Deliveries, Loads, LoadedKey, RowsUnder, Run } from '../journal.ts';
import { ensureDataset, requireRun } from './paths.ts';
import type { Tx } from './tx.ts';

/** A file is compared with no more than so many former ones of its path: the newest. */
const MOST_COMPARED = 20;
/** Keys in one page. */
const PAGE = 1000;

/** Rows of former files of the run's path that stay beside its own. Only with a key of the content. */
const BESIDE = `dataset = $dataset AND path = $file AND rows > 0 AND kept = 1 AND index_name = $index AND file_key <> $fileKey
  AND content_hash IS NOT $contentHash`;

/** While it is running still. */
export function noteBeside(tx: Tx, { id, dataset, file, fileKey, index, contentHash }: Run): void {
  const sql = `SELECT count(*) AS others FROM ledger WHERE ${BESIDE}
    AND EXISTS (SELECT 1 FROM runs WHERE id = $id AND append_key = 1 AND action IN ('add', 'change'))`;
  const others = tx.get<{ others: number }>(sql, { id, dataset, file, fileKey, index, contentHash })?.others ?? 0;
  if (others > 0) tx.execute('UPDATE runs SET beside = $others WHERE id = $id', { id, others });
}

export function deliveries(tx: Tx, runId: string): Deliveries {
  const { dataset, file, fileKey, index, contentHash } = requireRun(tx, runId);
  const sql = `SELECT rows, sketch FROM ledger WHERE ${BESIDE} AND sketch IS NOT NULL ORDER BY first_seen_at DESC LIMIT ${MOST_COMPARED}`;
  const rows = tx.all<{ rows: number; sketch: Uint8Array }>(sql, { dataset, file, fileKey, index, contentHash });
  return rows.map(({ rows: count, sketch }) => ({ rows: count, sketch: Buffer.from(sketch) }));
}

export function loads(tx: Tx): Loads[] {
  const sql = 'SELECT name AS dataset, loads, loads_notice AS notice FROM datasets';
  return tx.all<Loads>(sql).map(row => ({ ...row }));
}

export function setLoads(tx: Tx, { dataset, loads: how, notice }: Loads): void {
  ensureDataset(tx, dataset);
  const sql = 'UPDATE datasets SET loads = $how, loads_notice = $notice WHERE name = $dataset';
  tx.execute(sql, { dataset, how, notice });
}

/** Walks all keys of a dataset: for where settings changed, which is rare. */
export function rowsUnder(tx: Tx, dataset: string): RowsUnder[] {
  const sql = `SELECT index_name AS "index", ids, count(*) AS files, count(DISTINCT path) AS paths, sum(rows) AS rows FROM ledger
    WHERE dataset = $dataset AND rows > 0 GROUP BY index_name, ids ORDER BY index_name, ids`;
  return tx.all<RowsUnder>(sql, { dataset }).map(row => ({ ...row }));
}

/** A page of the keys that have rows, by path; those of a path from the oldest to the newest. */
export function loadedKeys(tx: Tx, dataset: string, after: string): LoadedKey[] {
  const paths = `SELECT DISTINCT path FROM ledger WHERE dataset = $dataset AND path > $after ORDER BY path LIMIT ${PAGE}`;
  const sql = `SELECT path AS file, index_name AS "index", kept, stored, content_hash AS contentHash, rows FROM ledger
    WHERE dataset = $dataset AND path IN (${paths}) ORDER BY path, first_seen_at`;
  return tx
    .all<Omit<LoadedKey, 'kept'> & { kept: number }>(sql, { dataset, after })
    .map(row => ({ ...row, kept: row.kept === 1 }));
}

/** What a dataset has loaded is another one's: the next file of a path takes its place there. Returns of how many files. */
export function carryOver(tx: Tx, from: string, to: string): number {
  ensureDataset(tx, to);
  const sums =
    'SELECT coalesce(sum(loaded), 0) AS loaded, coalesce(sum(rejected), 0) AS rejected FROM ledger WHERE dataset = $from AND rows > 0';
  const { loaded = 0, rejected = 0 } = tx.get<{ loaded: number; rejected: number }>(sums, { from }) ?? {};
  const add =
    'UPDATE datasets SET rows_there = rows_there + $loaded, rows_to_mend = rows_to_mend + $rejected WHERE name = $name';
  tx.execute(add, { name: from, loaded: -loaded, rejected: -rejected });
  tx.execute(add, { name: to, loaded, rejected });
  return tx.execute('UPDATE ledger SET dataset = $to WHERE dataset = $from AND rows > 0', { from, to });
}
