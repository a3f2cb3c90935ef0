import { OrchestratorError } from '../errors.ts';
import type { Journal, Run } from '../journal/journal.ts';
import { everyRun } from '../operations/every-run.ts';
import { count } from '../text/count.ts';
import type { CommandDeps } from './deps.ts';
import { findRun, isDataset } from './find-run.ts';

/** `orchestrator acknowledge RUN|FILE|DATASET…`: what somebody has seen is no longer told by status. */
export function acknowledge(deps: CommandDeps, names: readonly string[]): Promise<number> {
  return deps.withJournal(async journal => {
    let acknowledged = 0;
    for (const name of names) acknowledged += await acknowledgeOne(journal, name, deps.now());
    deps.terminal.write(`${count(acknowledged, 'run')} acknowledged\n`);
    return 0;
  });
}

async function acknowledgeOne(journal: Journal, name: string, now: number): Promise<number> {
  if (await isDataset(journal, name)) return journal.acknowledgeAll(name, now);
  const { id, dataset, file, state } = await findRun(journal, name);
  const filter = { dataset, path: file };
  const meant: string[] = [];
  const note = (run: Run) => (id !== name || run.id === id) && meant.push(run.id);
  for await (const run of everyRun(page => journal.attention({ ...filter, ...page }))) note(run);
  for await (const run of everyRun(page => journal.waiting({ ...filter, ...page }))) note(run);
  if (meant.length === 0) {
    const why = `there is nothing to look after; its last run is ${state}`;
    throw new OrchestratorError('never', `${dataset} ${file}: ${why}`);
  }
  for (const each of meant) await journal.acknowledge(each, now);
  return meant.length;
}
