import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OrchestratorError } from '../errors.ts';
import { Folder } from '../files/folder.ts';
import { removeTree } from '../files/tree.ts';
import type { RowsUnder } from '../journal/journal.ts';
import { count } from '../text/count.ts';
import type { CommandDeps } from './deps.ts';
import { removeRows } from './forget-rows.ts';
import { unknownDataset } from './run.ts';

const BY_RUN = ['runs', 'logs', 'mended'];

/**
 * `orchestrator forget DATASET`: nothing is left in the journal of one that is not configured any more, and with `rows`
 * nothing of its rows in the target.
 */
export async function forgetDataset(deps: CommandDeps, name: string, { rows }: { rows: boolean }): Promise<number> {
  await assertRemoved(deps, name);
  return deps.withJournal(async journal => {
    const known = (await journal.summaries()).map(({ dataset }) => dataset);
    if (!known.includes(name)) throw unknownDataset(name, known);
    await journal.assertForgettable(name);
    const before = await journal.rowsUnder(name);
    const left = rows ? await removeRows(deps, journal, name) : [];
    for (const sentence of rows ? [...left, ...ownIds(before)] : staying(before, name))
      deps.terminal.write(`${sentence}\n`);
    const runs = await journal.forget(name);
    await Folder.use(deps.dataDir(), async data => {
      for (const id of runs) for (const kind of BY_RUN) await removeTree(data, `${kind}/${id}`);
    });
    const stored = ['backup', 'quarantine']
      .map(kind => join(deps.dataDir(), kind, name))
      .filter(path => existsSync(path));
    for (const path of stored) deps.terminal.write(`its files in ${path} stay\n`);
    deps.terminal.write(`dataset ${name} is forgotten, with ${count(runs.length, 'run')}\n`);
    return 0;
  });
}

/** Its watch would take every file for a new one. */
async function assertRemoved(deps: CommandDeps, name: string): Promise<void> {
  const { datasets } = await deps.config();
  const files = ['.yaml', '.yml'].map(ending => join(deps.configDir(), name + ending)).filter(path => existsSync(path));
  if (files.length === 0 && !datasets.some(dataset => dataset.name === name)) return;
  const [file = `${name}.yaml`] = files;
  throw new OrchestratorError(
    'never',
    `dataset ${name} is configured: take ${file} away first, or its files would be loaded anew`,
  );
}

function staying(under: readonly RowsUnder[], name: string): string[] {
  const text = under.map(({ index, rows }) => `${index} (${rows.toLocaleString('en')} at most)`).join(', ');
  return text === ''
    ? []
    : [
        `its rows stay in ${text}, and the orchestrator can no longer delete them; forget ${name} --rows would have deleted them`,
      ];
}

/** Who knows which documents are whose. */
function ownIds(under: readonly RowsUnder[]): string[] {
  return under
    .filter(({ ids }) => ids !== null && ids !== '')
    .map(
      ({ index, files }) =>
        `the rows of ${count(files, 'file')} in ${index} have ids from LOAD.id, which don't tell which dataset they belong to, so they stay; delete the index, or delete them by a query`,
    );
}
