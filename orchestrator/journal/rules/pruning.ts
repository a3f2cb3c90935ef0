import { createYielder } from '../../async/yielder.ts';
import type { PruneRequest } from '../journal.ts';
import type { Transactions } from './tx.ts';

/** Runs looked at, or forgotten, in one turn of the event loop: about 20 ms. */
const SLICE = 500;
/** Pages given back to the file system at a time. */
const PAGES = 1000;

/** What may be forgotten: no path's latest version, and nothing that is still to be disposed of. */
const OLD = `(version IS NULL OR EXISTS (
    -- rule 13: pruning keeps each path’s latest version
    SELECT 1 FROM runs AS newer WHERE newer.dataset = old.dataset AND newer.file = old.file AND newer.version > old.version
      AND newer.action <> 'mend'))
  -- rule 13: not before the file is disposed of
  AND NOT EXISTS (SELECT 1 FROM disposals WHERE disposals.run_id = old.id AND disposals.state = 'intended')`;

const LOOK = `SELECT seq, ended_at AS endedAt, ${OLD} AS isOld FROM runs AS old
  WHERE ended_at < $endedBefore AND ended_at >= $from AND (ended_at > $from OR seq > $after) ORDER BY ended_at, seq LIMIT ${SLICE}`;

const FORGET = `DELETE FROM runs WHERE seq IN (
  SELECT seq FROM runs AS old WHERE seq IN (SELECT value FROM json_each($seqs)) AND ${OLD}) RETURNING id`;

interface Looked {
  seq: number;
  endedAt: number;
  isOld: number;
}

const FORGET_SKETCHES = `UPDATE ledger SET sketch = NULL WHERE (file_key, index_name) IN (
  SELECT file_key, index_name FROM ledger WHERE sketch IS NOT NULL AND first_seen_at < $endedBefore LIMIT ${SLICE})`;

/**
 * Looks at what ended long ago, the oldest first, and forgets what may be, other work in between: most of it may be
 * there to stay. Then gives the freed pages back to the disk.
 */
export async function prune(store: Transactions, { endedBefore, signal }: PruneRequest): Promise<string[]> {
  const forgotten: string[] = [];
  const breathe = createYielder();
  let place = { endedAt: Number.MIN_SAFE_INTEGER, seq: 0 };
  while (signal?.aborted !== true) {
    const parameters = { endedBefore, from: place.endedAt, after: place.seq };
    const looked = await store.read(() => store.all<Looked>(LOOK, parameters));
    const seqs = looked.filter(({ isOld }) => isOld === 1).map(({ seq }) => seq);
    if (seqs.length > 0) forgotten.push(...(await forget(store, seqs)));
    if (looked.length < SLICE) break;
    place = looked.at(-1) as Looked;
    await breathe();
  }
  while (signal?.aborted !== true && (await forgetSketches(store, endedBefore)) === SLICE) await breathe();
  if (forgotten.length > 0) await store.writeAlone(() => store.all(`PRAGMA incremental_vacuum(${PAGES})`));
  return forgotten;
}

async function forget(store: Transactions, seqs: number[]): Promise<string[]> {
  const rows = await store.writeAlone(() => store.all<{ id: string }>(FORGET, { seqs: JSON.stringify(seqs) }));
  // rule 13: FILE_ROWS and first SEEN_AT stay
  return rows.map(({ id }) => id);
}

function forgetSketches(store: Transactions, endedBefore: number): Promise<number> {
  return store.writeAlone(() => store.execute(FORGET_SKETCHES, { endedBefore }));
}
