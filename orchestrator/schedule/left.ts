import { basename, dirname } from 'node:path';
import { BOUNDS, WORK_FILES } from '../../default-etl/contract/contract.ts';
import { messageOf } from '../errors.ts';
import { adopt } from '../files/adopt.ts';
import { Folder } from '../files/folder.ts';
import { readText } from '../files/read.ts';
import type { FileDemands } from '../files/rights.ts';
import { emptyFolder, removeTree } from '../files/tree.ts';
import { unless } from '../files/unless.ts';
import { UntrustedFile } from '../files/untrusted-file.ts';

/** The WORK_DIR of an attempt that was seen dead, or one file's part of it: ours again. */
export interface Left {
  folder: Folder;
  /** What a file in it must be to be looked at: of one name, and of whoever the attempt ran as, or ours. */
  demands: FileDemands;
}

/** What `tidyWorkDir` does on the way. */
export interface Tidying {
  /** Told what is not kept, and why. */
  warn?: (text: string) => void;
  /** Breaks off. What is left is removed by the next start. */
  signal?: AbortSignal;
  /** Takes away the folder, which is empty then, if it is of use. */
  take?: (workDir: string) => boolean;
}

const OURS_ALONE = 0o700;
/**
 * Only we can have set it on a folder of ours: it says that anybody might write there, as where a container's user is
 * known by name alone.
 */
const WAS_ANYBODYS = 0o1000;
const ANYBODY_WRITES = 0o002;
const ALL_MODE_BITS = 0o7777;

/**
 * Takes the folder back before anything in it is looked at, from whoever had it: nobody can put anything there any
 * more. `part`: a folder in it, or ''. Calls with undefined where there is none. Idempotent.
 */
export async function withLeft<T>(
  workDir: string,
  part: string,
  act: (left: Left | undefined) => Promise<T>,
): Promise<T> {
  const whole = await openWhole(workDir);
  if (whole === undefined) return act(undefined);
  try {
    const demands = await takeBack(whole);
    if (part === '') return await act({ folder: whole, demands });
    const folder = await openPart(whole, part, demands);
    if (folder === undefined) return await act(undefined);
    try {
      await takeBack(folder);
      return await act({ folder, demands });
    } finally {
      await folder.close();
    }
  } finally {
    await whole.close();
  }
}

/**
 * The attempt is dead: its folder is ours again, and ours alone, and its group remembers who had it. To be called
 * before anything in it is looked at, and never in another way: withLeft() could not tell then whose the files in it
 * may be. Nothing happens where there is none.
 */
export function takeBackWorkDir(workDir: string): Promise<void> {
  return withLeft(workDir, '', async () => undefined);
}

/**
 * Highest row number that the attempt may have sent, as it says; 0 where it wrote none. Throws an UntrustedFile where
 * that can't be read.
 */
export async function readReserve({ folder, demands }: Left): Promise<number> {
  const text = await readText(folder, WORK_FILES.reserve, BOUNDS.reserveBytes, demands).catch(unless('ENOENT'));
  const rows = Number(text ?? 0);
  return Number.isSafeInteger(rows) && rows > 0 ? rows : 0;
}

/** Makes the rejects ours, so that they can be read from now on; false where there are none that can be kept. Idempotent. */
export function secureRejects(left: Left): Promise<boolean> {
  return adoptRejects(left, {});
}

/** Leaves nothing but the rejects and how they are read, and not even those where there are none or they aren't wanted. */
export async function tidyWorkDir(workDir: string, keepRejects: boolean, tidying: Tidying = {}): Promise<void> {
  const { signal, take } = tidying;
  const became = await withLeft(workDir, '', async left => {
    if (left === undefined) return 'left';
    if (keepRejects && (await adoptRejects(left, tidying))) {
      await removeOthers(left.folder, signal);
      return 'kept';
    }
    if (take === undefined) return 'left';
    await emptyFolder(left.folder, signal);
    return !signal?.aborted && take(workDir) ? 'taken' : 'left';
  });
  if (became === 'taken') await removeEmpty(dirname(workDir));
  if (became === 'left') await removeWithEmptyParent(workDir, signal);
}

