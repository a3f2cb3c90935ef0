import { chownSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Owner } from '../../files/rights.ts';
import { namesIn } from '../reserved-folder.ts';
import type { RunUids } from '../runner.ts';
import { killMembers } from './process-group.ts';
import { readBootId } from './process-table.ts';

/** Folders of a worker. */
export interface Home {
  /** Absolute: the worker's own while it is there, and whose owner says after a crash which uid it had. */
  path: string;
  owner: Owner;
  /** A folder for each of its jobs, where jobs have uids of their own; else none, as it can work in the attempt's. */
  places: readonly string[];
}

/** Where workers are at home: each in a folder of its own. */
export class WorkerHomes {
  readonly #folder: string;
  readonly #uids: RunUids;
  readonly #inUse = new Set<string>();

  constructor(folder: string, uids: RunUids) {
    this.#folder = folder;
    this.#uids = uids;
    // What an orchestrator left which was killed may still be about to end.
    for (const path of this.#all()) uids.recall(path);
  }

  /** Undefined where RUN_UIDS has no uid to spare. Where it throws, nothing is left. */
  make(jobs: number): Home | undefined {
    const path = join(this.#folder, randomUUID());
    this.#inUse.add(path);
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      const owner = this.#uids.spare(path);
      if (owner !== undefined) return { path, owner, places: this.#placesIn(path, owner, jobs) };
    } catch (error) {
      this.#giveUp(path);
      throw error;
    }
    this.#giveUp(path);
    return undefined;
  }

  /** Kills whatever has its uid, and removes it. */
  async remove(path: string): Promise<void> {
    const uid = statSync(path, { throwIfNoEntry: false })?.uid;
    if (this.#uids.areOwn && uid !== undefined && uid !== process.getuid?.())
      await killMembers({ pid: 0, startTime: '', bootId: readBootId(), workDir: path, uid });
    await rm(path, { recursive: true, force: true });
    this.#uids.free(path);
    this.#inUse.delete(path);
  }

  /** Removes those that an orchestrator left which was killed. */
  async sweep(): Promise<void> {
    for (const path of this.#all()) if (!this.#inUse.has(path)) await this.remove(path);
  }

  #placesIn(path: string, { uid, gid }: Owner, jobs: number): string[] {
    if (!this.#uids.areOwn) return [];
    const places = Array.from({ length: jobs }, (_, index) => join(path, String(index + 1)));
    for (const place of places) mkdirSync(place, { mode: 0o700 });
    for (const own of [...places, path]) chownSync(own, uid, gid);
    return places;
  }

  #giveUp(path: string): void {
    rmSync(path, { recursive: true, force: true });
    this.#uids.free(path);
    this.#inUse.delete(path);
  }

  #all(): string[] {
    return namesIn(this.#folder).map(name => join(this.#folder, name));
  }
}
