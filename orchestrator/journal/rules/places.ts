import type { WatchedPlace } from '../journal.ts';
import { ensureDataset } from './paths.ts';
import type { Transactions, Tx } from './tx.ts';

/** Files doubted, or trusted, in one transaction: some 10 ms of the event loop. */
const SLICE = 1000;

export function place(tx: Tx, dataset: string): WatchedPlace | null {
  const row = tx.get<{ place: string | null }>('SELECT place FROM datasets WHERE name = $dataset', { dataset });
  return row?.place ? (JSON.parse(row.place) as WatchedPlace) : null;
}

interface Move {
  now: WatchedPlace;
  folders: readonly string[];
  signal: AbortSignal | undefined;
}

/** Doubts first: whoever is killed in between finds WATCH_DIR changed again. */
export async function recordPlace(store: Transactions, dataset: string, { now, folders, signal }: Move): Promise<void> {
  await store.write(() => ensureDataset(store, dataset));
  for (const folder of folders) {
    for (let after: string | undefined = ''; after !== undefined; ) {
      if (signal?.aborted) return;
      const from: string = after;
      after = await store.writeAlone(() => doubtSlice(store, dataset, folder, from));
    }
  }
  const sql = 'UPDATE datasets SET place = $place WHERE name = $dataset';
  await store.write(() => store.execute(sql, { dataset, place: JSON.stringify(now) }));
}

/**
 * Returns the last path of the slice, or undefined where none follows. A path that is doubted already stays so for the
 * reason it had: both must be over.
 */
function doubtSlice(tx: Tx, dataset: string, folder: string, after: string): string | undefined {
  const within = folder === '' ? '' : `AND path > $folder || '/' AND path < $folder || '0'`;
  const slice = `SELECT path FROM files WHERE dataset = $dataset AND present = 1 AND path > $after ${within} ORDER BY path LIMIT ${SLICE}`;
  const parameters = { dataset, after, ...(folder === '' ? {} : { folder }) };
  const paths = tx.all<{ path: string }>(slice, parameters);
  const doubt = 'INSERT INTO doubts (dataset, path, folder) VALUES ($dataset, $path, $folder) ON CONFLICT DO NOTHING';
  for (const { path } of paths) tx.execute(doubt, { dataset, path, folder });
  return paths.length < SLICE ? undefined : paths.at(-1)?.path;
}

/** From one folder to the next: there may be a million files in each. */
export function suspects(tx: Tx, dataset: string): string[] {
  const sql = `WITH RECURSIVE folders (folder) AS (
      SELECT min(folder) FROM doubts WHERE dataset = $dataset
      UNION ALL
      SELECT (SELECT min(folder) FROM doubts WHERE dataset = $dataset AND folder > folders.folder) FROM folders WHERE folder IS NOT NULL
    ) SELECT folder FROM folders WHERE folder IS NOT NULL`;
  return tx.all<{ folder: string }>(sql, { dataset }).map(row => row.folder);
}

/** How many were doubted. */
export async function clearSuspects(store: Transactions, dataset: string, folder: string | null): Promise<number> {
  const where = `dataset = $dataset ${folder === null ? '' : 'AND folder = $folder'}`;
  const sql = `DELETE FROM doubts WHERE dataset = $dataset AND path IN (SELECT path FROM doubts WHERE ${where} LIMIT ${SLICE})`;
  const parameters = { dataset, ...(folder === null ? {} : { folder }) };
  for (let all = 0; ; ) {
    const trusted = await store.writeAlone(() => store.execute(sql, parameters));
    all += trusted;
    if (trusted < SLICE) return all;
  }
}
