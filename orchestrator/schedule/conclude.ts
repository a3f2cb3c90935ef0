import { relative } from 'node:path';
import type { Decision } from '../../default-etl/contract/contract.ts';
import { besideText } from '../text/beside-text.ts';
import type { Dataset } from '../config/dataset.ts';
import { parseSize } from '../config/units.ts';
import { kindOf, messageOf } from '../errors.ts';
import { UntrustedFile } from '../files/untrusted-file.ts';
import { FINAL_STATES, type Finish, type Run, knownRoot } from '../journal/journal.ts';
import { isWhollyRejected } from '../text/mend-refusal.ts';
import { type JobFile, workDirOf } from '../run/job.ts';
import type { AttemptRef } from '../run/runner.ts';
import { TARGET_WAIT } from './backoff.ts';
import type { ScheduleContext } from './context.ts';
import { decideRunnerError, type Situation } from './decide.ts';
import { doneText } from './done-text.ts';
import { idsOf } from './key.ts';
import { commitToLake } from './lake.ts';
import { type Left, moveRejects, secureRejects, withLeft } from './left.ts';
import { persist } from '../async/pause.ts';
import { pathNow } from './path-now.ts';
import { mostRows } from './plausible.ts';
import { resemblanceText } from './resemblance.ts';
import { readReserved } from './reserved.ts';
import { withoutSecrets } from './secrets.ts';
import { attemptPaths, shareLogFile } from './work-dir.ts';

/** One file of an attempt that is over, and dead. */
export interface Conclusion {
  context: ScheduleContext;
  dataset: Dataset;
  attempt: AttemptRef;
  file: JobFile;
  exitCode: number | null;
  /** Resolves once searches find its rows: nobody hears that it is done before. */
  searchable: Promise<void>;
  /** How the file was read, where the journal does not know it yet. */
  decisions: readonly Decision[] | undefined;
  /** What people should look at, should it be done. */
  toCheck: readonly string[];
  /** Which rows its file has, where that was said. */
  sketch: Uint8Array | undefined;
  /** How long it ran, in milliseconds. */
  ranMs: number;
  judge: (situation: Situation) => Finish;
  /** Gives up on a journal that can't be written. */
  leave: AbortSignal;
}

/**
 * Records what became of a file, in an order in which a crash at any point loses nothing: what is in the lake, what is to be
 * done with the file, the end and with it the rows that may have been sent.
 */
export function conclude(conclusion: Conclusion): Promise<Run> {
  const { dataset, attempt, file } = conclusion;
  const part = relative(attempt.workDir, workDirOf(dataset, file.run, attempt.workDir));
  return withLeft(attempt.workDir, part, left => concludeWith(conclusion, left));
}

async function concludeWith(conclusion: Conclusion, left: Left | undefined): Promise<Run> {
  const { context, dataset, file, leave } = conclusion;
  const { disposer, clock } = context;
  const { run } = file;
  const keep = <T>(action: () => Promise<T>): Promise<T> =>
    persist(action, { clock, backoff: TARGET_WAIT, signal: leave });
  const most = mostRows(run, conclusion.ranMs);
  const { rows: reserved, breach } = await readReserved(left, most);
  const situation = await situationOf(conclusion, reserved, most);
  const judged = masked(await withDoubts(judge(conclusion, situation, breach), conclusion), conclusion);
  const finish = await afterLake(conclusion, judged, { situation, left });
  // Whoever hears of the end may ask for the rejects at once.
  if (left && isFinal(finish)) await secureRejects(left);
  await keep(() => disposer.intend(run, dataset, finish));
  await conclusion.searchable;
  const ended = await keep(() => record(conclusion, finish, isEmpty(judged) ? 0 : reserved));
  report(context, ended, finish);
  // What is told beside the file names its rejects, which must be in their place.
  await shareWithWhole(conclusion, ended, left).finally(() => disposer.ended(ended, dataset));
  return ended;
}

/** In one turn, and so in one transaction. What was sent and refused need not be deleted: ids that never were cost Elasticsearch memory for a day each. */
async function record(conclusion: Conclusion, finish: Finish, reserved: number): Promise<Run> {
  const { decisions, exitCode, file, context } = conclusion;
  const { journal, clock } = context;
  const { run } = file;
  const [, , ended] = await Promise.all([
    // Only to be looked at.
    decisions && journal.decided(run, decisions).catch(() => undefined),
    reserved > 0 ? journal.reserve(run, reserved) : undefined,
    journal.finish(run, finish, clock.now(), exitCode),
  ]);
  return ended;
}

/** A breach ends a run for good, unless it is over without it. */
function judge(conclusion: Conclusion, situation: Situation, breach: string | null): Finish {
  const finish = conclusion.judge(situation);
  const isOver = finish.to === 'cancelled' || finish.to === 'skipped';
  return breach === null || isOver ? finish : { to: 'failed', rows: null, error: breach };
}

function isFinal({ to }: Finish): boolean {
  return FINAL_STATES.some(state => state === to);
}

