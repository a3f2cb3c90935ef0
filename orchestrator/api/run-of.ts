import { isRunId, type Journal, type Run } from '../journal/journal.ts';
import { Problem } from './problem.ts';

/** Only an id that the journal knows goes on, so none is ever a path of somebody's making. Throws a Problem (404). */
export async function runOf(journal: Journal, id: string): Promise<Run> {
  const run = isRunId(id) ? await journal.run(id) : undefined;
  if (run === undefined) throw new Problem(404, `there is no run ${id.slice(0, 100)}; /api/runs lists them`);
  return run;
}