/** The rejects of one file of a folder's run go where a run of its own would have left them; `to` is absolute. */
export async function moveRejects(left: Left, to: string, tidying: Tidying): Promise<void> {
  if (!(await adoptRejects(left, tidying))) return;
  const runs = await Folder.openNow(dirname(dirname(to)));
  try {
    const target = await runs.makeFolder(`${basename(dirname(to))}/${basename(to)}`);
    try {
      // Without how they are read they could not be mended: that first.
      await left.folder.rename(WORK_FILES.table, target, WORK_FILES.table).catch(unless('ENOENT'));
      await left.folder.rename(WORK_FILES.rejects, target, WORK_FILES.rejects);
    } finally {
      await target.close();
    }
  } finally {
    await runs.close();
  }
}

async function openWhole(workDir: string): Promise<Folder | undefined> {
  const above = await Folder.openNow(dirname(workDir)).catch(unless('ENOENT'));
  try {
    return await above?.folder(basename(workDir)).catch(unless('ENOENT'));
  } finally {
    await above?.close();
  }
}

/** What is no folder of whoever had the whole is as if there were none. */
async function openPart(whole: Folder, part: string, { owners }: FileDemands): Promise<Folder | undefined> {
  const folder = await whole.folder(part).catch(unless('ENOENT', 'ENOTDIR'));
  if (folder === undefined || owners === undefined || owners.includes(Number((await folder.stat()).uid))) return folder;
  await folder.close();
  return undefined;
}

/** Its group, which is let in nowhere, remembers who had it: should we be killed, the next start asks again. */
async function takeBack(folder: Folder): Promise<FileDemands> {
  const ours = process.getuid?.() ?? 0;
  const stats = await folder.stat();
  const [uid, gid, mode] = [stats.uid, stats.gid, stats.mode].map(Number) as [number, number, number];
  const isAnybodys = uid === ours && (mode & (ANYBODY_WRITES | WAS_ANYBODYS)) !== 0;
  const holder = uid === ours && ours === 0 ? gid : uid;
  const taken = {
    owner: { uid: ours, gid: ours === 0 ? holder : gid },
    mode: OURS_ALONE | (isAnybodys ? WAS_ANYBODYS : 0),
  };
  const isTaken = uid === ours && gid === taken.owner.gid && (mode & ALL_MODE_BITS) === taken.mode;
  if (!isTaken) await folder.give(taken.owner, taken.mode);
  return isAnybodys ? { onlyName: true } : { onlyName: true, owners: [ours, holder] };
}

/** False where there are none that can be kept. */
async function adoptRejects({ folder, demands }: Left, { warn }: Tidying): Promise<boolean> {
  const bounds = { ...demands, larger: 'cut' as const };
  try {
    const rejects = await adopt(folder, WORK_FILES.rejects, { ...bounds, mostBytes: BOUNDS.rejectsBytes });
    if (rejects === undefined || rejects.size === 0n) return false;
    await adopt(folder, WORK_FILES.table, { ...demands, larger: 'refuse', mostBytes: BOUNDS.rejectsTableBytes });
    return true;
  } catch (error) {
    if (!(error instanceof UntrustedFile)) throw error;
    warn?.(`rejected rows are not kept: ${messageOf(error)}`);
    return false;
  }
}

async function removeOthers(folder: Folder, signal: AbortSignal | undefined): Promise<void> {
  const kept: string[] = [WORK_FILES.rejects, WORK_FILES.table];
  for await (const name of folder.names()) {
    if (signal?.aborted) return;
    if (!kept.includes(String(name))) await removeTree(folder, name, signal);
  }
}

async function removeWithEmptyParent(path: string, signal: AbortSignal | undefined): Promise<void> {
  const above = dirname(path);
  const isThere = await useIfThere(above, folder => removeTree(folder, basename(path), signal));
  // Not with all that is in it: other attempts' rejects keep it.
  if (isThere) await removeEmpty(above);
}

async function removeEmpty(path: string): Promise<void> {
  await useIfThere(dirname(path), above => above.removeFolder(basename(path)).catch(IN_USE));
}

const IN_USE = unless('ENOENT', 'ENOTEMPTY', 'EEXIST');

async function useIfThere(path: string, act: (folder: Folder) => Promise<void>): Promise<boolean> {
  const folder = await Folder.openNow(path).catch(unless('ENOENT'));
  if (folder === undefined) return false;
  try {
    await act(folder);
    return true;
  } finally {
    await folder.close();
  }
}
