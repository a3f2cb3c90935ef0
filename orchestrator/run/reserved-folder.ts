import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { codeOf } from '../errors.ts';
import { Folder } from '../files/folder.ts';
import type { Owner } from '../files/rights.ts';
import { giveEntries } from './work-dir.ts';

/**
 * Puts a folder that something waiting already has at its work in the attempt's place, with what lay there: a bind
 * mount follows its folder. What waits has had its hands in the one, not in the other. `owner`: whose it is; undefined
 * where only the image knows.
 */
export async function putInPlace(reserved: string, workDir: string, owner: Owner | undefined): Promise<void> {
  if (takesEmptyPlace(reserved, workDir)) return;
  await Folder.useNow(dirname(workDir), async attempts => {
    const name = basename(workDir);
    await attempts.within(name, filled => Folder.useNow(reserved, folder => moveAll(filled, folder, owner)));
    await attempts.removeFolder(name);
    try {
      renameSync(reserved, workDir);
    } catch (error) {
      mkdirSync(workDir, 0o700);
      throw error;
    }
  });
}

const FILLED = ['ENOTEMPTY', 'EEXIST'];

/** As nearly always: an empty folder is replaced in one step. False where something lies there. */
function takesEmptyPlace(reserved: string, workDir: string): boolean {
  try {
    renameSync(reserved, workDir);
    return true;
  } catch (error) {
    if (FILLED.includes(codeOf(error) ?? '')) return false;
    throw error;
  }
}

/** Names of what is in a folder; none where it isn't there. */
export function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

async function moveAll(from: Folder, to: Folder, owner: Owner | undefined): Promise<void> {
  if (owner && process.getuid?.() === 0) await giveEntries(from, owner);
  for await (const { name } of await from.entries()) await from.rename(name, to, name);
}