function isEmpty(finish: Finish): boolean {
  return finish.to === 'quarantined' && isWhollyRejected({ state: finish.to, rows: finish.rows });
}

async function situationOf({ context, dataset, file }: Conclusion, reserved: number, most: number): Promise<Situation> {
  const { run, ledger } = file;
  return {
    run,
    path: await pathNow(dataset, run, await knownRoot(run, context.journal, dataset)),
    mostRows: most,
    sentRows: reserved > 0 || (run.attempt > 1 && ledger.fileRows > 0),
    retries: dataset.settings.RETRIES,
    backoff: dataset.backoff,
    timeoutMs: dataset.timeoutMs,
    memory: dataset.settings.DOCKER_OPTIONS?.memory ?? null,
    workSize: dataset.settings.WORK_SIZE,
    repeatsItself: repeatsItself(dataset),
    now: context.clock.now(),
    random: Math.random(),
  };
}

/** Of a folder's files another one may be at fault; other programs may wait for what is away. */
function repeatsItself({ settings }: Dataset): boolean {
  return settings.COMMAND === undefined && settings.DOCKER_IMAGE === undefined && settings.RUN_PER !== 'folder';
}

/** What isn't in the lake isn't done. */
async function afterLake(
  { context, dataset, file }: Conclusion,
  finish: Finish,
  { situation, left }: { situation: Situation; left: Left | undefined },
): Promise<Finish> {
  const { LOAD, COMMAND, DOCKER_IMAGE } = dataset.settings;
  if (finish.to !== 'done' || LOAD.target !== 'lake') return finish;
  try {
    await commitToLake({
      dataDir: context.environment.dataDir,
      run: file.run,
      ledger: file.ledger,
      rows: finish.rows,
      left,
      mostBytes: parseSize(dataset.settings.WORK_SIZE) ?? 0,
      mustLeaveFile: COMMAND === undefined && DOCKER_IMAGE === undefined,
    });
    return finish;
  } catch (error) {
    if (error instanceof UntrustedFile) {
      return decideRunnerError(
        'never',
        `contract breach: ${messageOf(error)}; mend the program that was run`,
        situation,
      );
    }
    return decideRunnerError(kindOf(error), `the lake can't be written: ${messageOf(error)}`, situation);
  }
}

async function withDoubts(finish: Finish, conclusion: Conclusion): Promise<Finish> {
  if (finish.to !== 'done') return finish;
  const { toCheck, sketch, dataset, file } = conclusion;
  const doubts = [...toCheck, ...idDoubts(file), ...(await deliveryDoubts(conclusion))];
  const isAppended = dataset.settings.ON_CHANGE === 'append';
  return { ...finish, toCheck: doubts, ids: idsOf(dataset), sketch: (isAppended && sketch) || null };
}

/** Of rows that nobody can take out by their file. */
function idDoubts({ ledger: { formerIds = null, index } }: JobFile): string[] {
  if (formerIds === null) return [];
  const what = `rows of this file were loaded into ${index} with LOAD.id ${formerIds} before, and those whose id is another one now are still there`;
  return [`${what}: they can't be told from others. Load all files into a new index (LOAD.index), and delete this one`];
}

/** Only to be looked at. */
async function deliveryDoubts({ context, dataset, file, sketch }: Conclusion): Promise<string[]> {
  if (sketch === undefined || dataset.settings.ON_CHANGE !== 'append') return [];
  const deliveries = await context.journal.deliveries(file.run.id).catch(() => []);
  const text = resemblanceText(sketch, deliveries, dataset.name);
  return text === undefined ? [] : [text];
}

function masked(finish: Finish, { dataset, context }: Conclusion): Finish {
  const mask = (text: string) => withoutSecrets(text, dataset, context.connections);
  if (finish.to === 'done') {
    return { ...finish, error: finish.error && mask(finish.error), toCheck: finish.toCheck?.map(mask) ?? [] };
  }
  return 'error' in finish ? { ...finish, error: mask(finish.error) } : finish;
}

function report({ logger }: ScheduleContext, run: Run, finish: Finish): void {
  const fields = { dataset: run.dataset, run: run.id, attempt: run.attempt, file: run.file, state: run.state };
  if (finish.to === 'done') {
    const doubts = run.toCheck.map(sentence => `; to check: ${sentence}`).join('');
    const beside = besideText(run);
    logger[doubts === '' ? 'info' : 'warn'](
      `${run.file}: done, ${doneText(run, finish.rows)}${beside && `, ${beside}`}${doubts}`,
      fields,
    );
  } else {
    const level = levelOf(run);
    logger[level](`${run.file}: ${run.state}${run.error ? `: ${run.error}` : ''}`, fields);
  }
}

/** That it still waits was said when it began to. */
function levelOf({ state, waits }: Run): 'error' | 'warn' | 'debug' {
  if (state === 'failed' || state === 'quarantined') return 'error';
  return state === 'queued' && waits > 1 ? 'debug' : 'warn';
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
