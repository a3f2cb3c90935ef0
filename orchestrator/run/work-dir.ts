import { chmodSync } from 'node:fs';
import { Folder } from '../files/folder.ts';
import type { Owner } from '../files/rights.ts';

const NUMERIC_USER = /^(\d+)(?::(\d+))?$/;
const OWN = 0o700;
const ANYONE = 0o777;

/**
 * Makes a filled folder the user's: first what is in it, then itself, so that nobody else ever has a hand in it while
 * we fill it. Only root can give it away. Where the user is a name, which only the image can resolve, anyone may write
 * to it; nobody but root gets as far as there, for DATA_DIR is the orchestrator's alone.
 */
export async function giveWorkDir(workDir: string, user: string): Promise<void> {
  const owner = ownerNamed(user);
  const isRoot = process.getuid?.() === 0;
  if (owner && isRoot) {
    await Folder.useNow(workDir, async folder => {
      await giveEntries(folder, owner);
      await folder.give(owner, OWN);
    });
  } else if (!owner || owner.uid !== process.getuid?.()) chmodSync(workDir, ANYONE);
}

/** What is in a folder that nobody else can reach yet is made the user's. */
export async function giveEntries(folder: Folder, owner: Owner): Promise<void> {
  for await (const { name } of await folder.entries()) {
    if ((await folder.look(name))?.isDirectory()) {
      await folder.within(name, async below => {
        await giveEntries(below, owner);
        await below.give(owner, OWN);
      });
    } else {
      await using file = await folder.openFile(name, { onlyName: true });
      await file.chown(owner.uid, owner.gid);
    }
  }
}

/** `uid` or `uid:gid` in numbers; undefined where it is a name. */
export function ownerNamed(user: string): Owner | undefined {
  const numbers = NUMERIC_USER.exec(user);
  return numbers ? { uid: Number(numbers[1]), gid: Number(numbers[2] ?? numbers[1]) } : undefined;
}
