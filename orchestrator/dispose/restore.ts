import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import { OrchestratorError } from '../errors.ts';
import type { Run } from '../journal/journal.ts';
import { runName, stagedName } from './names.ts';
import { NOTE_ENDINGS } from './notes.ts';
import { exists, nameFreely, stage } from './place.ts';
import { quarantineDir } from './plan.ts';

/**
 * Puts a quarantined file back to its path, never over one that is there (rule 12), and resolves with the path. Idempotent: does
 * nothing where it was left in place. Throws `never` where the path is taken, or the file is no longer in quarantine.
 */
export async function restoreQuarantined(run: Run, dataset: Dataset, dataDir: string): Promise<string> {
  const path = join(run.root, run.file);
  const folder = quarantineDir(dataset, dataDir);
  const found = folder === null ? undefined : await findQuarantined(join(folder, run.dataset, run.file), run.id);
  if (found === undefined) {
    if (await exists(path)) return path;
    const message = `${path} is not in quarantine: it was taken out, or is just being moved there; try again in a moment, or copy it into its folder`;
    throw new OrchestratorError('never', message);
  }
  const staged = stagedName(path, run.id);
  await stage(found, staged);
  if (!(await nameFreely(staged, path))) {
    await rm(staged, { force: true });
    throw new OrchestratorError('never', `${path} holds another file: move that away, or load ${found} by hand`);
  }
  await rm(found, { force: true });
  await rm(found + NOTE_ENDINGS.error, { force: true });
  return path;
}

/** The note beside it says of which run it is: another file of the same name may have come there before or since. */
async function findQuarantined(target: string, runId: string): Promise<string | undefined> {
  for (const path of [runName(target, runId), target]) {
    const note = await readFile(path + NOTE_ENDINGS.error, 'utf8').catch(() => '{}');
    const of = (JSON.parse(note) as { run?: unknown }).run;
    if (of === runId && (await exists(path))) return path;
  }
  return undefined;
}
