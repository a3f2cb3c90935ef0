import { EXIT, type ResultMessage } from '../../default-etl/contract/contract.ts';
import { LIMITS } from '../limits.ts';
import type { Backoff } from '../config/dataset.ts';
import { count } from '../text/count.ts';
import type { Finish, Retry, Rows, Run, Told } from '../journal/journal.ts';
import type { Outcome, StopReason } from '../run/runner.ts';
import { arePlausible } from './plausible.ts';
import { delayMs, RUNNER_WAIT, TARGET_WAIT } from './backoff.ts';

/** What a path holds, beside the version that the run is about. `unknown`: it can't be told, as its root is not there. */
export type PathNow = 'same' | 'changed' | 'gone' | 'unknown';

/** What is known of a run when its attempt is over. */
export interface Situation {
  run: Pick<Run, 'dataset' | 'action' | 'attempt' | 'retriesUsed' | 'waits' | 'readFrom'>;
  path: PathNow;
  /** Whether rows of this version may be in the target. */
  sentRows: boolean;
  /** More rows it can't have read. */
  mostRows: number;
  /** RETRIES of the dataset. */
  retries: number;
  backoff: Backoff;
  timeoutMs: number;
  /** DOCKER_OPTIONS.memory. */
  memory: string | null;
  /** WORK_SIZE. */
  workSize: string;
  /** The default ETL on one file: what it can't do within its time and memory, it can't do within the same the next time. */
  repeatsItself: boolean;
  now: number;
  /** In [0, 1). */
  random: number;
}

/** The end of one file of an attempt: its own result line and code in a run over a folder, else the outcome's. */
export interface Ending extends Omit<Outcome, 'results' | 'saidOf' | 'malformed'> {
  result: ResultMessage | null;
  /** What keeps exit code 0 from being believed. */
  breach?: string | undefined;
}

/** It was to be stopped before anything of it ran. */
export function unstarted(stopped: StopReason): Outcome {
  const said = { results: [], supersededBy: null, errorText: '' };
  return { exitCode: null, signal: null, outOfMemory: false, stopped, ...said };
}

const OUTPUT_TEXT = `it printed more than ${LIMITS.logBytes / 1024 / 1024} MB, or more than the disk has room for, and was stopped: make it print less; its log has what came first and last`;

const ENGINE_TEXT =
  'it starts over, since the Docker Engine, or its machine, was stopped or restarted while it ran; that uses up no retry';

export const NO_ROWS: Rows = { read: 0, loaded: 0, rejected: 0, filtered: 0, deleted: 0 };

