import { join } from 'node:path';
import { createYielder } from '../async/yielder.ts';
import type { Clock } from '../clock.ts';
import type { Dataset } from '../config/dataset.ts';
import type { Folder } from '../files/folder.ts';
import type { Journal } from '../journal/journal.ts';
import { isGoneFrom } from './gone.ts';
import type { KnownFiles } from './known.ts';
import { folderOf } from './names.ts';
import type { RealNames } from './real-names.ts';
import type { WatchedRoot } from './root.ts';

export interface AbsencesRequest {
  dataset: Dataset;
  journal: Journal;
  clock: Clock;
  known: KnownFiles;
  root: Pick<WatchedRoot, 'useOr'>;
  names: RealNames;
  /** Whether this is WATCH_DIR as it was listed, and it still is. */
  isRootFine(root: Folder): Promise<boolean>;
  /** A file that settles says itself when it is gone. */
  isSettling(path: string): boolean;
  /** What was decided by then stays; the rest is found again. */
  signal: AbortSignal;
}

/** What is still to be done about paths that are not there. */
export interface Doubt {
  /** More listings are needed before rows are removed. */
  listAgain: boolean;
  /** Being moved away by the orchestrator itself: to be looked at again when that is over. */
  beingDisposed: string[];
}

// rule 9: two listings
const LISTINGS_BEFORE_REMOVAL = 2;
/** So many are looked at, and told to the journal, together: some 5 ms of the event loop. */
const GROUP = 128;

/**
 * Decides when a path is absent. With ON_DELETE: keep one look is enough; with remove, rows are at stake: two complete
 * listings of the same root. A path whose folder is on another device than when it was last seen is missing, not
 * absent: something was unmounted.
 */
export class Absences {
  readonly #request: AbsencesRequest;
  readonly #removes: boolean;
  /** ON_DELETE: remove: paths that are not there, and in how many complete listings they were not. */
  readonly #gone = new Map<string, number>();
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
    return this.#gone.has(path);
  }

  /** Single paths that one look did not find. */
  async vanished(paths: Iterable<string>): Promise<Doubt> {
    return this.#decide([[...paths]], path => {
      if (!this.#gone.has(path)) this.#gone.set(path, 0);
    });
  }

  /** After a complete listing: `rootIdentity` is the device and inode of WATCH_DIR, `devices` those of its folders. */
  async missedBy(devices: ReadonlyMap<string, number>, rootIdentity: string): Promise<Doubt> {
    const { known, signal } = this.#request;
    // rule 9: of the same device and inode of the root
    if (rootIdentity !== this.#rootIdentity) this.#gone.clear();
    this.#rootIdentity = rootIdentity;
    this.#missing = 0;
    const doubt = await this.#decide(known.missed(), path => this.#gone.set(path, (this.#gone.get(path) ?? 0) + 1));
    if (this.#missing === 0 && !signal.aborted) known.devices.listed(devices);
    return doubt;
  }

  /** A path that was not there is back: the journal learns that it was absent, which makes it an arrival. */
  async returned(path: string): Promise<void> {
    if (this.#gone.delete(path)) await this.#tell([path], false);
  }

  async #decide(pages: AsyncIterable<string[]> | Iterable<string[]>, count: (path: string) => void): Promise<Doubt> {
    const doubt: Doubt = { listAgain: false, beingDisposed: [] };
    let own: Set<string> | undefined;
    for await (const page of pages) {
      for (let from = 0; from < page.length; from += GROUP) {
        if (this.#request.signal.aborted) return doubt;
        const absent = await this.#absentOf(page.slice(from, from + GROUP));
        if (absent.length === 0) continue;
        own ??= new Set((await this.#request.journal.intents()).map(intent => intent.source));
        await this.#conclude(absent, own, doubt, count);
      }
    }
    return doubt;
  }

  /** Those of them that are not there. Where WATCH_DIR can't be opened, or is another by now, nothing is absent. */
  async #absentOf(paths: string[]): Promise<string[]> {
    const { root, isRootFine, names } = this.#request;
    return root.useOr([], async folder => {
      const breathe = createYielder();
      const gone: string[] = [];
      for (const path of paths) {
        await breathe();
        if (await isGoneFrom(folder, path, names)) gone.push(path);
      }
      if (gone.length === 0) return [];
      // After the looks: what was unmounted between two of them is noticed.
      const devices = new Map<string, number>();
      const now = await Promise.all(gone.map(path => deviceOf(folder, folderOf(path), devices)));
      // rule 9: a root that is gone is no empty one
      if (!(await isRootFine(folder))) return [];
      return gone.filter((path, index) => this.#isOnItsDevice(path, now[index] ?? null));
    });
  }

  #isOnItsDevice(path: string, now: number | null): boolean {
    if (now === null) return false;
    const device = this.#request.known.devices.of(path);
    // rule 9: a folder whose device changed is missing
    if (device === null || device === now) return true;
    this.#missing += 1;
    return false;
  }

  async #conclude(
    absent: string[],
    own: ReadonlySet<string>,
    doubt: Doubt,
    count: (path: string) => void,
  ): Promise<void> {
    const { dataset, known, isSettling } = this.#request;
    // Only where rows are at stake.
    const facts = this.#removes ? await known.at(absent) : [];
    const kept: string[] = [];
    const removed: string[] = [];
    for (const [index, path] of absent.entries()) {
      const removes = facts[index]?.present === true;
      // Back since the look, as the journal is told before it hears of what is told below.
      if (isSettling(path)) continue;
      if (own.has(join(dataset.watchDir, path))) doubt.beingDisposed.push(path);
      else if (removes && facts[index]?.doubted !== null) this.#missing += 1;
      else {
        if (removes) count(path);
        if (removes && (this.#gone.get(path) ?? 0) < LISTINGS_BEFORE_REMOVAL) doubt.listAgain = true;
        else (removes ? removed : kept).push(path);
      }
    }
    await Promise.all([this.#tell(kept, false), this.#tell(removed, true)]);
  }

  async #tell(paths: string[], remove: boolean): Promise<void> {
    if (paths.length === 0) return;
    const { dataset, journal, clock } = this.#request;
    const { name, watchDir, settings } = dataset;
    const request = { dataset: name, root: watchDir, priority: settings.PRIORITY, now: clock.now(), remove };
    await journal.absent(paths.map(file => ({ ...request, file })));
    for (const path of paths) this.#gone.delete(path);
  }
}

/** Device of the folder, or of the nearest one above it that is there; null without any. */
async function deviceOf(root: Folder, folder: string, devices: Map<string, number>): Promise<number | null> {
  const known = devices.get(folder);
  if (known !== undefined) return known;
  const device = await lookAtDevice(root, folder, devices);
  if (device !== null) devices.set(folder, device);
  return device;
}

async function lookAtDevice(root: Folder, folder: string, devices: Map<string, number>): Promise<number | null> {
  if (folder === '') return Number((await root.stat()).dev);
  const stats = await root.look(folder).catch(() => undefined);
  return stats?.isDirectory() ? Number(stats.dev) : deviceOf(root, folderOf(folder), devices);
}
