import { join } from 'node:path';
import { breather } from '../breathe.ts';
import type { Clock } from '../clock.ts';
import type { Dataset } from '../config/dataset.ts';
import type { Folder } from '../files/folder.ts';
import type { Journal } from '../journal/journal.ts';
import type { KnownFiles } from './known.ts';
import { folderOf } from './names.ts';
import type { WatchedRoot } from './root.ts';

export interface AbsencesRequest {
  dataset: Dataset;
  journal: Journal;
  clock: Clock;
  known: KnownFiles;
  root: Pick<WatchedRoot, 'useOr'>;
  /** Whether this is WATCH_DIR as it was listed, and it still is. */
  isRootFine(root: Folder): Promise<boolean>;
}

/** What is still to be done about paths that are not there. */
export interface Doubt {
  /** More listings are needed before rows are removed. */
  listAgain: boolean;
  /** Being moved away by the orchestrator itself: to be looked at again when that is over. */
  beingDisposed: string[];
}

const LISTINGS_BEFORE_REMOVAL = 2;

/**
 * Decides when a path is absent. With ON_DELETE: keep one look is enough; with remove, rows are at stake: two complete listings of the
 * same root. A path whose folder is on another device than when it was last seen is missing, not absent: something was unmounted.
 */
export class Absences {
  readonly #request: AbsencesRequest;
  readonly #removes: boolean;
  /** ON_DELETE: remove: paths that are not there, and in how many complete listings they were not. */
  readonly #gone = new Map<string, number>();
  /** Not there because of an intent of our own, when last looked at. */
  readonly #disposing = new Set<string>();
  #rootIdentity: string | undefined;
  #missing = 0;

  constructor(request: AbsencesRequest) {
    this.#request = request;
    this.#removes = request.dataset.settings.ON_DELETE === 'remove';
  }

  get error(): string | undefined {
    if (this.#missing === 0) return undefined;
    const { name, watchDir } = this.#request.dataset;
    return (
      `dataset ${name}: ${this.#missing} files below ${watchDir} are gone together with the folder or device they were in; they are ` +
      `not treated as deleted: mount it again, or, if they are gone for good, run: orchestrator accept ${name}`
    );
  }

  /** Whether the path was seen not to be there, without that being settled yet. */
  isPending(path: string): boolean {
    return this.#gone.has(path) || this.#disposing.has(path);
  }

  /** Single paths that one look did not find. */
  async vanished(paths: Iterable<string>): Promise<Doubt> {
    return this.#decide(paths, new Map(), path => {
      if (!this.#gone.has(path)) this.#gone.set(path, 0);
    });
  }

  /** After a complete listing: `devices` of its folders, `rootIdentity` the device and inode of WATCH_DIR. */
  async missedBy(listing: number, devices: Map<string, number>, rootIdentity: string): Promise<Doubt> {
    if (rootIdentity !== this.#rootIdentity) this.#gone.clear();
    this.#rootIdentity = rootIdentity;
    this.#missing = 0;
    return this.#decide(this.#request.known.missedBy(listing), new Map(devices), path =>
      this.#gone.set(path, (this.#gone.get(path) ?? 0) + 1),
    );
  }

  /** A path that was not there is back: the journal learns that it was absent, which makes it an arrival. */
  async returned(path: string): Promise<void> {
    const { dataset, journal, known } = this.#request;
    if (this.#gone.delete(path)) return this.#tell(path, false);
    if (!this.#disposing.delete(path)) return;
    // Put back by the disposal, or disposed of and then moved in again: only the journal knows.
    const file = await journal.knownFile(dataset.name, path);
    if (file?.present === false) known.forget(path);
  }

  /** Where WATCH_DIR can't be opened nothing is absent. */
  async #decide(paths: Iterable<string>, devices: Map<string, number>, count: (path: string) => void): Promise<Doubt> {
    const none: Doubt = { listAgain: false, beingDisposed: [] };
    return this.#request.root.useOr(none, folder => this.#decideIn(folder, paths, devices, count));
  }

  async #decideIn(
    folder: Folder,
    paths: Iterable<string>,
    devices: Map<string, number>,
    count: (path: string) => void,
  ): Promise<Doubt> {
    const doubt: Doubt = { listAgain: false, beingDisposed: [] };
    const telling: Array<Promise<void>> = [];
    let own: Set<string> | undefined;
    const breathe = breather();
    for (const path of paths) {
      await breathe();
      if (!(await this.#isAbsent(folder, path, devices))) continue;
      own ??= new Set((await this.#request.journal.intents()).map(intent => intent.source));
      if (own.has(join(this.#request.dataset.watchDir, path))) {
        this.#disposing.add(path);
        doubt.beingDisposed.push(path);
        continue;
      }
      this.#disposing.delete(path);
      const removes = this.#removes && this.#request.known.isPresent(path);
      if (removes && this.#request.known.isDoubted(path)) {
        this.#missing += 1;
        continue;
      }
      if (removes) count(path);
      if (removes && (this.#gone.get(path) ?? 0) < LISTINGS_BEFORE_REMOVAL) doubt.listAgain = true;
      else telling.push(this.#tell(path, removes));
    }
    await Promise.all(telling);
    return doubt;
  }

  /** A look at the path itself: it may be there though no longer matched, or have come since. */
  async #isAbsent(root: Folder, path: string, devices: Map<string, number>): Promise<boolean> {
    const isThere = await root.look(path).then(
      stats => stats !== undefined,
      // What can't be looked at may be there.
      () => true,
    );
    if (isThere) return false;
    const device = this.#request.known.device(path);
    const now = await this.#deviceOf(root, folderOf(path), devices);
    if (now === null || !(await this.#request.isRootFine(root))) return false;
    if (device === null || device === now) return true;
    this.#missing += 1;
    return false;
  }

  /** Device of the folder, or of the nearest one above it that is there; null without any. */
  async #deviceOf(root: Folder, folder: string, devices: Map<string, number>): Promise<number | null> {
    const known = devices.get(folder);
    if (known !== undefined) return known;
    const device = await this.#statDevice(root, folder, devices);
    if (device !== null) devices.set(folder, device);
    return device;
  }

  async #statDevice(root: Folder, folder: string, devices: Map<string, number>): Promise<number | null> {
    if (folder === '') return Number((await root.stat()).dev);
    const stats = await root.look(folder).catch(() => undefined);
    return stats?.isDirectory() ? Number(stats.dev) : this.#deviceOf(root, folderOf(folder), devices);
  }

  async #tell(path: string, remove: boolean): Promise<void> {
    const { dataset, journal, known, clock } = this.#request;
    const priority = dataset.settings.PRIORITY;
    const request = { dataset: dataset.name, file: path, root: dataset.watchDir, priority, now: clock.now() };
    await journal.absent({ ...request, remove });
    this.#gone.delete(path);
    known.forget(path);
  }
}
