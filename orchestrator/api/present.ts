import type { Static } from 'typebox';
import type { Attempt, Run } from '../journal/journal.ts';
import type { attemptSchema, runSchema } from './schemas.ts';

export type RunAnswer = Static<typeof runSchema>;
export type AttemptAnswer = Static<typeof attemptSchema>;

/** ISO 8601 in UTC. */
export function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** A run as the API tells it. */
export function presentRun(run: Run, mask: (text: string, dataset: string) => string): RunAnswer {
  const { id, dataset, file, state, attempt, rows, action, version, progress, replayOf, index, fileKey } = run;
  return {
    id,
    dataset,
    file,
    state,
    attempt,
    rowsRead: rows?.read ?? null,
    rowsLoaded: rows?.loaded ?? null,
    rowsRejected: rows?.rejected ?? null,
    seenAt: isoTime(run.seenAt),
    queuedAt: isoTime(run.queuedAt),
    startedAt: isoTime(run.startedAt),
    endedAt: isoTime(run.endedAt),
    error: run.error === null ? null : mask(run.error, dataset),
    action,
    version,
    rowsFiltered: rows?.filtered ?? null,
    rowsDeleted: rows?.deleted ?? null,
    rowsMended: rows === null ? null : run.rowsMended,
    valuesLeftOut: run.valuesLeftOut,
    toCheck: run.toCheck.map(sentence => mask(sentence, dataset)),
    beside: run.beside,
    progress,
    replayOf,
    index,
    fileKey,
  };
}

export function presentAttempt(attempt: Attempt, mask: (text: string) => string): AttemptAnswer {
  const { attempt: number, runner, startedAt, endedAt, exitCode, outcome, error } = attempt;
  const masked = error === null ? null : mask(error);
  const [started, ended] = [isoTime(startedAt), isoTime(endedAt)];
  return { attempt: number, runner, startedAt: started, endedAt: ended, exitCode, outcome, error: masked };
}
