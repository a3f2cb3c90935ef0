import type { BigIntStats } from 'node:fs';
import type { OpenFile } from './open-file.ts';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { copyContent } from './content.ts';
import type { Folder } from './folder.ts';
import type { FileDemands } from './rights.ts';
import { unless } from './unless.ts';
import { UntrustedFile } from './untrusted-file.ts';

const OWN_FILE = 0o600;

export interface Adoption extends FileDemands {
  mostBytes: number;
  /** What becomes of a larger one: it is refused, or cut there. */
  larger: 'refuse' | 'cut';
  /** Whether its content is on disk when that resolves. */
  isSynced?: boolean;
}

/**
 * Makes a file that somebody else left in a folder which is ours by now, ours: nobody else can read or change it any
 * more. Resolves with what it is then, or undefined where nothing has the name. Throws what openFile() throws, and an
 * UntrustedFile where it is too large.
 */
export async function adopt(folder: Folder, name: string, adoption: Adoption): Promise<BigIntStats | undefined> {
  const file = await folder.openFile(name, adoption).catch(unless('ENOENT'));
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat({ bigint: true });
    const isTooLarge = stats.size > adoption.mostBytes;
    if (isTooLarge && adoption.larger === 'refuse') throw new UntrustedFile(join(folder.path, name), 'too-large');
    if (Number(stats.uid) !== ownUid() && ownUid() !== 0) return await takeCopy(folder, name, file, adoption);
    if (ownUid() === 0) await file.chown(0, process.getgid?.() ?? 0);
    await file.chmod(OWN_FILE);
    if (isTooLarge) await cut(folder, name, adoption);
    if (adoption.isSynced) await file.sync();
    return await file.stat({ bigint: true });
  } finally {
    await file.close();
  }
}

function ownUid(): number {
  return process.getuid?.() ?? 0;
}

/** Who isn't root can't be given a file. */
async function takeCopy(folder: Folder, name: string, file: OpenFile, adoption: Adoption): Promise<BigIntStats> {
  const unfinished = `.${randomUUID()}.tmp`;
  const copy = await folder.create(unfinished);
  try {
    await copyContent(file, copy, adoption.mostBytes);
    if (adoption.isSynced) await copy.sync();
    await folder.rename(unfinished, folder, name);
    return await copy.stat({ bigint: true });
  } catch (error) {
    await folder.unlink(unfinished);
    throw error;
  } finally {
    await copy.close();
  }
}

async function cut(folder: Folder, name: string, { mostBytes }: Adoption): Promise<void> {
  const file = await folder.openToChange(name, { owners: [ownUid()], onlyName: true });
  try {
    await file.truncate(mostBytes);
  } finally {
    await file.close();
  }
}
