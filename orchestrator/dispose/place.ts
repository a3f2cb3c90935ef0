import type { BigIntStats } from 'node:fs';
import type { OpenFile } from '../files/open-file.ts';
import { join } from 'node:path';
import { codeOf, OrchestratorError } from '../errors.ts';
import { copyContent, hashOf } from '../files/content.ts';
import { Folder } from '../files/folder.ts';
import { freeBytesAt } from '../files/free.ts';
import { UntrustedFile } from '../files/untrusted-file.ts';
import type { Spot } from './places.ts';

/** link(2) can't do it here: another device, or a file system without hard links. */
const NO_LINKS = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);
/** A copy is nobody's program: it runs as no one else than who starts it. */
const PERMISSIONS = 0o777;
const BLOCK_BYTES = 512;

/** What is to be left free where a file is copied: on the disk of DATA_DIR MIN_FREE, elsewhere nothing. */
export interface Room {
  dataDir: string;
  minFreeBytes: number;
}

/**
 * Makes `to` hold what an open file holds, on its own device: another name of the file, which has the name `from`, else
 * a copy that was synced and compared. Throws `retry` where another file has the name by now, `wait` where a copy of it
 * has no room.
 */
export async function stage(file: OpenFile, from: Spot, to: Spot, room?: Room): Promise<'linked' | 'copied'> {
  await to.folder.unlink(to.name);
  try {
    await from.folder.link(from.name, to.folder, to.name);
  } catch (error) {
    if (!NO_LINKS.has(codeOf(error) ?? '')) throw error;
    await demandRoom(file, to, room);
    await copyVerified(file, to);
    return 'copied';
  }
  if (isSame(await to.folder.look(to.name), await file.stat({ bigint: true }))) return 'linked';
  await to.folder.unlink(to.name);
  throw new OrchestratorError('retry', `${pathOf(from)} was swapped for another file while it was taken`);
}

/** Gives a file another name in its folder without overwriting. False where the name is taken by another file. */
export async function nameFreely(folder: Folder, from: string, to: string): Promise<boolean> {
  try {
    // rule 8: backups never overwrite
    await folder.link(from, folder, to);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      // Linked before a crash: only the old name is still to go.
      if (!isSame(await folder.look(from), await folder.look(to))) return false;
    } else if (NO_LINKS.has(codeOf(error) ?? '') || error instanceof UntrustedFile)
      return renameIfFree(folder, from, to);
    else throw error;
  }
  await folder.sync();
  await folder.unlink(from);
  return true;
}

export function isSame(one: BigIntStats | undefined, other: BigIntStats | undefined): boolean {
  return one !== undefined && other !== undefined && one.dev === other.dev && one.ino === other.ino;
}

export function pathOf({ folder, name }: Spot): string {
  return join(folder.path, name);
}

/** Where there are no hard links, someone may take the name between the look and the renaming: nothing better is to be had. */
async function renameIfFree(folder: Folder, from: string, to: string): Promise<boolean> {
  if ((await folder.look(to)) !== undefined) return false;
  await folder.rename(from, folder, to);
  await folder.sync();
  return true;
}

async function demandRoom(file: OpenFile, { folder }: Spot, room: Room | undefined): Promise<void> {
  const { blocks, size } = await file.stat();
  const data = room && (await Folder.useNow(room.dataDir, each => each.stat()));
  const isOfData = data?.dev === (await folder.stat()).dev;
  const freeBytes = (await freeBytesAt(folder)) - Math.min(size, blocks * BLOCK_BYTES);
  if (freeBytes >= (room && isOfData ? room.minFreeBytes : 0)) return;
  const why = isOfData ? 'would leave less free space than MIN_FREE' : 'has no room';
  throw new OrchestratorError('wait', `a copy of it in ${folder.path} ${why}: free some space there`);
}

async function copyVerified(file: OpenFile, to: Spot): Promise<void> {
  await using copy = await to.folder.create(to.name);
  const { mode, uid, gid, atime, mtime, size } = await file.stat();
  const hash = await copyContent(file, copy);
  if (process.getuid?.() === 0) await copy.chown(uid, gid);
  await copy.chmod(mode & PERMISSIONS);
  await copy.utimes(atime, mtime);
  await copy.sync();
  await using written = await to.folder.openFile(to.name);
  if ((await written.stat()).size === size && (await hashOf(written)) === hash) return;
  await to.folder.unlink(to.name);
  throw new OrchestratorError('retry', `${pathOf(to)} is not what was copied to it; is someone writing?`);
}
