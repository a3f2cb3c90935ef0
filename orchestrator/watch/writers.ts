// oxlint-disable-next-line no-restricted-imports -- of /proc alone, which is the kernel's
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** ` by <name> (pid <pid>)`, as far as /proc tells us: processes of others need root. */
export async function describeWriters({ dev, ino }: { dev: bigint; ino: bigint }): Promise<string> {
  const processes = await readdir('/proc').catch(() => []);
  const found: string[] = [];
  for (const pid of processes.filter(name => /^\d+$/.test(name))) {
    if (await isWriting(pid, dev, ino)) found.push(`${await processName(pid)} (pid ${pid})`);
  }
  return found.length === 0 ? ' by a process that can’t be seen from here' : ` by ${found.join(', ')}`;
}

async function isWriting(pid: string, dev: bigint, ino: bigint): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const descriptors = await readdir(folder).catch(() => []);
  for (const descriptor of descriptors) {
    const link = join(folder, descriptor);
    // Only files: looking into what a pipe or a socket leads to tells nothing.
    if (!(await readlink(link).catch(() => '')).startsWith('/')) continue;
    const target = await stat(link, { bigint: true }).catch(() => undefined);
    if (target?.dev === dev && target.ino === ino && (await isOpenForWriting(pid, descriptor))) return true;
  }
  return false;
}

/** The last two bits of `flags` (octal) are the access mode: 0 is reading only (proc(5)). */
async function isOpenForWriting(pid: string, descriptor: string): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8').catch(() => '');
  const flags = /^flags:\s*([0-7]+)/m.exec(text)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) !== 0;
}

async function processName(pid: string): Promise<string> {
  return (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'a process')).trim();
}
