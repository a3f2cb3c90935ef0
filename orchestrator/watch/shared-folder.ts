import type { Folder } from '../files/folder.ts';

/** So old may what is shared be: the folder may have been replaced since. */
const SHARED_MS = 1000;

interface Opened {
  folder: Promise<Folder>;
  at: number;
  users: number;
}

/**
 * WATCH_DIR, which is opened for each look into it, once for looks that are under way at the same time, and not held
 * between them: it may be unmounted.
 */
export class SharedFolder {
  readonly #open: () => Promise<Folder>;
  #opened: Opened | undefined;

  constructor(open: () => Promise<Folder>) {
    this.#open = open;
  }

  /** Throws what opening it throws. */
  use<T>(act: (folder: Folder) => Promise<T>): Promise<T> {
    return this.#use(async folder => act(await folder));
  }

  /** The same; where it can't be opened, what is given instead. */
  useOr<T>(otherwise: T, act: (folder: Folder) => Promise<T>): Promise<T> {
    return this.#use(async opening => {
      const folder = await opening.catch(() => undefined);
      return folder === undefined ? otherwise : act(folder);
    });
  }

  async #use<T>(act: (folder: Promise<Folder>) => Promise<T>): Promise<T> {
    const opened = this.#take();
    opened.users += 1;
    try {
      return await act(opened.folder);
    } finally {
      opened.users -= 1;
      if (opened.users === 0) await this.#end(opened);
    }
  }

  #take(): Opened {
    const now = performance.now();
    if (this.#opened && now - this.#opened.at < SHARED_MS) return this.#opened;
    this.#opened = { folder: this.#open(), at: now, users: 0 };
    return this.#opened;
  }

  async #end(opened: Opened): Promise<void> {
    if (this.#opened === opened) this.#opened = undefined;
    await opened.folder.then(
      folder => folder.close(),
      () => undefined,
    );
  }
}
