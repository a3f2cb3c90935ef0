import type { CommandDeps } from './deps.ts';
import { knownRun } from './replay.ts';
import { oneLine } from './text.ts';

/** `orchestrator cancel RUN…`. A running one is stopped by the orchestrator that runs it, within a second or so. */
export function cancelRuns(deps: CommandDeps, ids: readonly string[]): Promise<number> {
  return deps.withJournal(async journal => {
    for (const id of ids) {
      const { state, file } = await journal.cancel((await knownRun(journal, id)).id, deps.now());
      deps.terminal.write(`${oneLine(file)}: ${state === 'running' ? 'is being stopped' : state}\n`);
    }
    return 0;
  });
}
