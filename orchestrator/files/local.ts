import type { BigIntStats } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileSystemKind } from './file-system.ts';
import { Folder } from './folder.ts';
import { descriptorPath, isPlainName } from './reach.ts';

interface Seen {
  /** null: it was not on a local file system, or behind a link. */
  device: bigint | null;
  /** As performance.now() tells time. */
  until: number;
}

/** So long it counts where a folder was. */
const SEEN_MS = 10_000;
const MOST_SEEN = 1000;
const seen = new Map<string, Seen>();

/**
 * As Folder.open() and close(), for an absolute path; but the folder is opened, looked at and closed at once where it,
 * and each that it is in, was on a local file system some seconds ago. What is in it is asked for by threads in any
 * case. It is the folder that is there now each time: only who waits for it differs. Where a network mount that hangs
 * has been put there since, one call keeps the whole process waiting; its device tells, and from then on it goes by
 * threads.
 */
export async function openWhereLocal(path: string): Promise<Folder> {
  const device = deviceOf(path);
  if (device === null) return Folder.open(path);
  if (device === undefined) return openAndSee(path);
  const folder = await Folder.openNow(path, { below: 'by-threads' });
  if ((await folder.stat()).dev === device) return folder;
  await folder.close();
  return openAndSee(path);
}

/** As folder.look(): at once where that name was opened before, and on a local file system. */
export async function lookWhereLocal(folder: Folder, name: string): Promise<BigIntStats | undefined> {
  return (deviceOf(join(folder.path, name)) ? folder.atOnce : folder).look(name);
}

/**
 * The folder as it is to be asked about a file that was read in it before: at once where it is on a local file system,
 * and the file is not in a folder below it, on which something from elsewhere may be mounted.
 */
export function forKnownFile(folder: Folder, file: string): Folder {
  return isPlainName(file) && deviceOf(folder.path) ? folder.atOnce : folder;
}

/** null: it is not to be opened at once; undefined where nothing is known of it, or no longer. */
function deviceOf(path: string): bigint | null | undefined {
  const known = seen.get(path);
  if (known === undefined || known.until < performance.now()) return undefined;
  return known.device === null || path === '/' || deviceOf(dirname(path)) ? known.device : null;
}

async function openAndSee(path: string): Promise<Folder> {
  const folder = await Folder.open(path);
  try {
    const device = (await isPlainlyLocal(folder)) ? (await folder.stat()).dev : null;
    if (seen.size >= MOST_SEEN) seen.clear();
    seen.set(path, { device, until: performance.now() + SEEN_MS });
    return folder;
  } catch (error) {
    await folder.close();
    throw error;
  }
}

async function isPlainlyLocal({ descriptor, path }: Folder): Promise<boolean> {
  const at = descriptorPath(descriptor);
  return at !== undefined && (await fileSystemKind(descriptor)) === 'local' && (await readlink(at)) === path;
}
