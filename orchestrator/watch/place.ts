import type { Dataset } from '../config/dataset.ts';
import type { Journal, WatchedPlace } from '../journal/journal.ts';
import type { KnownFiles } from './known.ts';
import { folderOf } from './names.ts';

export interface PlaceRequest {
  dataset: Dataset;
  journal: Journal;
  known: KnownFiles;
  signal: AbortSignal;
}

/** What a listing told of the folders. */
export interface ListedPlace {
  /** Device and inode of WATCH_DIR. */
  root: string;
  /** Of each folder that was read, by relative path. */
  devices: ReadonlyMap<string, number>;
  complete: boolean;
}

/**
 * Rule 9, across restarts: compares what was listed with what WATCH_DIR was before, and has the journal doubt the files
 * of folders that are others now; once one of these files is seen there as it was, or a person says so, they are
 * doubted no more.
 */
export async function comparePlace(request: PlaceRequest, listed: ListedPlace): Promise<void> {
  const { dataset, journal, known, signal } = request;
  const before = await journal.place(dataset.name);
  const now = { root: listed.root, mounts: mountsOf(listed.devices) };
  const changed = changedFolders(before, now);
  // What could not be read may be what is mounted there; of another root all is in doubt, whatever could be read.
  const isNew = before === null || before.root !== now.root || (listed.complete && changed.length > 0);
  if (isNew) await journal.recordPlace(dataset.name, now, changed, signal);
  const suspects = await journal.suspects(dataset.name);
  if (suspects.length > 0 && !signal.aborted) {
    for (const folder of await known.recognized()) await journal.clearSuspects(dataset.name, folder);
  }
  known.setSuspects(suspects.length > 0 ? await journal.suspects(dataset.name) : suspects);
}

function mountsOf(devices: ReadonlyMap<string, number>): Record<string, number> {
  const mounts = [...devices].filter(([path, device]) => path !== '' && device !== devices.get(folderOf(path)));
  return Object.fromEntries(mounts);
}

/** Before the first listing nothing has changed. */
function changedFolders(before: WatchedPlace | null, now: WatchedPlace): string[] {
  if (before === null) return [];
  // rule 9: another folder in the place of the root is no empty one, also across a restart
  if (before.root !== now.root) return [''];
  const folders = new Set([...Object.keys(before.mounts), ...Object.keys(now.mounts)]);
  // rule 9: also across a restart
  return [...folders].filter(folder => before.mounts[folder] !== now.mounts[folder]);
}
