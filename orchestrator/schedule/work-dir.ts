import { link, mkdir, open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { WORK_FILES } from '../../default-etl/contract.ts';
import { codeOf } from '../errors.ts';
import { Folder } from '../files/folder.ts';
import type { AttemptRef } from '../run/runner.ts';

/** Where an attempt works and logs, below DATA_DIR. */
export function attemptPaths(dataDir: string, runId: string, attempt: number): Pick<AttemptRef, 'workDir' | 'logFile'> {
  return {
    workDir: join(dataDir, 'runs', runId, String(attempt)),
    logFile: join(dataDir, 'logs', runId, `${attempt}.log`),
  };
}

/** Makes a folder that is ours alone, empty, whatever an earlier try left there. It is given away once it is filled. */
export async function makeWorkDir(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  while (!(await makePrivate(path)));
}

/** An attempt is dead: its folder is ours again, and ours alone, before anything in it is looked at. Nothing happens where there is none. */
export async function takeBackWorkDir(path: string): Promise<void> {
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  await Folder.use(path, folder => folder.give(own, 0o700)).catch(ignore('ENOENT'));
}

/** False where the folder above went in between: that of the attempt before is just being tidied away. */
async function makePrivate(path: string): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return false;
  }
}

/** Creates the log, so that it can be read from the first moment. */
export async function makeLogFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await (await open(path, 'a', 0o600)).close();
}

/** A file of a folder's run finds the log of the whole under its own name, too. */
export async function shareLogFile(from: string, to: string): Promise<void> {
  if (from === to) return;
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  await link(from, to).catch(ignore('EEXIST', 'ENOENT'));
}

/** Highest row number that the attempt may have sent; 0 where it wrote none. */
export async function readReserve(workDir: string): Promise<number> {
  const text = await readFile(join(workDir, WORK_FILES.reserve), 'utf8').catch(ignore('ENOENT'));
  const rows = Number(text ?? 0);
  return Number.isSafeInteger(rows) && rows > 0 ? rows : 0;
}

/** Leaves nothing but the rejects and how they are read, and not even those where there are none or they aren't wanted. */
export async function tidyWorkDir(workDir: string, keepRejects: boolean): Promise<void> {
  const names = await readdir(workDir).catch(ignore('ENOENT'));
  if (!names) return;
  const rejects = await stat(join(workDir, WORK_FILES.rejects)).catch(ignore('ENOENT'));
  const keep = keepRejects && rejects && rejects.size > 0;
  if (!keep) return removeWithEmptyParent(workDir);
  const others = names.filter(name => name !== WORK_FILES.rejects && name !== WORK_FILES.table);
  await Promise.all(others.map(name => rm(join(workDir, name), { recursive: true, force: true })));
}

/** The rejects of one file of a folder's run go where a run of its own would have left them. */
export async function moveRejects(from: string, to: string): Promise<void> {
  const rejects = join(from, WORK_FILES.rejects);
  const found = await stat(rejects).catch(ignore('ENOENT'));
  if (from === to || !found || found.size === 0) return;
  await mkdir(to, { recursive: true });
  // Without how they are read they could not be mended: that first.
  await rename(join(from, WORK_FILES.table), join(to, WORK_FILES.table)).catch(ignore('ENOENT'));
  await rename(rejects, join(to, WORK_FILES.rejects));
}

export async function removeWithEmptyParent(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  // Not recursive: other attempts' rejects keep it.
  await rmdir(dirname(path)).catch(ignore('ENOENT', 'ENOTEMPTY', 'EEXIST'));
}

/** Turns errors with one of these codes into undefined. */
export function ignore(...codes: string[]): (error: unknown) => undefined {
  return error => {
    if (!codes.includes(codeOf(error) ?? '')) throw error;
    return undefined;
  };
}
