import type { Doubted, WatchedPlace } from './journal.ts';
import { ensureDataset } from './paths.ts';
import type { Store } from './store.ts';

export function place(store: Store, dataset: string): WatchedPlace | null {
  const row = store.get<{ place: string | null }>('SELECT place FROM datasets WHERE name = $dataset', { dataset });
  return row?.place ? (JSON.parse(row.place) as WatchedPlace) : null;
}

/** A path that is doubted already stays so for the reason it had: both must be over. */
export function moved(store: Store, dataset: string, now: WatchedPlace, folders: readonly string[]): void {
  ensureDataset(store, dataset);
  store.execute('UPDATE datasets SET place = $place WHERE name = $dataset', { dataset, place: JSON.stringify(now) });
  for (const folder of folders) {
    store.execute(
      `INSERT INTO doubts (dataset, path, folder)
       SELECT dataset, path, $folder FROM files
       WHERE dataset = $dataset AND present = 1 AND ($folder = '' OR substr(path, 1, length($folder) + 1) = $folder || '/')
       ON CONFLICT DO NOTHING`,
      { dataset, folder },
    );
  }
}

export function doubts(store: Store, dataset: string): Doubted[] {
  const rows = store.all<Doubted>('SELECT path, folder FROM doubts WHERE dataset = $dataset', { dataset });
  return rows.map(row => ({ ...row }));
}

/** How many were doubted. */
export function trust(store: Store, dataset: string, folder: string | null): number {
  const sql = 'DELETE FROM doubts WHERE dataset = $dataset AND ($folder IS NULL OR folder = $folder)';
  return store.execute(sql, { dataset, folder });
}
