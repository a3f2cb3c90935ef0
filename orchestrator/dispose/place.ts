import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { chmod, chown, copyFile, link, lstat, mkdir, open, rename, rm, stat, unlink, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { codeOf, OrchestratorError } from '../errors.ts';

/** link(2) can't do it here: another device, or a file system without hard links. */
const NO_LINKS = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Makes `staged` hold what `source` holds, on the target's device: a hard link, else a copy that was synced and compared. */
export async function stage(source: string, staged: string): Promise<void> {
  await mkdir(dirname(staged), { recursive: true });
  await rm(staged, { force: true });
  try {
    await link(source, staged);
  } catch (error) {
    if (!NO_LINKS.has(codeOf(error) ?? '')) throw error;
    await copyVerified(source, staged);
  }
}

/** Gives a file another name on its device without overwriting. False where the name is taken by another file. */
export async function nameFreely(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      // Linked before a crash: only the old name is still to go.
      if (!(await isSameFile(from, to))) return false;
    } else if (NO_LINKS.has(codeOf(error) ?? '')) return renameIfFree(from, to);
    else throw error;
  }
  await syncPath(dirname(to));
  await unlink(from);
  return true;
}

/** Makes a file, or the names in a folder, survive a loss of power; what can't be synced is left alone. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (codeOf(error) !== 'EINVAL' && codeOf(error) !== 'ENOTSUP') throw error;
  } finally {
    await handle.close();
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}

/** Where there are no hard links, someone may take the name between the look and the renaming: nothing better is to be had. */
async function renameIfFree(from: string, to: string): Promise<boolean> {
  if (await exists(to)) return false;
  await rename(from, to);
  await syncPath(dirname(to));
  return true;
}

export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([lstat(one, { bigint: true }), lstat(other, { bigint: true })]);
  return first.dev === second.dev && first.ino === second.ino;
}

async function copyVerified(source: string, target: string): Promise<void> {
  await copyFile(source, target, constants.COPYFILE_EXCL);
  const { mode, uid, gid, atime, mtime, size } = await stat(source);
  await chmod(target, mode);
  await utimes(target, atime, mtime);
  if (process.getuid?.() === 0) await chown(target, uid, gid);
  await syncPath(target);
  const same = (await stat(target)).size === size && (await hashOf(source)) === (await hashOf(target));
  if (same) return;
  await rm(target, { force: true });
  throw new OrchestratorError(
    'retry',
    `${target} is not what ${source} is, right after it was copied; is someone writing?`,
  );
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
