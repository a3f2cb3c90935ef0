import { basename, dirname, join, relative } from 'node:path';
import { OrchestratorError } from '../errors.ts';
import { makeAdminFolder, openKnownFolder } from '../files/admin-folder.ts';
import type { Folder } from '../files/folder.ts';
import { unless } from '../files/unless.ts';
import type { Run } from '../journal/journal.ts';

/** A name in a folder that is held open. */
export interface Spot {
  folder: Folder;
  name: string;
}

type Place = Pick<Run, 'root' | 'file' | 'dataset'>;

/**
 * Where a run's file is, or was; undefined where its folder is gone, or is reached through a link now. `known`: the
 * identity of WATCH_DIR. Throws `wait` where something else has the place of that.
 */
export async function withSource<T>(
  { root, file }: Pick<Run, 'root' | 'file'>,
  known: string | null,
  act: (spot: Spot | undefined) => Promise<T>,
): Promise<T> {
  const whole = await openKnownFolder(root, known).catch(unless('ENOENT'));
  if (whole === undefined) return act(undefined);
  const folder = await closing(whole, () => whole.folder(folderOf(file)).catch(unless('ENOENT', 'ENOTDIR')));
  if (folder === undefined) return act(undefined);
  return closing(folder, () => act({ folder, name: basename(file) }));
}

/**
 * The place of a backup or in quarantine (absolute, as the journal has it), its folder made where it is missing. What
 * the administrator named of it is followed, and nothing that lies below.
 */
export async function withTarget<T>(target: string, run: Place, act: (spot: Spot) => Promise<T>): Promise<T> {
  const root = targetRoot(target, run);
  const whole = await makeAdminFolder(root);
  const folder = await closing(whole, () => whole.makeFolder(relative(root, dirname(target)), 'as-above'));
  return closing(folder, () => act({ folder, name: basename(target) }));
}

/** Of a path below a folder, the folder that it is in: '' where that is the folder itself. */
export function folderOf(file: string): string {
  return file.includes('/') ? dirname(file) : '';
}

/** BACKUP_DIR or QUARANTINE_DIR as it was when the target was chosen: dataset and path follow it. */
export function targetRoot(target: string, { dataset, file }: Place): string {
  const below = `/${dirname(join(dataset, file))}`;
  const folder = dirname(target);
  if (folder.endsWith(below)) return folder.slice(0, -below.length) || '/';
  throw new OrchestratorError('bug', `${target} is no place for ${file} of dataset ${dataset}`);
}

async function closing<T>(folder: Folder, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } finally {
    await folder.close();
  }
}
