import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../errors.ts';
import { Folder } from './folder.ts';
import { check } from './rights.ts';

const ROOT = 0n;
const GROUP_OR_OTHERS_WRITE = 0o022n;

/**
 * Opens a folder that the administrator named (absolute), which may lie below one that others can write: links on the way are followed only as
 * long as nobody but root and we can have put them there. Throws ENOENT where it is missing. To be closed.
 */
export function openAdminFolder(path: string): Promise<Folder> {
  return walk(path, (at, rest) => at.folder(rest));
}

/** The same, but what is missing is made; whoever may look into the folder above may look into it. */
export function makeAdminFolder(path: string): Promise<Folder> {
  return walk(path, (at, rest) => at.makeFolder(rest, 'as-above'));
}

/** A regular file that the administrator named, such as a certificate, to be read and closed: links are followed. */
export async function openAdminFile(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    check(await file.stat(), path, {});
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function walk(path: string, finish: (at: Folder, rest: string) => Promise<Folder>): Promise<Folder> {
  const names = path.split('/').filter(name => name !== '');
  let at = await Folder.open('/');
  try {
    while (names.length > 0 && (await isChangedByUsAlone(at))) {
      const next = await openBelow(at, names[0] as string);
      if (next === undefined) break;
      await at.close();
      at = next;
      names.shift();
    }
    return await (names.length === 0 ? at.folder('') : finish(at, names.join('/')));
  } finally {
    await at.close();
  }
}

/** By path: what is on the way to it stays what it is. */
async function openBelow(at: Folder, name: string): Promise<Folder | undefined> {
  try {
    return await Folder.open(join(at.path, name));
  } catch (error) {
    // EACCES: one that we may pass through, but not look into.
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EACCES') return undefined;
    throw error;
  }
}

async function isChangedByUsAlone(folder: Folder): Promise<boolean> {
  const { uid, mode } = await folder.stat();
  const isTrusted = uid === ROOT || uid === BigInt(process.getuid?.() ?? 0);
  return isTrusted && (mode & GROUP_OR_OTHERS_WRITE) === 0n;
}
