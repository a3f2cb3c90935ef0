import { OrchestratorError } from '../../errors.ts';
import type { HeldKey } from '../journal.ts';
import { allocateVersion } from './paths.ts';
import type { Transactions, Tx } from './tx.ts';

/** In one turn of the event loop. */
const SLICE = 500;

/** The first keys of a dataset that may have rows; once they are said to be gone, the next. */
export function heldKeys(tx: Tx, dataset: string): HeldKey[] {
  const sql = `SELECT file_key AS fileKey, index_name AS "index", rows FROM ledger
    WHERE dataset = $dataset AND rows > 0 AND coalesce(ids, '') = '' LIMIT ${SLICE}`;
  return tx.all<HeldKey>(sql, { dataset }).map(row => ({ ...row }));
}

/** They are gone from the target. */
export function rowsGone(tx: Tx, { fileKey, index }: Pick<HeldKey, 'fileKey' | 'index'>): void {
  const sql = 'UPDATE ledger SET rows = 0 WHERE file_key = $fileKey AND index_name = $index';
  tx.execute(sql, { fileKey, index });
}

export function nextVersion(tx: Tx, dataset: string, now: number): number {
  return allocateVersion(tx, dataset, now);
}

/** In slices, other work in between; what a crash leaves is forgotten by the next call. */
export async function forget(store: Transactions, dataset: string): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const slice = await store.writeAlone(() => {
      assertForgettable(store, dataset);
      const sql = `DELETE FROM runs WHERE seq IN (SELECT seq FROM runs WHERE dataset = $dataset LIMIT ${SLICE}) RETURNING id`;
      return store.all<{ id: string }>(sql, { dataset });
    });
    ids.push(...slice.map(({ id }) => id));
    if (slice.length < SLICE) break;
  }
  for (const [table, key] of [
    ['files', 'path'],
    ['doubts', 'path'],
    ['ledger', 'file_key'],
  ] as const) {
    const sql = `DELETE FROM ${table} WHERE dataset = $dataset AND ${key} IN (
      SELECT ${key} FROM ${table} WHERE dataset = $dataset LIMIT ${SLICE})`;
    while ((await store.writeAlone(() => store.execute(sql, { dataset }))) > 0);
  }
  await store.writeAlone(() => {
    assertForgettable(store, dataset);
    store.execute('DELETE FROM counts WHERE dataset = $dataset', { dataset });
    store.execute('DELETE FROM datasets WHERE name = $dataset', { dataset });
  });
  return ids;
}

/** A file that is half moved would be hidden for ever. */
export function assertForgettable(tx: Tx, dataset: string): void {
  const running = "SELECT 1 FROM runs WHERE dataset = $dataset AND state = 'running' LIMIT 1";
  if (tx.get(running, { dataset }) !== undefined) {
    const advice = `cancel it, or wait for its end: orchestrator runs ${dataset} --state running`;
    throw refusal(dataset, `a run of it goes on; ${advice}`);
  }
  const moving = `SELECT source, disposals.error FROM disposals JOIN runs ON runs.id = run_id
    WHERE disposals.state = 'intended' AND runs.dataset = $dataset LIMIT 1`;
  const open = tx.get<{ source: string; error: string | null }>(moving, { dataset });
  if (open === undefined) return;
  const why = open.error === null ? '' : `, which can’t be done yet: ${open.error}`;
  throw refusal(dataset, `${open.source} is still to be moved or removed${why}; try again once it is`);
}

function refusal(dataset: string, why: string): OrchestratorError {
  return new OrchestratorError('never', `dataset ${dataset} can’t be forgotten: ${why}`);
}
