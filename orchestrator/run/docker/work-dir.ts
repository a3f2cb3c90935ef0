import { chmod, lchown, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const NUMERIC_USER = /^(\d+)(?::(\d+))?$/;
const ANYONE = 0o777;

/**
 * Makes an attempt's folder writable for the container's user. Only root can give it away; where the user is a name, which only the
 * image can resolve, anyone may write to it.
 */
export async function giveWorkDir(workDir: string, user: string): Promise<void> {
  const numbers = NUMERIC_USER.exec(user);
  if (!numbers) return chmod(workDir, ANYONE);
  const [uid, gid] = [Number(numbers[1]), Number(numbers[2] ?? numbers[1])];
  if (process.getuid?.() !== 0) return uid === process.getuid?.() ? undefined : chmod(workDir, ANYONE);
  const names = await readdir(workDir, { recursive: true });
  for (const path of [workDir, ...names.map(name => join(workDir, name))]) await lchown(path, uid, gid);
}
