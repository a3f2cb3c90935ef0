import { OrchestratorError } from '../../errors.ts';
import type { Lease, LeaseRequest, Run } from '../journal.ts';
import { bug, requireRun } from './paths.ts';
import type { Tx } from './tx.ts';

export function heartbeat(tx: Tx, { holder, leaseMs, now }: LeaseRequest): void {
  const sql = `UPDATE runs SET lease_until = $until WHERE state = 'running' AND lease_holder = $holder`;
  tx.execute(sql, { holder, until: now + leaseMs });
}

/** They end at a time that is over whatever becomes of the clock. */
export function endOtherLeases(tx: Tx, holder: string): void {
  tx.execute(`UPDATE runs SET lease_until = 0 WHERE state = 'running' AND lease_holder <> $holder`, { holder });
}

export function takeOver(tx: Tx, { holder, leaseMs, now }: LeaseRequest): Run[] {
  // The index is named: SQLite would go through all runs for the sake of their order.
  // rule 10: a run is leased to one orchestrator
  const expired = `SELECT seq FROM runs INDEXED BY runs_running WHERE state = 'running' AND lease_holder <> $holder AND lease_until <= $now`;
  return tx.selectRuns(`seq IN (${expired}) ORDER BY seq`, { holder, now }).map(({ id, attempt }) => {
    tx.execute('UPDATE attempts SET holder = $holder WHERE run_id = $id AND attempt = $attempt', {
      holder,
      id,
      attempt,
    });
    return tx.updateRun(id, 'lease_holder = $holder, lease_until = $until', { holder, until: now + leaseMs });
  });
}

export function adopt(tx: Tx, lease: Lease): void {
  const { id, attempt } = requireLease(tx, lease);
  const sql = `UPDATE attempts SET outcome = 'adopted' WHERE run_id = $id AND attempt = $attempt`;
  tx.execute(sql, { id, attempt });
}

export function cancelRequests(tx: Tx, holder: string): Run[] {
  return tx.selectRuns(`state = 'running' AND cancel_requested = 1 AND lease_holder = $holder`, { holder });
}

/**
 * The run, if this attempt of it goes on and its holder is this one. Throws `never` where another holder took it over,
 * else a bug.
 */
export function requireLease(tx: Tx, { id, attempt, leaseHolder }: Lease): Run {
  const run = requireRun(tx, id);
  // rule 10: who lost its lease can’t end the run
  if (run.state === 'running' && run.attempt === attempt && run.leaseHolder === leaseHolder) return run;
  const sql = 'SELECT holder FROM attempts WHERE run_id = $id AND attempt = $attempt';
  const holder = tx.get<{ holder: string | null }>(sql, { id, attempt })?.holder ?? leaseHolder;
  if (holder !== leaseHolder) throw lost(run, attempt, holder);
  throw bug(
    run,
    run.state === 'running'
      ? `attempt ${attempt} is not the one that runs (${run.attempt})`
      : 'it must be running for this',
  );
}

function lost({ id, dataset, file }: Run, attempt: number, holder: string | null): OrchestratorError {
  const text = `run ${id} of ${dataset}/${file}: the lease of attempt ${attempt} had ended, and orchestrator ${holder} took the run over; what became of it here is not recorded`;
  return new OrchestratorError('never', text);
}
