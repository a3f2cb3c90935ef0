import { OrchestratorError } from '../errors.ts';
import type { Journal, Run } from '../journal/journal.ts';
import { reloadFiles } from '../operations/reload.ts';
import { count } from '../text/count.ts';
import type { CommandDeps } from './deps.ts';
import { followRuns } from './follow.ts';
import { unknownDataset } from './run.ts';
import { oneLine } from './text.ts';

export interface ReloadRequest {
  dataset: string;
  /** A dataset that is not configured any more, whose rows are this one's. */
  from?: string;
}

/** More are followed no longer one by one. */
const MOST_FOLLOWED = 10_000;

/** `orchestrator reload DATASET`: all its files anew, the old rows taken out as the new ones come. */
export async function reloadDataset(deps: CommandDeps, { dataset: name, from }: ReloadRequest): Promise<number> {
  const { datasets } = await deps.config();
  const known = datasets.map(candidate => candidate.name);
  const dataset = datasets.find(candidate => candidate.name === name);
  if (dataset === undefined) throw unknownDataset(name, known);
  if (from !== undefined && known.includes(from)) {
    throw new OrchestratorError(
      'never',
      `dataset ${from} is configured: its rows are its own. Take its YAML away first, if ${name} is its new name`,
    );
  }
  const { terminal, interrupted } = deps;
  return deps.withScheduler(async journal => {
    if (from !== undefined) await carryOver(deps, journal, { from, to: name });
    const runs: Run[] = [];
    let [queued, refused] = [0, 0];
    const options = { journal, dataset, dataDir: deps.dataDir(), now: () => deps.now(), signal: interrupted };
    for await (const one of reloadFiles(options)) {
      if ('run' in one) {
        queued += 1;
        if (one.mended > 0) terminal.writeError(`${oneLine(one.file)}: ${mendedText(one.mended)}\n`);
        if (runs.length < MOST_FOLLOWED) runs.push(one.run);
      } else {
        refused += 1;
        terminal.writeError(`${oneLine(one.file)}: ${oneLine(one.why)}\n`);
      }
    }
    if (interrupted.aborted)
      terminal.writeError('stopped before all files were queued: the same command begins anew\n');
    else if (refused === 0) await forgetNotice(journal, name);
    terminal.writeError(
      `${count(queued, 'run')} queued${refused === 0 ? '' : `, ${count(refused, 'file')} not loaded anew`}\n`,
    );
    const code = await followRuns({ journal, runs, terminal, interrupted });
    return code === 0 && refused > 0 ? 1 : code;
  });
}

function mendedText(rows: number): string {
  const which =
    rows === 1 ? 'its row that was mended is' : `its ${rows.toLocaleString('en')} rows that were mended are`;
  return `${which} rejected again: once it is loaded, load what was mended again (orchestrator rejects FILE --load)`;
}

async function carryOver(
  deps: CommandDeps,
  journal: Journal,
  { from, to }: { from: string; to: string },
): Promise<void> {
  const files = await journal.carryOver(from, to);
  if (files === 0)
    throw new OrchestratorError(
      'never',
      `no rows of dataset ${from} are known; orchestrator status lists the datasets`,
    );
  deps.terminal.writeError(`the rows of ${count(files, 'file')} of ${from} are ${to}’s\n`);
}

/** What was said of rows that were loaded otherwise is over. */
async function forgetNotice(journal: Journal, name: string): Promise<void> {
  const loads = (await journal.loads()).find(({ dataset }) => dataset === name);
  if (loads?.notice) await journal.setLoads({ ...loads, notice: null });
}
