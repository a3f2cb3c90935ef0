import type { ResultMessage } from '../../default-etl/contract/contract.ts';
import { type ErrorKind, kindOf, messageOf } from '../errors.ts';
import type { Finish } from '../journal/journal.ts';
import type { Outcome, StopReason } from '../run/runner.ts';

/** The end of one file of an attempt: its own result line and code in a run over a folder, else the outcome's. */
export interface Ending extends Omit<Outcome, 'results' | 'saidOf' | 'malformed'> {
  result: ResultMessage | null;
  /** What keeps exit code 0 from being believed. */
  breach?: string | undefined;
}

/** How the attempt came to its end for one file. */
export type End =
  | { how: 'ran'; ending: Ending }
  /** It could not be started, or was lost: `error` says why. */
  | { how: 'broken'; kind: ErrorKind; error: string }
  /** Its file changed while it was made ready. */
  | { how: 'changed'; error: string }
  /** Nothing is to be started: this has become of it already. */
  | { how: 'settled'; finish: Finish };

export function brokenBy(error: unknown): End {
  return { how: 'broken', kind: kindOf(error), error: messageOf(error) };
}

/** It was to be stopped before anything of it ran. */
export function unstarted(stopped: StopReason): Outcome {
  const said = { results: [], supersededBy: null, errorText: '' };
  return { exitCode: null, signal: null, outOfMemory: false, stopped, ...said };
}

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
