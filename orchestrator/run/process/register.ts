import { Folder } from '../../files/folder.ts';
import { readText } from '../../files/read.ts';
import { unless } from '../../files/unless.ts';
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

const FOLDER = 'pids';
const ENDING = '.json';
const MOST_BYTES = 64 * 1024;

export function openRegister(dataDir: string): Register {
  const nameOf = (runId: string, attempt: number) => `${runId}.${attempt}${ENDING}`;
  /** Undefined where the folder isn't there yet. */
  const within = <T>(act: (folder: Folder) => Promise<T>): Promise<T | undefined> =>
    Folder.useNow(dataDir, data => data.within(FOLDER, act)).catch(unless('ENOENT'));

  return {
    async write(entry) {
      await Folder.useNow(dataDir, async data => {
        const folder = await data.makeFolder(FOLDER);
        try {
          await folder.replace(nameOf(entry.runId, entry.attempt), JSON.stringify(entry), { isSynced: false });
        } finally {
          await folder.close();
        }
      });
    },
    read: (runId, attempt) => within(folder => readEntry(folder, nameOf(runId, attempt))),
    async remove(runId, attempt) {
      await within(folder => folder.unlink(nameOf(runId, attempt)));
    },
    list: async () => (await within(readAll)) ?? [],
  };
}

async function readAll(folder: Folder): Promise<Registered[]> {
  const entries: Registered[] = [];
  for await (const { name } of await folder.entries()) {
    const entry = name.endsWith(ENDING) ? await readEntry(folder, name) : undefined;
    if (entry) entries.push(entry);
  }
  return entries;
}

// A file that is missing or cut short was never complete, and its process was never told to go.
async function readEntry(folder: Folder, name: string): Promise<Registered | undefined> {
  try {
    return JSON.parse(await readText(folder, name, MOST_BYTES)) as Registered;
  } catch {
    return undefined;
  }
}