/** The part of an outcome that is about one file; without a line of its own it takes the exit code of the whole. */
export function endingOf(outcome: Outcome, file: string | null): Ending {
  const { results, saidOf, malformed, ...rest } = outcome;
  const breach = malformed === undefined ? undefined : `its result line can't be read: ${malformed}`;
  if (file === null) return { ...rest, result: results.at(-1) ?? null, breach };
  const own = results.findLast(result => result.file === file);
  if (own === undefined) {
    const missing = results.length === 0 ? undefined : 'it tells of other files that it ran with, and not of this one';
    return { ...rest, supersededBy: null, result: null, breach: breach ?? missing };
  }
  const said = saidOf?.get(file) ?? { supersededBy: null, errorText: '' };
  return { ...rest, ...said, exitCode: own.code ?? outcome.exitCode, result: own };
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

/** Who was killed may have been so by a person, or for what others needed: once more is worth a try, not as often as RETRIES says. */
function retriesFor({ signal, stopped }: Ending): number {
  return signal === 'SIGKILL' && stopped === null ? 1 : Infinity;
}

/** The attempt could not be started, or was lost: the text says why. */
export function decideRunnerError(
  kind: 'wait' | 'retry' | 'never' | 'bug',
  error: string,
  situation: Situation,
): Finish {
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
  if (situation.path === 'changed') {
    const error = 'the path holds another version now, which gets a run of its own';
    return { to: 'skipped', rows, error, lookAgain: true };
  }
  // The mended records are a file of their own: the file they once came from may have been disposed of.
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
  if (rows.read !== accounted) return { to: 'failed', rows, error: breachText(rows, accounted) };
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

function failureText(ending: Ending, { timeoutMs, memory, repeatsItself }: Situation): string {
  const limit = memory === null ? '' : ` (limit ${memory})`;
  if (ending.outOfMemory) return `ran out of memory${limit}; raise DOCKER_OPTIONS.memory`;
  if (ending.signal === 'SIGABRT' && ending.stopped === null && repeatsItself)
    return `ran out of memory (JavaScript's own)${limit}; raise DOCKER_OPTIONS.memory, or what ENV.NODE_OPTIONS says (--max-old-space-size, in MB)`;
  if (ending.stopped === 'timeout')
    return `took longer than TIMEOUT (${seconds(timeoutMs)}); raise it if that is normal`;
  if (ending.signal === 'SIGKILL' && ending.stopped === null) {
    return `killed (SIGKILL), most likely for lack of memory${limit}: raise DOCKER_OPTIONS.memory, unless somebody killed it`;
  }
  const how = ending.exitCode === null ? `ended by ${ending.signal ?? 'being lost'}` : `exit code ${ending.exitCode}`;
  return withDetail(how, ending.errorText);
}

function diskText({ run, workSize }: Situation): string {
  return (
    `wrote more into WORK_DIR than WORK_SIZE (${workSize}) or 100,000 files; it is not tried again: raise WORK_SIZE if that is normal, then ` +
    `orchestrator replay --failed ${run.dataset}`
  );
}

function neverText(ending: Ending): string {
  return withDetail('this file can never succeed (exit code 65)', ending.errorText);
}

function configText(ending: Ending, { run }: Situation): string {
  const fault = withDetail('a setting is wrong (exit code 78)', ending.errorText);
  return `${fault}; it is not tried again: correct the setting, then orchestrator replay --failed ${run.dataset}`;
}

function notAgainText({ run }: Situation): string {
  return `it is not tried again, as it would end the same: then orchestrator replay --failed ${run.dataset}`;
}

function cancelledText(situation: Situation): string {
  return `cancelled on request${overwrittenText(situation)}`;
}

/** Only where an earlier version's rows were there to be overwritten, or rows that count as rejected were loaded. */
function overwrittenText({ run, sentRows }: Pick<Situation, 'run' | 'sentRows'>): string {
  if (!sentRows || run.action === 'add') return '';
  if (run.action === 'mend')
    return '; mended rows that were loaded by then stay, though they count as rejected: mend them again';
  return '; rows of the former version were partly overwritten: put the file back, or replay it';
}

function breachText(rows: Rows, accounted: number): string {
  return (
    `contract breach: exit code 0, but ${rows.read} rows read are not ${rows.loaded} loaded + ${rows.rejected} ` +
    `rejected + ${rows.filtered} filtered = ${accounted}; mend the program that was run`
  );
}

/** What it says and can't be, whatever else became of it. */
function breachOf(
  { supersededBy, exitCode, breach }: Ending,
  rows: Rows | null,
  { mostRows }: Situation,
): string | undefined {
  if (exitCode === EXIT.done && breach !== undefined)
    return `contract breach: exit code 0, but ${breach}; mend the program that was run`;
  if (rows !== null && !arePlausible(rows, mostRows)) {
    return `contract breach: the result line tells of ${Math.max(...Object.values(rows))} rows, more than there can have been; mend the program that was run`;
  }
  if (supersededBy === null || supersededBy <= LIMITS.version) return undefined;
  return `contract breach: the index is said to hold version ${supersededBy}, which no version can be; mend the program that was run`;
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

function withDetail(text: string, detail: string): string {
  return detail === '' ? text : `${text}: ${detail}`;
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}
