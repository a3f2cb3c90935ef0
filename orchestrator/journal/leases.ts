import { requireRunning } from './attempts.ts';
import type { Run } from './journal.ts';
import type { Store } from './store.ts';

export function heartbeat(store: Store, holder: string, leaseMs: number, now: number): void {
  const sql = `UPDATE runs SET lease_until = $until WHERE state = 'running' AND lease_holder = $holder`;
  store.execute(sql, { holder, until: now + leaseMs });
}

export function orphans(store: Store, holder: string): Run[] {
  // The index is named: SQLite would go through all runs for the sake of their order.
  const running = `SELECT seq FROM runs INDEXED BY runs_running WHERE state = 'running' AND lease_holder <> $holder`;
  return store.selectRuns(`seq IN (${running}) ORDER BY seq`, { holder });
}

export function adopt(store: Store, runId: string, holder: string, leaseMs: number, now: number): void {
  const run = requireRunning(store, runId);
  store.updateRun(run.id, 'lease_holder = $holder, lease_until = $until', { holder, until: now + leaseMs });
  const sql = `UPDATE attempts SET outcome = 'adopted' WHERE run_id = $runId AND attempt = $attempt`;
  store.execute(sql, { runId, attempt: run.attempt });
}

export function cancelRequests(store: Store, holder: string): Run[] {
  return store.selectRuns(`state = 'running' AND cancel_requested = 1 AND lease_holder = $holder`, { holder });
}
