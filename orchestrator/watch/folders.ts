import type { Dataset } from '../config/dataset.ts';
import type { Folder } from '../files/folder.ts';
import type { SourceRules } from '../files/source.ts';
import type { Logger } from '../log.ts';
import { type ListedFile, type Listing, listFiles } from './listing.ts';
import { folderOf, type NameRules } from './names.ts';

export interface FoldersRequest {
  dataset: Dataset;
  logger: Logger;
  rules: NameRules & SourceRules;
  signal: AbortSignal;
  /** Of a folder that is new since the first listing of all. */
  onNew: (folder: string) => void;
}

/** The folders of WATCH_DIR as far as they were listed, by paths relative to it. */
export class Folders {
  readonly #request: FoldersRequest;
  readonly #devices = new Map<string, number>();
  readonly #illegible = new Set<string>();
  /** Set once all were listed: from then on those that are not known are new. */
  hasListedAll = false;

  constructor(request: FoldersRequest) {
    this.#request = request;
  }

  /** Of the folder that a file is in; null where it was not listed yet. */
  deviceOf(file: string): number | null {
    return this.#devices.get(folderOf(file)) ?? null;
  }

  /** Returns whether it was one. */
  forget(folder: string): boolean {
    return this.#devices.delete(folder);
  }

  /** Lists a folder of WATCH_DIR and those below it; '' is WATCH_DIR itself. */
  async list(root: Folder, folder: string, onFiles: (files: ListedFile[]) => Promise<void> | void): Promise<Listing> {
    const { rules, signal, onNew } = this.#request;
    const listing = await listFiles({ root, folder, rules, onFiles, signal });
    for (const [path, device] of listing.devices) {
      if (folder === '' && this.hasListedAll && !this.#devices.has(path)) onNew(path);
      this.#devices.set(path, device);
    }
    for (const name of listing.illegible) this.#reportIllegible(name);
    return listing;
  }

  #reportIllegible(name: string): void {
    if (this.#illegible.has(name)) return;
    this.#illegible.add(name);
    const { dataset, logger } = this.#request;
    logger.error(`dataset ${dataset.name}: ${name} is never taken: its name is not UTF-8; rename it`);
  }
}
