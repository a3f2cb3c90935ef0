import { messageOf } from '../errors.ts';
import type { Run } from '../journal/journal.ts';
import type { AttemptRef, Recovered, Runner } from '../run/runner.ts';
import { attemptOf } from './attempt.ts';
import { RUNNER_WAIT } from '../async/backoff.ts';
import { LEASE_MS, type ScheduleContext } from './context.ts';
import { retryWhile } from '../async/retry-while.ts';
import { takeBackWorkDir, tidyWorkDir, withLeft } from './left.ts';
import { mostRows } from './plausible.ts';
import { readReserved } from './reserved.ts';

/** An attempt whose orchestrator died. */
export interface Orphan {
  ref: AttemptRef;
  runs: readonly [Run, ...Run[]];
  /** null: it died before anything can have been started. */
  runner: Runner | null;
}

/** Takes over the running runs of orchestrators whose leases have ended, each batch as one. */
export async function takeOrphans(context: ScheduleContext): Promise<Orphan[]> {
  const { journal, runners, holder, environment, clock } = context;
  const taken = await journal.takeOver({ holder, leaseMs: LEASE_MS, now: clock.now() });
  const groups = Map.groupBy(taken, run => run.batch ?? run.id);
  const orphans: Orphan[] = [];
  for (const [leadId, runs] of groups) {
    const [first] = runs as [Run, ...Run[]];
    const lead = runs.find(run => run.id === leadId) ?? (await journal.run(leadId)) ?? first;
    const kind = runs.find(run => run.runner !== null)?.runner;
    orphans.push({
      ref: attemptOf(environment.dataDir, lead.id, lead.attempt, lead.dataset),
      runs: runs as [Run, ...Run[]],
      runner: kind ? runners.of(kind) : null,
    });
  }
  return orphans;
}

/**
 * Asks the runner what became of an orphan; waits as long as the engine is away, since no attempt starts before its
 * predecessor is seen dead.
 */
export async function recoverOrphan(
  { clock, logger }: ScheduleContext,
  { ref, runner }: Orphan,
  shutdown: AbortSignal,
): Promise<Recovered> {
  // rule 2: no attempt before its predecessor is seen dead
  if (!runner) return { state: 'dead' };
  return retryWhile(() => runner.recover(ref), {
    clock,
    backoff: RUNNER_WAIT,
    signal: shutdown,
    isWorthIt: () => true,
    onWait(error, failures) {
      if (failures > 1) return;
      logger.warn(
        `run ${ref.runId} waits: what became of its attempt ${ref.attempt} can't be told: ${messageOf(error)}`,
        {
          dataset: ref.datasetName,
          run: ref.runId,
        },
      );
    },
  });
}

/**
 * Gives the runs of a dead attempt back to the queue; no retry is used up, since it was not theirs to fail. One that was
 * to be cancelled, or has a newer version waiting, ends there: the journal sees to that.
 */
export async function requeueDead(
  context: ScheduleContext,
  { ref, runs }: Orphan,
  shutdown: AbortSignal,
): Promise<void> {
  const { journal, clock, logger } = context;
  await context.connections.close(ref);
  const patience = { clock, backoff: RUNNER_WAIT, signal: shutdown };
  await takeBackWorkDir(ref.workDir);
  for (const run of runs) {
    const ranMs = run.startedAt === null ? 0 : clock.now() - run.startedAt;
    const { rows: reserved } = await withLeft(ref.workDir, run.batch === null ? '' : run.id, left =>
      readReserved(left, mostRows(run, ranMs)),
    );
    // Without a key nothing of it can have been sent.
    // rule 5: also of one that a crash cut short
    if (reserved > 0 && run.fileKey !== null) await retryWhile(() => journal.reserve(run, reserved), patience);
    const now = clock.now();
    const error = `the orchestrator died during attempt ${run.attempt}; it is seen dead and the run starts over`;
    const finish = { to: 'queued' as const, dueAt: now, counts: false, error };
    await retryWhile(() => journal.finish(run, finish, now), patience);
    logger.warn(`${run.dataset}/${run.file}: ${error}`, { dataset: run.dataset, run: run.id, attempt: run.attempt });
  }
  await tidyWorkDir(ref.workDir, false);
  context.uids.free(ref.workDir);
}
