import type { PruneRequest } from './journal.ts';
import type { Store } from './store.ts';

/** Runs forgotten in one transaction: about 20 ms of the event loop. */
const SLICE = 500;
/** Pages given back to the file system at a time. */
const PAGES = 1000;

const FORGET = `DELETE FROM runs WHERE seq IN (
  SELECT seq FROM runs AS old
  WHERE ended_at < $endedBefore
    AND (version IS NULL OR EXISTS (
      SELECT 1 FROM runs AS newer WHERE newer.dataset = old.dataset AND newer.file = old.file AND newer.version > old.version
        AND newer.action <> 'mend'))
    AND NOT EXISTS (SELECT 1 FROM disposals WHERE disposals.run_id = old.id AND disposals.state = 'intended')
  LIMIT ${SLICE}) RETURNING id`;

/** Forgets in slices, other work in between; then gives the freed pages back to the disk. */
export async function prune(store: Store, request: PruneRequest): Promise<string[]> {
  const forgotten: string[] = [];
  for (;;) {
    const rows = await store.writeAlone(() => store.all<{ id: string }>(FORGET, { endedBefore: request.endedBefore }));
    forgotten.push(...rows.map(row => row.id));
    if (rows.length < SLICE) break;
  }
  if (forgotten.length > 0) await store.writeAlone(() => store.all(`PRAGMA incremental_vacuum(${PAGES})`));
  return forgotten;
}
