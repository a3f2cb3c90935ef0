import { relative } from 'node:path';
import { parseSize } from '../config/units.ts';
import { kindOf, messageOf } from '../errors.ts';
import { UntrustedFile } from '../files/untrusted-file.ts';
import type { Finish, Run } from '../journal/journal.ts';
import { workDirOf } from '../run/job.ts';
import { storeOf } from '../targets/registry.ts';
import { isWhollyRejected } from '../text/mend-refusal.ts';
import type { Conclusion } from './conclusion.ts';
import { decideEnd, decideRunnerError } from './decide.ts';
import { withDoubts } from './doubts.ts';
import { gather, type Situation } from './gather.ts';
import { type Left, withLeft } from './left.ts';
import { record } from './record.ts';
import { withoutSecrets } from './secrets.ts';

/**
 * Gathers what there is to know of a file, decides what becomes of its run, and records that, in an order in which a
 * crash at any point loses nothing: what the orchestrator commits, what is to be done with the file, the end and with
 * it the rows that may have been sent.
 */
export function conclude(conclusion: Conclusion): Promise<Run> {
  const { dataset, attempt, file, end } = conclusion;
  const part = relative(attempt.workDir, workDirOf(dataset, file.run, attempt.workDir));
  return withLeft(attempt.workDir, part, async left => {
    const { situation, reserved } = await gather(conclusion, left);
    const decided = await withDoubts(decideEnd(end, situation, reserved.breach), conclusion);
    const judged = masked(decided, conclusion);
    const finish = await afterCommit(conclusion, judged, { situation, left });
    // rule 5: unless the target refused every row: ids that never were are not deleted
    return record(conclusion, { finish, reserved: isEmpty(judged) ? 0 : reserved.rows, left });
  });
}

function isEmpty(finish: Finish): boolean {
  return finish.to === 'quarantined' && isWhollyRejected({ state: finish.to, rows: finish.rows });
}

function masked(finish: Finish, { dataset, context }: Conclusion): Finish {
  const mask = (text: string) => withoutSecrets(text, dataset, context.connections);
  if (finish.to === 'done') {
    return { ...finish, error: finish.error && mask(finish.error), toCheck: finish.toCheck?.map(mask) ?? [] };
  }
  return 'error' in finish ? { ...finish, error: mask(finish.error) } : finish;
}

/** What isn't committed isn't done. */
async function afterCommit(
  { context, dataset, file }: Conclusion,
  finish: Finish,
  { situation, left }: { situation: Situation; left: Left | undefined },
): Promise<Finish> {
  const { COMMAND, DOCKER_IMAGE } = dataset.settings;
  const store = storeOf(dataset);
  if (finish.to !== 'done' || store === undefined) return finish;
  try {
    await store.commit({
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
    return decideRunnerError(kindOf(error), `${store.title} can't be written: ${messageOf(error)}`, situation);
  }
}
