import { basename, dirname, join, relative } from 'node:path';
import { codeOf } from '../errors.ts';
import { Folder } from '../files/folder.ts';
import { removeTree } from '../files/tree.ts';
import { unless } from '../files/unless.ts';
import type { AttemptRef } from '../run/runner.ts';

/** Where an attempt works and logs, below DATA_DIR. */
export function attemptPaths(dataDir: string, runId: string, attempt: number): Pick<AttemptRef, 'workDir' | 'logFile'> {
  return {
    workDir: join(dataDir, 'runs', runId, String(attempt)),
    logFile: join(dataDir, 'logs', runId, `${attempt}.log`),
  };
}

/**
 * Makes a folder that is ours alone, empty, whatever an earlier try left there. It is given away once it is filled.
 * `put`: puts one there that is to be it; false where any will do.
 */
export async function makeWorkDir(path: string, put: (path: string) => boolean = () => false): Promise<void> {
  while (!(await makeEmpty(path, put)));
}

/** False where the folder above went in between: that of the attempt before is just being tidied away. */
async function makeEmpty(path: string, put: (path: string) => boolean): Promise<boolean> {
  try {
    await inFolderOf(path, async above => {
      await removeTree(above, basename(path));
      if (!put(path)) await (await above.makeFolder(basename(path))).close();
    });
    return true;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return false;
  }
}

/** Creates the log, so that it can be read from the first moment. */
export function makeLogFile(path: string): Promise<void> {
  return inFolderOf(path, async folder => (await folder.openLog(basename(path))).close());
}

/** A file of a folder's run finds the log of the whole under its own name, too. */
export async function shareLogFile(from: string, to: string): Promise<void> {
  if (from === to) return;
  await inFolderOf(to, folder =>
    Folder.useNow(dirname(from), source => source.link(basename(from), folder, basename(to))).catch(
      unless('EEXIST', 'ENOENT'),
    ),
  );
}

/** The folder that a path is in, and the one above, are made where they are missing: DATA_DIR itself is there. */
async function inFolderOf(path: string, act: (folder: Folder) => Promise<void>): Promise<void> {
  const base = dirname(dirname(dirname(path)));
  await Folder.useNow(base, async folder => {
    const above = await folder.makeFolder(relative(base, dirname(path)));
    try {
      await act(above);
    } finally {
      await above.close();
    }
  });
}
