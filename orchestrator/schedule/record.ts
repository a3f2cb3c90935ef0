import { TARGET_WAIT } from '../async/backoff.ts';
import { retryWhile } from '../async/retry-while.ts';
import { FINAL_STATES, type Finish, type Run } from '../journal/journal.ts';
import type { Conclusion } from './conclusion.ts';
import { type Left, moveRejects, secureRejects } from './left.ts';
import { logEnd } from './log-end.ts';
import { attemptPaths, shareLogFile } from './work-dir.ts';

interface Decided {
  finish: Finish;
  /** Rows that may be in the target. */
  reserved: number;
  left: Left | undefined;
}

/** Records the end of a run, and with it what is to be done with its file, which is done then. */
export async function record(conclusion: Conclusion, { finish, reserved, left }: Decided): Promise<Run> {
  const { context, dataset, file, shutdown } = conclusion;
  const { disposer, clock, logger } = context;
  const patience = { clock, backoff: TARGET_WAIT, signal: shutdown };
  // Whoever hears of the end may ask for the rejects at once.
  if (left && isFinal(finish)) await secureRejects(left);
  // rule 8: the intent is written before the end is
  await retryWhile(() => disposer.intend(file.run, dataset, finish), patience);
  await conclusion.searchable;
  const ended = await retryWhile(() => writeEnd(conclusion, finish, reserved), patience);
  logEnd(logger, ended, finish);
  // What is told beside the file names its rejects, which must be in their place.
  await shareWithWhole(conclusion, ended, left).finally(() => disposer.ended(ended, dataset));
  return ended;
}

/**
 * In one turn, and so in one transaction. What was sent and refused need not be deleted: ids that never were may cost
 * the target memory.
 */
async function writeEnd({ end, said, file, context }: Conclusion, finish: Finish, reserved: number): Promise<Run> {
  const { journal, clock } = context;
  const { run } = file;
  const exitCode = end.how === 'ran' ? end.ending.exitCode : null;
  const [, , ended] = await Promise.all([
    // Only to be looked at.
    said.decisions && journal.decided(run, said.decisions).catch(() => undefined),
    // rule 5: it is read after every attempt
    reserved > 0 ? journal.reserve(run, reserved) : undefined,
    journal.finish(run, finish, clock.now(), exitCode),
  ]);
  return ended;
}

function isFinal({ to }: Finish): boolean {
  return FINAL_STATES.some(state => state === to);
}

/** A file of a folder's run finds its log and rejects where one of its own would have left them. */
async function shareWithWhole(
  { context, dataset, attempt, file }: Conclusion,
  ended: Run,
  left: Left | undefined,
): Promise<void> {
  if (dataset.settings.RUN_PER !== 'folder') return;
  const own = attemptPaths(context.environment.dataDir, file.run.id, file.run.attempt);
  await shareLogFile(attempt.logFile, own.logFile);
  if (!FINAL_STATES.includes(ended.state) || left === undefined) return;
  const warn = (text: string) => context.logger.warn(text, { dataset: dataset.name, run: ended.id });
  await moveRejects(left, own.workDir, { warn });
}
