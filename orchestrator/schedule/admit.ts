import { retryWhile, type RetryOptions } from '../async/retry-while.ts';
import type { Dataset } from '../config/dataset.ts';
import { knownRoot, type Run } from '../journal/journal.ts';
import type { JobFile } from '../run/job.ts';
import type { Runner } from '../run/runner.ts';
import { isStoresDeletion } from '../targets/registry.ts';
import type { ScheduleContext } from './context.ts';
import { decideMoved, NO_ROWS } from './decide.ts';
import { brokenBy, type End } from './ending.ts';
import { pathNow } from './path-now.ts';
import { withLedger, withoutLedger } from './prepare.ts';

export interface AdmitOptions {
  context: ScheduleContext;
  dataset: Dataset;
  /** What will run it; undefined where none can be had, which is told only of a file that is to run. */
  runner: Runner | undefined;
  patience: RetryOptions;
}

/** Gives a run its key, and an end where it is not to be started, such as where its path holds something else by now. */
export async function admit(run: Run, options: AdmitOptions): Promise<{ file: JobFile; end: End | null }> {
  const { context, dataset, runner, patience } = options;
  const { journal, disposer } = context;
  // Before anything of it is there, so that whoever comes after a crash knows where to look for it.
  const noteRunner = async () => runner && journal.started(run, runner.kind, '');
  let file: JobFile;
  await disposer.released(run);
  try {
    [file] = await retryWhile(() => Promise.all([withLedger(context, dataset, run), noteRunner()]), patience);
  } catch (error) {
    if (patience.signal.aborted) throw error;
    return { file: withoutLedger(run), end: brokenBy(error) };
  }
  return { file, end: await endBeforeStart(file, options) };
}

async function endBeforeStart({ run, ledger }: JobFile, { context, dataset }: AdmitOptions): Promise<End | null> {
  const path = await pathNow(dataset, run, await knownRoot(run, context.journal, dataset));
  const sentRows = run.attempt > 1 && ledger.fileRows > 0;
  const moved = decideMoved(null, { run, path, sentRows });
  // rule 6: the same before an attempt starts
  if (moved) return { how: 'settled', finish: moved };
  // A container would be given an empty folder in its place.
  if (path === 'unknown') return { how: 'broken', kind: 'wait', error: unknownText(run) };
  if (!isStoresDeletion(dataset, run)) return null;
  return { how: 'settled', finish: { to: 'done', rows: NO_ROWS, error: null } };
}

function unknownText({ root, readFrom }: Run): string {
  const problem =
    readFrom === null
      ? `WATCH_DIR ${root} is not there, is another folder than was watched, or can't be looked into; mount it,`
      : `${readFrom} can't be looked at: mount its folder,`;
  return `${problem} or give uid ${process.getuid?.()} read access`;
}
