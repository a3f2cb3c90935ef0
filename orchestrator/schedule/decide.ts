import { EXIT, type ResultMessage } from '../../default-etl/contract/contract.ts';
import { type Backoff, delayMs, RUNNER_WAIT, TARGET_WAIT } from '../async/backoff.ts';
import type { ErrorKind } from '../errors.ts';
import type { Finish, Retry, Rows, Told } from '../journal/journal.ts';
import { count } from '../text/count.ts';
import type { End, Ending } from './ending.ts';
import {
  breachOf,
  breachText,
  cancelledText,
  configText,
  diskText,
  ENGINE_TEXT,
  failureText,
  neverText,
  notAgainText,
  OUTPUT_TEXT,
  overwrittenText,
  seconds,
} from './finish-texts.ts';
import type { Situation } from './gather.ts';

export const NO_ROWS: Rows = { read: 0, loaded: 0, rejected: 0, filtered: 0, deleted: 0 };

/** What becomes of a run. A `breach` of the contract by what the attempt left ends it for good, unless it is over without it. */
export function decideEnd(end: End, situation: Situation, breach: string | null): Finish {
  const finish = finishOf(end, situation);
  const isOver = finish.to === 'cancelled' || finish.to === 'skipped';
  return breach === null || isOver ? finish : { to: 'failed', rows: null, error: breach };
}

function finishOf(end: End, situation: Situation): Finish {
  if (end.how === 'settled') return end.finish;
  if (end.how === 'ran') return decide(end.ending, situation);
  if (end.how === 'broken') return decideRunnerError(end.kind, end.error, situation);
  return decideMoved(null, situation) ?? decideWait(end.error, situation, RUNNER_WAIT);
}

/** What becomes of a run whose attempt ended like this. Total: each ending has one answer. */
export function decide(ending: Ending, situation: Situation): Finish {
  const { result, exitCode } = ending;
  const claimed = result && rowsOf(result);
  const lie = breachOf(ending, claimed, situation);
  if (lie !== undefined && ending.stopped === null) return { to: 'failed', rows: null, error: lie };
  const rows = lie === undefined ? claimed : null;
  if (exitCode === EXIT.done && (ending.stopped === null || rows !== null))
    return decideSuccess(rows, situation, toldBy(result));
  if (ending.stopped === 'cancel') return { to: 'cancelled', rows, error: cancelledText(situation) };
  const moved = decideMoved(rows, situation);
  if (moved) return moved;
  if (ending.stopped === 'output') return { to: 'failed', rows: null, error: OUTPUT_TEXT };
  // rule 4: the journal judges it
  if (ending.supersededBy !== null && lie === undefined) return decideSuperseded(ending.supersededBy, situation);
  if (exitCode === EXIT.never) return { to: 'quarantined', rows, error: neverText(ending) };
  if (isDiskExceeded(ending)) return { to: 'failed', rows, error: diskText(situation) };
  if (ending.stopped === 'shutdown') return handBack(situation);
  if (ending.stopped === 'engine') return decideWait(ENGINE_TEXT, situation, RUNNER_WAIT);
  if (exitCode === EXIT.away && !ending.outOfMemory) {
    return decideWait(ending.errorText || 'the target is away (exit code 75)', situation, TARGET_WAIT);
  }
  if (exitCode === EXIT.config && ending.stopped === null && !ending.outOfMemory) {
    return { to: 'failed', rows, error: configText(ending, situation) };
  }
  const text = failureText(ending, situation);
  if (!situation.repeatsItself) return decideRetry(text, rows, situation);
  if (exceedsLimits(ending)) return { to: 'failed', rows, error: `${text}; ${notAgainText(situation)}` };
  return decideRetry(text, rows, { ...situation, retries: Math.min(situation.retries, retriesFor(ending)) });
}

/** Seen by us, or by the kernel, for one file that is larger. */
function isDiskExceeded({ stopped, signal }: Ending): boolean {
  return stopped === 'disk' || (signal === 'SIGXFSZ' && stopped === null);
}

/** TIMEOUT, or memory: said by the engine, or by V8, which aborts. */
function exceedsLimits({ outOfMemory, stopped, signal }: Ending): boolean {
  return outOfMemory || stopped === 'timeout' || (signal === 'SIGABRT' && stopped === null);
}

/**
 * Who was killed may have been so by a person, or for what others needed: once more is worth a try, not as often as
 * RETRIES says.
 */
function retriesFor({ signal, stopped }: Ending): number {
  return signal === 'SIGKILL' && stopped === null ? 1 : Infinity;
}

