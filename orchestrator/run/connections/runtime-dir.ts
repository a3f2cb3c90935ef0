import { chmod, lstat, mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { type HostPathMap, hostPathOf } from '../host-path-map.ts';

export interface RuntimeDirOptions {
  /** RUNTIME_DIR, absolute; null where it isn't set. */
  wish: string | null;
  /** Absolute: DATA_DIR. */
  dataDir: string;
  /** readInstance(DATA_DIR). */
  instance: string;
  /** XDG_RUNTIME_DIR: a user's own folder in memory. */
  userRuntimeDir: string | undefined;
  /** Where the engine finds what the orchestrator sees. Throws where that isn't known now. */
  hostPaths(): Promise<HostPathMap>;
  logger: Logger;
}

/** What statfs(2) calls file systems that are in memory alone: tmpfs, ramfs. */
const IN_MEMORY = [0x01021994, 0x858458f6];
const PRIVATE = 0o700;

/** Where files with secrets may be, the best first; the last, which is always there, is on the disk. */
export function runtimeDirs({
  wish,
  dataDir,
  instance,
  userRuntimeDir,
}: Omit<RuntimeDirOptions, 'hostPaths'>): string[] {
  const name = `orchestrator-etl-${instance.slice(0, 8)}`;
  const above = process.getuid?.() === 0 ? '/run' : userRuntimeDir;
  const parent = wish ?? above;
  return [...(parent ? [join(parent, name)] : []), join(dataDir, 'connections')];
}

/**
 * The folder for files with secrets: nobody else's to enter, in memory, and where the engine finds it; else one in
 * DATA_DIR, with a warning. Throws where none can be made.
 */
export async function openRuntimeDir(options: RuntimeDirOptions): Promise<string> {
  const dirs = runtimeDirs(options);
  const last = dirs.at(-1) as string;
  const [first] = dirs;
  const hostPaths = await options.hostPaths();
  const reason = first === last ? 'XDG_RUNTIME_DIR is not set' : await whyNot(first as string, hostPaths);
  if (reason === null) return first as string;
  options.logger.warn(
    `connection settings of runs are files in ${last} while they run, since ${reason}; set RUNTIME_DIR to a folder in memory (tmpfs)`,
  );
  await makePrivate(last);
  return last;
}

/** What is wrong with a folder; null where nothing is. */
async function whyNot(path: string, hostPaths: HostPathMap): Promise<string | null> {
  try {
    hostPathOf(hostPaths, path);
    await makePrivate(path);
    const { type } = await statfs(path);
    return IN_MEMORY.includes(type) ? null : `${path} is not in memory`;
  } catch (error) {
    return messageOf(error);
  }
}

async function makePrivate(path: string): Promise<void> {
  await mkdir(path, PRIVATE).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) throw new Error(`${path} is not this user's folder`);
  await chmod(path, PRIVATE);
}
