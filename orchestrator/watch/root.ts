import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import type { Dataset } from '../config/dataset.ts';
import { codeOf, messageOf, OrchestratorError } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';

/** WATCH_DIR, which is made before it is first watched, and never again. */
export class WatchedRoot {
  readonly #dataset: Dataset;
  readonly #journal: Pick<Journal, 'moved'>;
  /** It was never seen: it may be made. */
  #isNew: boolean;

  constructor(dataset: Dataset, journal: Pick<Journal, 'moved'>, isNew: boolean) {
    this.#dataset = dataset;
    this.#journal = journal;
    this.#isNew = isNew;
  }

  /** Device and inode, as one text. Throws an OrchestratorError for people where it is missing, or can't be read or made. */
  async find(): Promise<string> {
    if (!this.#isNew) return rootIdentity(this.#dataset);
    await createRoot(this.#dataset);
    const root = await rootIdentity(this.#dataset);
    // Before anything in it can be known; the first listing tells what is mounted below.
    await this.#journal.moved(this.#dataset.name, { root, mounts: {} }, []);
    this.#isNew = false;
    return root;
  }

  /** The same; null where it is missing or can't be read. */
  async read(): Promise<string | null> {
    return rootIdentity(this.#dataset).catch(() => null);
  }
}

async function rootIdentity(dataset: Dataset): Promise<string> {
  const { watchDir } = dataset;
  try {
    const stats = await stat(watchDir);
    if (!stats.isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
    await access(watchDir, constants.R_OK | constants.X_OK);
    return `${stats.dev}:${stats.ino}`;
  } catch (error) {
    throw new OrchestratorError('wait', `dataset ${dataset.name}: ${whyNot(watchDir, error)}`, { cause: error });
  }
}

async function createRoot(dataset: Dataset): Promise<void> {
  try {
    await mkdir(dataset.watchDir, { recursive: true });
  } catch (error) {
    const why = codeOf(error) ?? messageOf(error);
    const message = `dataset ${dataset.name}: WATCH_DIR ${dataset.watchDir} can't be made (${why}); make it yourself, readable by uid ${process.getuid?.()}`;
    throw new OrchestratorError('wait', message, { cause: error });
  }
}

function whyNot(watchDir: string, error: unknown): string {
  const code = codeOf(error) ?? messageOf(error);
  if (code === 'ENOENT') {
    return `WATCH_DIR ${watchDir} is missing; nothing in it counts as deleted; mount it or make it again, and watching goes on`;
  }
  if (code === 'ENOTDIR') return `WATCH_DIR ${watchDir} is not a folder; put a folder there, and watching goes on`;
  return `WATCH_DIR ${watchDir} can't be read (${code}); give uid ${process.getuid?.()} read access, and watching goes on`;
}
