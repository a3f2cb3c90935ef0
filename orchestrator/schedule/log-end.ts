import type { Finish, Run } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import { besideText } from '../text/beside-text.ts';
import { doneText } from './done-text.ts';

/** Says in the log what became of a run. */
export function logEnd(logger: Logger, run: Run, finish: Finish): void {
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
