import { randomUUID } from 'node:crypto';
import { linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isUidIn, type UidRange } from '../config/run-uids.ts';
import { codeOf, OrchestratorError } from '../errors.ts';
import { isWithin } from '../files/within.ts';
import { livingOf } from './process/process-table.ts';
import type { RunUids } from './runner.ts';

export interface RunUidsOptions {
  range: UidRange;
  /** What stays free for attempts, whatever waits ahead of them. */
  reserve: number;
  /** Where the orchestrators of this machine note which uids are taken; /run/orchestrator-etl/uids unless told. */
  claimsDir?: string;
  /** Whether the orchestrator may give its runs uids of their own; as its user is, unless told. */
  isRoot?: boolean;
}

const CLAIMS_DIR = '/run/orchestrator-etl/uids';
const UNWRITABLE = ['EROFS', 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR'];

/** The uids of a root orchestrator; one that isn't root can only be itself. */
export function createRunUids(options: RunUidsOptions): RunUids {
  const { isRoot = process.getuid?.() === 0 } = options;
  return isRoot ? new OwnUids(options) : sharedUid();
}

function sharedUid(): RunUids {
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  return {
    areOwn: false,
    take: () => owner,
    spare: () => owner,
    recall: () => undefined,
    forgetOthers: () => undefined,
    move: () => undefined,
    free: () => undefined,
  };
}

class OwnUids implements RunUids {
  readonly areOwn = true;
  readonly #range: UidRange;
  readonly #reserve: number;
  readonly #claims: Claims;
  /** By the folder of the attempt, or of the container that waits for one. */
  readonly #held = new Map<string, number>();
  /** The one after that which was given last: what a run may have left behind is its own for as long as can be. */
  #next: number;

  constructor({ range, reserve, claimsDir = CLAIMS_DIR }: RunUidsOptions) {
    this.#range = range;
    this.#reserve = reserve;
    this.#next = range.from;
    this.#claims = new Claims(claimsDir);
  }

  take(folder: string): ReturnType<RunUids['take']> {
    const taken = new Set(this.#held.values());
    const { from, to } = this.#range;
    const size = to - from + 1;
    for (let step = 0; step < size; step++) {
      const uid = from + ((this.#next - from + step) % size);
      if (taken.has(uid) || isAlive(uid) || !this.#claims.make(uid, folder)) continue;
      this.#held.set(folder, uid);
      this.#next = uid + 1;
      return { uid, gid: uid };
    }
    throw new OrchestratorError(
      'wait',
      `all uids of RUN_UIDS (${from}-${to}) are taken by other runs; it starts once one of them has ended, or widen RUN_UIDS`,
    );
  }

  spare(folder: string): ReturnType<RunUids['spare']> {
    const free = this.#range.to - this.#range.from + 1 - this.#held.size;
    return free > this.#reserve ? this.take(folder) : undefined;
  }

  recall(folder: string): void {
    const uid = lstatSync(folder, { throwIfNoEntry: false })?.uid;
    if (uid === undefined || !isUidIn(uid, this.#range)) return;
    this.#held.set(folder, uid);
    this.#claims.make(uid, folder);
  }

  forgetOthers(dataDir: string): void {
    this.#claims.removeWhere(folder => isWithin(folder, dataDir) && !this.#held.has(folder));
  }

  move(from: string, to: string): void {
    const uid = this.#held.get(from);
    if (uid === undefined) return;
    this.free(to);
    this.#held.delete(from);
    this.#held.set(to, uid);
    this.#claims.change(uid, to);
  }

  free(folder: string): void {
    const uid = this.#held.get(folder);
    if (uid === undefined) return;
    this.#held.delete(folder);
    const other = this.#otherOf(uid);
    if (other === undefined) this.#claims.remove(uid);
    else this.#claims.change(uid, other);
  }

  /** After a crash a worker's home and the attempt that it had are of one uid: it is free once both are. */
  #otherOf(uid: number): string | undefined {
    for (const [folder, held] of this.#held) if (held === uid) return folder;
    return undefined;
  }
}

/**
 * Notes of which folder each uid is, one file a uid, so that several orchestrators of a machine never give the same
 * one. A note counts for as long as its folder is there: a crash leaves none that has to be cleared by hand. Where
 * notes can't be written there are none.
 */
class Claims {
  readonly #folder: string;
  readonly #isThere: boolean;

  constructor(folder: string) {
    this.#folder = folder;
    this.#isThere = tried(() => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  }

  /** False where somebody else has it. */
  make(uid: number, folder: string): boolean {
    if (!this.#isThere) return true;
    if (this.#create(uid, folder)) return true;
    const holder = this.#read(uid);
    if (holder === folder) return true;
    if (holder !== undefined && lstatSync(holder, { throwIfNoEntry: false })) return false;
    return this.#takeAway(uid, holder) && this.#create(uid, folder);
  }

  /** It must be ours. */
  change(uid: number, folder: string): void {
    if (this.#isThere) this.#write(uid, folder, draft => renameSync(draft, this.#pathOf(uid)));
  }

  remove(uid: number): void {
    if (this.#isThere) rmSync(this.#pathOf(uid), { force: true });
  }

  removeWhere(isToGo: (folder: string) => boolean): void {
    if (!this.#isThere) return;
    for (const name of readdirSync(this.#folder)) {
      const folder = this.#read(Number(name));
      if (folder !== undefined && isToGo(folder)) this.remove(Number(name));
    }
  }

  #create(uid: number, folder: string): boolean {
    return this.#write(uid, folder, draft => linkSync(draft, this.#pathOf(uid)));
  }

  /** Whole or not at all. */
  #write(uid: number, folder: string, put: (draft: string) => void): boolean {
    const draft = join(this.#folder, `${uid}.${randomUUID()}`);
    try {
      writeFileSync(draft, folder, { flag: 'wx', mode: 0o600 });
      put(draft);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    } finally {
      rmSync(draft, { force: true });
    }
  }

  /** Two that find the same note out of date don't both get the uid: only one of them moves that note away. */
  #takeAway(uid: number, holder: string | undefined): boolean {
    const aside = join(this.#folder, `${uid}.${randomUUID()}`);
    if (!tried(() => renameSync(this.#pathOf(uid), aside))) return true;
    const isTheSame = readFileSync(aside, 'utf8') === holder;
    if (!isTheSame) tried(() => linkSync(aside, this.#pathOf(uid)));
    rmSync(aside, { force: true });
    return isTheSame;
  }

  #read(uid: number): string | undefined {
    try {
      return readFileSync(this.#pathOf(uid), 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  #pathOf(uid: number): string {
    return join(this.#folder, String(uid));
  }
}

/** Whose processes are not seen dead is nobody else. */
function isAlive(uid: number): boolean {
  return process.platform === 'linux' && livingOf(uid).length > 0;
}

function tried(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (UNWRITABLE.includes(codeOf(error) ?? '')) return false;
    throw error;
  }
}
