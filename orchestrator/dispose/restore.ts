import { join } from 'node:path';
import { LIMITS } from '../limits.ts';
import type { Dataset } from '../config/dataset.ts';
import { OrchestratorError } from '../errors.ts';
import { openAdminFolder, openKnownFolder } from '../files/admin-folder.ts';
import type { Folder } from '../files/folder.ts';
import { readText } from '../files/read.ts';
import { unless } from '../files/unless.ts';
import type { Run } from '../journal/journal.ts';
import { noteName, runName, stagedName, storedName } from './names.ts';
import { NOTE_ENDINGS } from './notes.ts';
import { isSame, nameFreely, pathOf, stage } from './place.ts';
import { folderOf, type Spot, targetRoot, withSource } from './places.ts';
import { quarantineDir } from './plan.ts';

export interface Restoring {
  dataDir: string;
  /** Identity of the run's root. */
  known: string | null;
  /** Absolute: where the journal has it; where that is not known, it is looked for in QUARANTINE_DIR. */
  place?: string | null;
}

/**
 * Puts a quarantined file back to its path, never over one that is there (rule 12), and resolves with the path.
 * Idempotent: does nothing where it was left in place. Throws `never` where the path is taken, or the file is no longer
 * in quarantine, and `wait` where WATCH_DIR is not the one of that identity.
 */
export async function restoreQuarantined(
  run: Run,
  dataset: Dataset,
  { dataDir, known, place = null }: Restoring,
): Promise<string> {
  const path = join(run.root, run.file);
  const root = place === null ? quarantineDir(dataset, dataDir) : targetRoot(place, run);
  const folder = root === null ? undefined : await openQuarantine(root, run);
  try {
    const found = folder && (await findQuarantined(folder, run));
    if (folder && found !== undefined) await restore({ folder, name: found }, run, known);
    else if (!(await isInPlace(run, known))) throw notThere(path);
    return path;
  } finally {
    await folder?.close();
  }
}

async function openQuarantine(root: string, { dataset, file }: Run): Promise<Folder | undefined> {
  const whole = await openAdminFolder(root).catch(unless('ENOENT'));
  try {
    return await whole?.folder(folderOf(join(dataset, file))).catch(unless('ENOENT', 'ENOTDIR'));
  } finally {
    await whole?.close();
  }
}

/** The note beside it says of which run it is: another file of the same name may have come there before or since. */
async function findQuarantined(folder: Folder, { file, id }: Run): Promise<string | undefined> {
  const base = file.slice(file.lastIndexOf('/') + 1);
  for (const name of [storedName(base, id), runName(base, id), base]) {
    const note = await readText(folder, noteName(name, NOTE_ENDINGS.error, id), LIMITS.noteBytes).catch(() => '');
    if (runIn(note) === id && (await folder.look(name))?.isFile()) return name;
  }
  return undefined;
}

/** Whatever else stands in it. */
function runIn(note: string): unknown {
  try {
    return (JSON.parse(note) as { run?: unknown } | null)?.run;
  } catch {
    return undefined;
  }
}

async function restore(found: Spot, run: Run, known: string | null): Promise<void> {
  const whole = await openKnownFolder(run.root, known);
  try {
    const below = folderOf(run.file);
    const folder = below === '' ? await whole.folder('') : await whole.makeFolder(below, 'as-above');
    try {
      await putBack(found, { folder, name: run.file.slice(below === '' ? 0 : below.length + 1) }, run.id);
    } finally {
      await folder.close();
    }
  } finally {
    await whole.close();
  }
}

async function putBack(found: Spot, to: Spot, runId: string): Promise<void> {
  const { folder, name } = to;
  const file = await found.folder.openFile(found.name);
  try {
    const staged = stagedName(name, runId);
    await stage(file, found, { folder, name: staged });
    const content = await folder.look(staged);
    // rule 12: a quarantined file goes back without overwriting
    if (!(await nameFreely(folder, staged, name))) {
      await folder.unlink(staged);
      throw new OrchestratorError(
        'never',
        `${pathOf(to)} holds another file: move that away, or load ${pathOf(found)} by hand`,
      );
    }
    // Whoever can write there can swap it: then the one in quarantine is the only one.
    if (!isSame(content, await folder.look(name)))
      throw new OrchestratorError('retry', `${pathOf(to)} was swapped for another file`);
    await found.folder.unlink(found.name);
    await found.folder.unlink(noteName(found.name, NOTE_ENDINGS.error, runId));
  } finally {
    await file.close();
  }
}

function isInPlace(run: Run, known: string | null): Promise<boolean> {
  return withSource(run, known, async spot => (await spot?.folder.look(spot.name)) !== undefined);
}

function notThere(path: string): OrchestratorError {
  return new OrchestratorError(
    'never',
    `${path} is not in quarantine: it was taken out, or is just being moved there; try again in a moment, or copy it into its folder`,
  );
}
