import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { Folder } from '../files/folder.ts';
import { unless } from '../files/unless.ts';
import type { Logger } from '../log.ts';
import { closeEntry, INBOX } from './close.ts';

/** Where it stands, all below DATA_DIR has been closed once. */
const MARKER = '.closed';
/**
 * Below these an attempt's folders are another user's while it runs; they are made 0700. The number says how deep the
 * walk goes there.
 */
const DEPTHS: Readonly<Record<string, number>> = { [INBOX]: 0, runs: 1, warm: 0 };

interface Below {
  /** Absolute; it is closed itself. */
  dataDir: string;
  logger: Logger;
  /** Ends it early, to begin anew at the next start. */
  signal: AbortSignal;
}

/**
 * Closes what an earlier version left open deeper down, and says how much that was. Nobody could get there any more, so
 * it may take its time: it goes on beside the work, and later starts don't look again. Never rejects.
 */
export async function closeBelow({ dataDir, logger, signal }: Below): Promise<void> {
  try {
    const changed = await closeOnce(dataDir, signal);
    const many = changed.toLocaleString('en');
    if (changed > 0) logger.info(`${many} files and folders deeper in DATA_DIR are closed to all but their owner, too`);
  } catch (error) {
    logger.warn(`not all that is deeper in DATA_DIR can be closed: ${messageOf(error)}`, { error });
  }
}

async function closeOnce(dataDir: string, signal: AbortSignal): Promise<number> {
  return Folder.use(dataDir, async folder => {
    if ((await folder.look(MARKER)) !== undefined) return 0;
    let changed = 0;
    for await (const { name } of await folder.entries()) {
      changed += await closeTree(folder, name, DEPTHS[name] ?? Infinity, signal);
    }
    if (!signal.aborted) await folder.replace(MARKER, '');
    return changed;
  });
}

/** What is in a folder of this name; what is no folder of ours, and what vanishes meanwhile, is passed over. */
async function closeTree(parent: Folder, name: string, depth: number, signal: AbortSignal): Promise<number> {
  const stats = await parent.look(name);
  if (depth === 0 || stats?.isDirectory() !== true || Number(stats.uid) !== process.geteuid?.()) return 0;
  let changed = 0;
  const folder = await parent.folder(name).catch(unless('ENOENT', 'ENOTDIR'));
  if (folder === undefined) return 0;
  try {
    for await (const entry of await folder.entries()) {
      if (signal.aborted) break;
      if (closeEntry(pathIn(folder, entry.name))) changed += 1;
      if (entry.isDirectory()) changed += await closeTree(folder, entry.name, depth - 1, signal);
    }
  } finally {
    await folder.close();
  }
  return changed;
}

function pathIn(folder: Folder, name: string): string {
  return process.platform === 'linux' ? `/proc/self/fd/${folder.descriptor}/${name}` : join(folder.path, name);
}
