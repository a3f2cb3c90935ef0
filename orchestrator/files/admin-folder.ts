import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, OrchestratorError } from '../errors.ts';
import type { Folder } from './folder.ts';
import { lookWhereLocal, openWhereLocal } from './local.ts';
import { check } from './rights.ts';

const ROOT = 0n;
const GROUP_OR_OTHERS_WRITE = 0o022n;
const STICKY = 0o1000n;

/**
 * Opens a folder that the administrator named (absolute), which may lie below one that others can write: links on the
 * way are followed only as long as nobody but root and we can have put them there. Throws ENOENT where it is missing.
 * To be closed.
 */
export function openAdminFolder(path: string): Promise<Folder> {
  return walk(path, (at, rest) => at.folder(rest));
}

/** The same, but what is missing is made; whoever may look into the folder above may look into it. */
export function makeAdminFolder(path: string): Promise<Folder> {
  return walk(path, (at, rest) => at.makeFolder(rest, 'as-above'));
}

/** Device and inode of an open folder, as one text. */
export async function identityOf(folder: Folder): Promise<string> {
  const { dev, ino } = await folder.stat();
  return `${dev}:${ino}`;
}

/**
 * As openAdminFolder(), for one that is known already by its identity (null: it isn't). Throws `wait` where another
 * folder, or a link that others can have made, has its place by now.
 */
export async function openKnownFolder(path: string, known: string | null): Promise<Folder> {
  const folder = await openAdminFolder(path).catch((error: unknown) => {
    throw codeOf(error) === 'ENOTDIR' ? isAnother(path, error) : error;
  });
  if (known === null || (await identityOf(folder)) === known) return folder;
  await folder.close();
  throw isAnother(path);
}

function isAnother(path: string, cause?: unknown): OrchestratorError {
  const text = `${path} is not the folder that was watched: another one, or a link that others than root can have made, is in its place; nothing is written there`;
  return new OrchestratorError('wait', text, { cause });
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
  let at = await openWhereLocal('/');
  let isWhole = false;
  try {
    while (names.length > 0 && (await isChangedByUsAlone(at, names[0] as string))) {
      const next = await openBelow(at, names[0] as string);
      if (next === undefined) break;
      await at.close();
      at = next;
      names.shift();
    }
    isWhole = names.length === 0;
    return isWhole ? at : await finish(at, names.join('/'));
  } finally {
    if (!isWhole) await at.close();
  }
}

/** By path: what is on the way to it stays what it is. */
async function openBelow(at: Folder, name: string): Promise<Folder | undefined> {
  try {
    return await openWhereLocal(join(at.path, name));
  } catch (error) {
    // EACCES: one that we may pass through, but not look into.
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EACCES') return undefined;
    throw error;
  }
}

/** Whether nobody but root and we can have put there what has this name, nor can put something else in its place. */
async function isChangedByUsAlone(folder: Folder, name: string): Promise<boolean> {
  const { uid, mode } = await folder.stat();
  if (!isTrusted(uid)) return false;
  if ((mode & GROUP_OR_OTHERS_WRITE) === 0n) return true;
  if ((mode & STICKY) === 0n) return false;
  // As in /tmp: others can make names, but take away their own alone.
  const stats = await lookWhereLocal(folder, name);
  return stats !== undefined && isTrusted(stats.uid);
}

function isTrusted(uid: bigint): boolean {
  return uid === ROOT || uid === BigInt(process.getuid?.() ?? 0);
}
