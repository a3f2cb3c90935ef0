import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Owner } from '../../files/rights.ts';
import { namesIn } from '../reserved-folder.ts';
import type { RunUids } from '../runner.ts';
import { killMembers, type Leader, ownOf } from './process-group.ts';

/** Folders of a worker. */
export interface Home {
  /** Absolute: the worker's own while it is there, and whose owner says after a crash which uid it had. */
  path: string;
  owner: Owner;
  /** Folders that it sees, where it sees not all: its jobs work in them, and ours alone till then. Else none. */
  places: readonly string[];
}

/** Of the file beside a home that says which process is at home there. */
const NOTE = '.json';

/** Where workers are at home: each in a folder of its own. */
export class WorkerHomes {
  readonly #folder: string;
  readonly #uids: RunUids;
  readonly #inUse = new Set<string>();
  #ending: Promise<void> | undefined;

  constructor(folder: string, uids: RunUids) {
    this.#folder = folder;
    this.#uids = uids;
    // What an orchestrator left which was killed may still be about to end.
    for (const path of this.#all()) uids.recall(path);
  }

  /** Undefined where RUN_UIDS has no uid to spare. Where it throws, nothing is left. */
  async make(places: number): Promise<Home | undefined> {
    const path = join(this.#folder, randomUUID());
    this.#inUse.add(path);
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      const owner = this.#uids.spare(path);
      if (owner !== undefined) return { path, owner, places: await this.#placesIn(path, owner, places) };
    } catch (error) {
      this.#giveUp(path);
      throw error;
    }
    this.#giveUp(path);
    return undefined;
  }

  /** To be called before it does anything: from here on it is found after a crash. */
  note({ path }: Home, leader: Leader): void {
    writeFileSync(path + NOTE, JSON.stringify(leader), { flag: 'wx', mode: 0o600 });
  }

  /** Kills whatever is at home there, and sees it dead. */
  async end(path: string): Promise<void> {
    const leader = readLeader(path);
    if (leader) await killMembers(ownOf(leader));
  }

  /** As end(), and removes it. */
  async remove(path: string): Promise<void> {
    await this.end(path);
    for (const each of [path, path + NOTE]) await rm(each, { recursive: true, force: true });
    this.#uids.free(path);
    this.#inUse.delete(path);
  }

  /** Whatever an orchestrator left which was killed is dead when it resolves. Never twice at a time. */
  endLeft(): Promise<void> {
    this.#ending ??= this.#endLeft().finally(() => (this.#ending = undefined));
    return this.#ending;
  }

  /** Removes what such a one left. */
  async sweep(): Promise<void> {
    await this.endLeft();
    for (const path of this.#left()) await this.remove(path);
  }

  async #endLeft(): Promise<void> {
    for (const path of this.#left()) await this.end(path);
  }

  #left(): string[] {
    return this.#all().filter(path => !this.#inUse.has(path));
  }

  /** Not at once: in a file system that has lost many files a moment ago each takes up to 0.4 ms of CPU (ext4, 2026-11). */
  async #placesIn(path: string, { uid, gid }: Owner, count: number): Promise<string[]> {
    if (!this.#uids.areOwn) return [];
    const places = Array.from({ length: count }, (_, index) => join(path, String(index + 1)));
    for (const place of places) await mkdir(place, { mode: 0o700 });
    chownSync(path, uid, gid);
    return places;
  }

  #giveUp(path: string): void {
    rmSync(path, { recursive: true, force: true });
    this.#uids.free(path);
    this.#inUse.delete(path);
  }

  #all(): string[] {
    const names = namesIn(this.#folder).map(name => (name.endsWith(NOTE) ? name.slice(0, -NOTE.length) : name));
    return [...new Set(names)].map(name => join(this.#folder, name));
  }
}

/** Undefined where there is none, or it was never complete: then its process was never told to go. */
function readLeader(path: string): Leader | undefined {
  if (!existsSync(path + NOTE)) return undefined;
  const text = readFileSync(path + NOTE, 'utf8');
  try {
    return JSON.parse(text) as Leader;
  } catch {
    return undefined;
  }
}
