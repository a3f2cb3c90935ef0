import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Leader } from './process-group.ts';

/** An attempt whose process may be alive. */
export interface Registered {
  runId: string;
  attempt: number;
  leader: Leader;
}

/**
 * The pid files of attempts that are going on: DATA_DIR/pids/<run>.<attempt>.json. They lie together, not in each WORK_DIR, so
 * that a sweep costs as much as what runs, not as what ever ran.
 */
export interface Register {
  write(entry: Registered): Promise<void>;
  read(runId: string, attempt: number): Promise<Registered | undefined>;
  remove(runId: string, attempt: number): Promise<void>;
  list(): Promise<Registered[]>;
}

export function openRegister(dataDir: string): Register {
  const folder = join(dataDir, 'pids');
  const pathOf = (runId: string, attempt: number) => join(folder, `${runId}.${attempt}.json`);

  return {
    async write(entry) {
      await mkdir(folder, { recursive: true });
      const path = pathOf(entry.runId, entry.attempt);
      await writeFile(`${path}.new`, JSON.stringify(entry));
      await rename(`${path}.new`, path);
    },
    read: (runId, attempt) => readEntry(pathOf(runId, attempt)),
    remove: (runId, attempt) => rm(pathOf(runId, attempt), { force: true }),
    async list() {
      const names = (await readdir(folder).catch(() => [])).filter(name => name.endsWith('.json'));
      const entries = await Promise.all(names.map(name => readEntry(join(folder, name))));
      return entries.filter(entry => entry !== undefined);
    },
  };
}

// A file that is missing or cut short was never complete, and its process was never told to go.
async function readEntry(path: string): Promise<Registered | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Registered;
  } catch {
    return undefined;
  }
}
