import { OrchestratorError } from '../errors.ts';
import type { Run } from '../journal/journal.ts';
import type { CommandDeps } from './deps.ts';
import { followRuns } from './follow.ts';
import { submitFile } from '../operations/submit.ts';

/** `orchestrator run DATASET FILE…`: without watching, and whether or not an orchestrator is running. */
export async function runFiles(deps: CommandDeps, name: string, files: readonly string[]): Promise<number> {
  const { datasets } = await deps.config();
  const dataset = datasets.find(candidate => candidate.name === name);
  if (dataset === undefined)
    throw unknownDataset(
      name,
      datasets.map(candidate => candidate.name),
    );
  return deps.withScheduler(async journal => {
    const runs: Run[] = [];
    const options = { journal, dataset, dataDir: deps.dataDir(), now: deps.now() };
    for (const file of files) runs.push(await submitFile(file, options));
    return followRuns({ journal, runs, terminal: deps.terminal, interrupted: deps.interrupted });
  });
}

export function unknownDataset(name: string, known: string[]): OrchestratorError {
  const list = known.length === 0 ? 'none is configured without an error' : `there are ${known.join(', ')}`;
  return new OrchestratorError('never', `there is no dataset ${name}: ${list}; try: orchestrator check`);
}
