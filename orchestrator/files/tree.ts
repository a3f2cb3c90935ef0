import { randomUUID } from 'node:crypto';
import { createYielder } from '../async/yielder.ts';
import type { Folder } from './folder.ts';
import { unless } from './unless.ts';

/** What a folder and all below it take. */
export interface Usage {
  /** Blocks on the device, so that holes in a file count for nothing. */
  bytes: number;
  /** Files, folders and all else. */
  entries: number;
}

interface Count {
  usage: Usage;
  most: Usage;
  breathe: Breathe;
}

type Breathe = ReturnType<typeof createYielder>;

/** A tree that is deeper counts as larger than any bound: no program needs it. */
const DEEPEST = 64;

/**
 * Removes what has this name, with all below it, following no link; nothing happens where nothing has it. However deep
 * and wide the tree is, two folders are open at a time: what lies deeper is first moved up. Idempotent, and goes on
 * where a crash, or `signal`, cut it short. All else has its turn meanwhile, also where the folder's calls are made at
 * once.
 */
export async function removeTree(parent: Folder, relative: string | Buffer, signal?: AbortSignal): Promise<void> {
  if (!(await isFolder(parent, relative))) return parent.unlink(relative);
  await parent.within(relative, top => emptyFolder(top, signal));
  if (!signal?.aborted) await parent.removeFolder(relative).catch(unless('ENOENT'));
}

/** As removeTree(), but for the folder itself. */
export async function emptyFolder(folder: Folder, signal?: AbortSignal): Promise<void> {
  const breathe = createYielder();
  while (!signal?.aborted && (await clearOnce(folder, breathe, signal))) continue;
}

/**
 * How much is in a folder, links not followed. Stops as soon as it is more than one of the bounds, and then tells what
 * it has seen till then. What vanishes meanwhile is passed over.
 */
export async function usageOf(folder: Folder, most: Usage): Promise<Usage> {
  const usage: Usage = { bytes: 0, entries: 0 };
  await addUsage(folder, { usage, most, breathe: createYielder() }, 0);
  return usage;
}

async function addUsage(folder: Folder, count: Count, depth: number): Promise<void> {
  const { usage, most, breathe } = count;
  if (depth > DEEPEST) usage.entries = most.entries + 1;
  for await (const name of folder.names()) {
    await breathe();
    if (usage.bytes > most.bytes || usage.entries > most.entries) return;
    const stats = await folder.look(name);
    if (stats === undefined) continue;
    usage.entries += 1;
    usage.bytes += Number(stats.blocks) * 512;
    if (!stats.isDirectory()) continue;
    await folder.within(name, below => addUsage(below, count, depth + 1)).catch(unless('ENOENT', 'ENOTDIR', 'ELOOP'));
  }
}

/** Takes out what is in the folder, or moves it up into it; false where it was empty. */
async function clearOnce(top: Folder, breathe: Breathe, signal: AbortSignal | undefined): Promise<boolean> {
  let found = false;
  for await (const name of top.names()) {
    await breathe();
    if (signal?.aborted) break;
    found = true;
    if (await isFolder(top, name)) await clearFolder(top, name, breathe);
    else await top.unlink(name);
  }
  return found;
}

async function clearFolder(top: Folder, name: Buffer, breathe: Breathe): Promise<void> {
  await top.within(name, async folder => {
    for await (const entry of folder.names()) {
      await breathe();
      if (await isFolder(folder, entry)) await folder.rename(entry, top, randomUUID());
      else await folder.unlink(entry);
    }
  });
  // Something may have been overlooked while names were taken away: the next turn sees it.
  await top.removeFolder(name).catch(unless('ENOTEMPTY', 'ENOENT'));
}

async function isFolder(parent: Folder, name: string | Buffer): Promise<boolean> {
  return (await parent.look(name))?.isDirectory() ?? false;
}
