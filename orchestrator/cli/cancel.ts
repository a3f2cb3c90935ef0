import type { CommandDeps } from './deps.ts';
import { findRun } from './find-run.ts';
import { oneLine } from './text.ts';

/** `orchestrator cancel RUN|FILE…`. A running one is stopped by the orchestrator that runs it, within a second or so. */
export function cancelRuns(deps: CommandDeps, ids: readonly string[]): Promise<number> {
  return deps.withJournal(async journal => {
    for (const id of ids) {
      const run = await findRun(journal, id, { states: ['settling', 'queued', 'running'] });
      const { state, file } = await journal.cancel(run.id, deps.now());
      deps.terminal.write(`${oneLine(file)}: ${state === 'running' ? 'is being stopped' : state}\n`);
    }
    return 0;
  });
}