/** The attempt could not be started, or was lost: the text says why. */
export function decideRunnerError(kind: ErrorKind, error: string, situation: Situation): Finish {
  // rule 2: with the engine away a run is queued, with the reason
  if (kind === 'wait') return decideWait(error, situation, RUNNER_WAIT);
  if (kind === 'never') return { to: 'failed', rows: null, error };
  return decideRetry(error, null, situation);
}

/** The path no longer holds what the run is about (rule 6), or undefined. A deletion is about no version. */
export function decideMoved(
  rows: Rows | null,
  situation: Pick<Situation, 'run' | 'path' | 'sentRows'>,
): Finish | undefined {
  if (situation.run.action === 'delete') return undefined;
  if (situation.run.readFrom !== null) return decideStoredMoved(situation.run.readFrom, rows, situation);
  // rule 6: skipped if the path holds another version
  // rule 12: also when it is about to run
  if (situation.path === 'changed') {
    const error = 'the path holds another version now, which gets a run of its own';
    return { to: 'skipped', rows, error, lookAgain: true };
  }
  // The mended records are a file of their own: the file they once came from may have been disposed of.
  // rule 6: cancelled if it holds none
  if (situation.path !== 'gone' || situation.run.action === 'mend') return undefined;
  return { to: 'cancelled', rows, error: `the file is gone${overwrittenText(situation)}`, lookAgain: true };
}

/** In a backup nothing new arrives. */
function decideStoredMoved(
  place: string,
  rows: Rows | null,
  situation: Pick<Situation, 'run' | 'path' | 'sentRows'>,
): Finish | undefined {
  if (situation.path !== 'changed' && situation.path !== 'gone') return undefined;
  const what = situation.path === 'gone' ? 'is gone' : 'holds another version now';
  const error = `${place} ${what}${overwrittenText(situation)}; copy the file into its folder to load it`;
  return { to: 'cancelled', rows, error };
}

/** What its result line says besides rows. */
function toldBy(result: ResultMessage | null): Told {
  const { rows_left: left, values_left_out: valuesLeftOut = 0 } = result ?? {};
  return { ...(left && { left }), ...(valuesLeftOut > 0 && { valuesLeftOut }) };
}

function decideSuccess(rows: Rows | null, situation: Situation, told: Told): Finish {
  if (rows === null) return { to: 'done', rows: NO_ROWS, error: null };
  const accounted = rows.loaded + rows.rejected + rows.filtered;
  // rule 7: rows read are loaded, rejected or filtered
  if (rows.read !== accounted) return { to: 'failed', rows, error: breachText(rows, accounted) };
  // rule 7: also where the program says 0
  if (rows.read > 0 && rows.read === rows.rejected && situation.run.action !== 'mend') {
    return { to: 'quarantined', rows, error: `all of the ${rows.read} rows were rejected; rejects.ndjson says why` };
  }
  return { to: 'done', rows, error: null, ...told };
}

function decideWait(reason: string, situation: Situation, backoff: Backoff): Finish {
  const wait = delayMs(backoff, situation.run.waits + 1, situation.random);
  return { to: 'queued', dueAt: situation.now + wait, counts: false, error: `waiting: ${reason}` };
}

function decideSuperseded(indexVersion: number, situation: Situation): Finish {
  const reason = `the index is said to hold version ${indexVersion}, though VERSION was raised above an earlier one`;
  return { to: 'superseded', indexVersion, repeated: decideRetry(reason, null, situation) };
}

function decideRetry(reason: string, rows: Rows | null, situation: Situation): Retry {
  const failures = situation.run.retriesUsed + 1;
  const attempts = situation.retries + 1;
  if (failures >= attempts)
    return { to: 'failed', rows, error: `${reason}; gave up after ${count(attempts, 'attempt')}` };
  const wait = delayMs(situation.backoff, failures, situation.random);
  const error = `${reason}; failed ${failures} of ${count(attempts, 'attempt')}, again in ${seconds(wait)}`;
  return { to: 'queued', dueAt: situation.now + wait, counts: true, error };
}

function handBack({ now }: Situation): Finish {
  return { to: 'queued', dueAt: now, counts: false, error: 'the orchestrator was stopped meanwhile; it starts over' };
}

function rowsOf(result: ResultMessage): Rows {
  return {
    read: result.rows_read,
    loaded: result.rows_loaded,
    rejected: result.rows_rejected,
    filtered: result.rows_filtered,
    deleted: result.rows_deleted,
  };
}
