import { isWhollyRejected } from '../../text/mend-refusal.ts';
import type { Rows, Run } from '../journal.ts';
import type { Tx } from './tx.ts';

/**
 * What the target holds of a run's key, as a load says that took the place of the one before. Of an index that was
 * built anew nothing else is there.
 */
export function setRowsThere(tx: Tx, run: Run, rows: Pick<Rows, 'loaded' | 'rejected'>): void {
  const { fileKey, index } = run;
  if (fileKey === null || index === null) return;
  const key = { fileKey, index };
  tx.execute(
    'UPDATE ledger SET loaded = $loaded, rejected = $rejected WHERE file_key = $fileKey AND index_name = $index',
    { ...key, loaded: rows.loaded, rejected: rows.rejected },
  );
  tx.execute(
    `UPDATE ledger SET loaded = 0, rejected = 0 WHERE dataset = $dataset AND index_name = $index AND built_by <> (
       SELECT built_by FROM ledger WHERE file_key = $fileKey AND index_name = $index)`,
    { ...key, dataset: run.dataset },
  );
}

/** A version of which every row was rejected: its rows can be mended; what a former version loaded is still there. */
export function setRejectedThere(tx: Tx, { state, rows, action, fileKey, index }: Run): void {
  if (action === 'mend' || rows === null || !isWhollyRejected({ state, rows })) return;
  const sql = 'UPDATE ledger SET rejected = $rejected WHERE file_key = $fileKey AND index_name = $index';
  tx.execute(sql, { rejected: rows.rejected, fileKey, index });
}

/** Rows that a mend loaded beside the others of its version. */
export function addMendedThere(tx: Tx, { fileKey, index }: Run, more: number): void {
  tx.execute(
    `UPDATE ledger SET loaded = loaded + $more, rejected = max(rejected - $more, 0)
     WHERE file_key = $fileKey AND index_name = $index`,
    { more, fileKey, index },
  );
}

/** Whose load builds the index that it goes to: what others built is no longer there once it is done. */
export function noteBuilder(tx: Tx, { id, batch, action, fileKey, index }: Run): void {
  if (action === 'mend') return;
  const sql = 'UPDATE ledger SET built_by = $builder WHERE file_key = $fileKey AND index_name = $index';
  tx.execute(sql, { builder: batch ?? id, fileKey, index });
}
