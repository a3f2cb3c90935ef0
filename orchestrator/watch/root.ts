import type { Dataset } from '../config/dataset.ts';
import { codeOf, messageOf, OrchestratorError } from '../errors.ts';
import { identityOf, makeAdminFolder, openAdminFolder } from '../files/admin-folder.ts';
import type { Folder } from '../files/folder.ts';
import { openWhereLocal } from '../files/local.ts';
import type { Journal } from '../journal/journal.ts';
import { SharedFolder } from './shared-folder.ts';

/** WATCH_DIR, which is made before it is first watched, and never again. */
export class WatchedRoot {
  readonly #dataset: Dataset;
  readonly #journal: Pick<Journal, 'recordPlace'>;
  /** It was never seen: it may be made. */
  #isNew: boolean;
  readonly #folder = new SharedFolder(() => this.#open());
  #identity: string | null = null;

  constructor(dataset: Dataset, journal: Pick<Journal, 'recordPlace'>, isNew: boolean) {
    this.#dataset = dataset;
    this.#journal = journal;
    this.#isNew = isNew;
  }

  /**
   * Device and inode, as one text: links on the way to it are followed where nobody but root and we can have put them
   * there. Throws an OrchestratorError for people where it is missing, or can't be read or made.
   */
  async find(): Promise<string> {
    if (this.#isNew) await createRoot(this.#dataset);
    const root = await rootIdentity(this.#dataset);
    // Before anything in it can be known; the first listing tells what is mounted below.
    if (this.#isNew) await this.#journal.recordPlace(this.#dataset.name, { root, mounts: {} }, []);
    this.#isNew = false;
    this.#identity = root;
    return root;
  }

  /** The same of what is at its path now; null where it is missing or can't be read. */
  async read(): Promise<string | null> {
    try {
      const folder = await openWhereLocal(this.#dataset.watchDir);
      try {
        return await identityOf(folder);
      } finally {
        await folder.close();
      }
    } catch {
      return null;
    }
  }

  /** Opens it for a look at what is in it. Throws what open(2) throws, and ENOENT where it is another than find() has found. */
  use<T>(act: (folder: Folder) => Promise<T>): Promise<T> {
    return this.#folder.use(act);
  }

  /** The same; where it can't be opened, what is given instead. */
  useOr<T>(otherwise: T, act: (folder: Folder) => Promise<T>): Promise<T> {
    return this.#folder.useOr(otherwise, act);
  }

  /** By path, which costs least: what find() has found is known by its identity. */
  async #open(): Promise<Folder> {
    const folder = await openWhereLocal(this.#dataset.watchDir);
    if ((await identityOf(folder)) === this.#identity) return folder;
    await folder.close();
    throw Object.assign(new Error(`${folder.path} is another folder than it was`), { code: 'ENOENT' });
  }
}

/** A link that was put in its place since the YAML was read may lead where the policy lets no dataset look. */
function demandAllowed(dataset: Dataset): void {
  const why = dataset.whyForbidden('folders', dataset.watchDir);
  if (why !== null)
    throw new OrchestratorError('wait', `dataset ${dataset.name}: WATCH_DIR ${dataset.watchDir} ${why}`);
}

async function rootIdentity(dataset: Dataset): Promise<string> {
  const { watchDir } = dataset;
  demandAllowed(dataset);
  try {
    const folder = await openAdminFolder(watchDir);
    try {
      // One that can't be entered can't be looked into.
      await (await folder.folder('')).close();
      return await identityOf(folder);
    } finally {
      await folder.close();
    }
  } catch (error) {
    throw new OrchestratorError('wait', `dataset ${dataset.name}: ${whyNot(watchDir, error)}`, { cause: error });
  }
}

async function createRoot(dataset: Dataset): Promise<void> {
  demandAllowed(dataset);
  try {
    await (await makeAdminFolder(dataset.watchDir)).close();
  } catch (error) {
    const code = codeOf(error) ?? messageOf(error);
    const why =
      code === 'ENOTDIR'
        ? whyNot(dataset.watchDir, error)
        : `WATCH_DIR ${dataset.watchDir} can't be made (${code}); make it yourself, readable by uid ${process.getuid?.()}`;
    throw new OrchestratorError('wait', `dataset ${dataset.name}: ${why}`, { cause: error });
  }
}

function whyNot(watchDir: string, error: unknown): string {
  const code = codeOf(error) ?? messageOf(error);
  if (code === 'ENOENT') {
    return `WATCH_DIR ${watchDir} is missing; nothing in it counts as deleted; mount it or make it again, and watching goes on`;
  }
  if (code === 'ENOTDIR')
    return `WATCH_DIR ${watchDir} is not a folder, or lies behind a link that others than root can have made; put a folder there, and watching goes on`;
  return `WATCH_DIR ${watchDir} can't be read (${code}); give uid ${process.getuid?.()} read access, and watching goes on`;
}
