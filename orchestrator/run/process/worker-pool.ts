import { statSync } from 'node:fs';
import { EXIT } from '../../../default-etl/contract.ts';
import type { Clock } from '../../clock.ts';
import type { Dataset } from '../../config/dataset.ts';
import { runsModules } from '../../config/receivers.ts';
import { messageOf, OrchestratorError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { buildMold } from '../job.ts';
import { putInPlace } from '../reserved-folder.ts';
import type { Job, Mold, RunUids } from '../runner.ts';
import type { Piped } from './piped.ts';
import { isLeading, killMembers, type Leader, leaderOf } from './process-group.ts';
import { residentBytes } from './process-table.ts';
import { type Exit, Worker } from './worker.ts';
import { type Home, WorkerHomes } from './worker-homes.ts';

export interface WorkerPoolOptions {
  logger: Logger;
  clock: Clock;
  uids: RunUids;
  /** Absolute: where workers are at home. */
  folder: string;
  /** Of all datasets together at most, but for those that WARM asks for. */
  most: number;
  /** Starts one that waits for jobs like this one, still at its gate. Null where it would not find what it needs. */
  launch(mold: Mold, home: Home): Promise<Piped | null>;
}

/** A worker with the job's folder in place. */
export interface Taken {
  worker: Worker;
  /** The job's WORK_DIR, as the worker sees it. */
  workDir: string;
}

interface Known {
  dataset: string;
  hash: string;
  fit: string;
  /** Whether WARM asks for it. */
  isKept: boolean;
  callOff: () => void;
}

/** A worker that has just got its go. */
interface Made {
  mold: Mold;
  fit: string;
  home: Home;
  leader: Leader;
  process: Piped;
}

/** What one does before another takes its place: nothing grows in it for ever. */
const JOBS = 50;
const MOST_RESIDENT_BYTES = 256 * 2 ** 20;
/** So long after its last job one goes that is there only because files come. */
const IDLE_MS = 60_000;
/** How a job may end after which nothing is odd. */
const EXPECTED: readonly unknown[] = Object.values(EXIT);

/**
 * ETL processes that are started ahead and take one job of their dataset at a time: while files come as many as it may have runs at once, or as many as WARM says, always. Each has folders
 * at its work of which one is put in the attempt's place when it gets its job, and one uid for all its jobs. One that nobody needs any more ends with the orchestrator, for its standard input closes
 * then.
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #homes: WorkerHomes;
  readonly #workers = new Map<Worker, Known>();
  readonly #lastJob = new Map<string, number>();
  readonly #making = new Map<string, Promise<void>>();
  /** Hashes of the datasets that are configured, once that was told. */
  #configured: Map<string, string> | undefined;
  #isClosed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#homes = new WorkerHomes(options.folder, options.uids);
  }

  /** A worker that waits and fits; undefined where there is none. */
  async take(job: Job): Promise<Taken | undefined> {
    // A file from elsewhere: none of them sees its folder.
    if (job.dataDir !== job.settings.watchDir) return undefined;
    const fit = fitOf(job);
    for (const [worker, known] of this.#workers) {
      if (known.dataset !== job.dataset || !worker.isFree) continue;
      known.callOff();
      // That one has been killed may not have been heard of yet.
      if (known.fit === fit && isLeading(worker.leader)) return { worker, workDir: await this.#place(worker, job) };
      await this.discard(worker);
    }
    return undefined;
  }

  /** No worker was free for this job: in the background one more is made, where there may be, but not for files that come a minute apart. */
  refill(job: Job): void {
    const now = this.#options.clock.now();
    const others = now - (this.#lastJob.get(job.dataset) ?? -Infinity) < IDLE_MS;
    this.#lastJob.set(job.dataset, now);
    if (others || warmOf(job.settings) > 0) this.#makeOne(job);
  }

  /** The job that it had is over, as `exit` says; null: it was to be stopped, or is not to be trusted. */
  async release(worker: Worker, exit: Exit | null, job: Job): Promise<void> {
    const isSound = EXPECTED.includes(exit?.exitCode) && residentBytes(worker.leader.pid) < MOST_RESIDENT_BYTES;
    if (isSound && this.#isCurrent(job.settings) && worker.free()) this.#await(worker);
    else await this.discard(worker);
    this.#makeOne(job);
  }

  /** These are configured now: what is of another one, or of one as it was, goes; what WARM asks for is made. */
  keep(configured: readonly Dataset[], molds: readonly Mold[]): void {
    this.#configured = new Map(configured.map(({ name, hash }) => [name, hash]));
    for (const [worker, { dataset: name, hash }] of this.#workers)
      if (worker.isFree && !this.#isCurrent({ name, hash })) this.#discardSoon(worker);
    for (const mold of molds) if (warmOf(mold.settings) > 0) this.#makeOne(mold);
  }

  /** Kills what is left of it and sees it dead. */
  async discard(worker: Worker): Promise<void> {
    worker.dismiss();
    await killMembers(worker.leader);
  }

  /** After a crash: what the last orchestrator had is dead when it resolves, so that its jobs are. */
  endLeft(): Promise<void> {
    return this.#homes.endLeft();
  }

  /** After a crash: what the last orchestrator had goes. */
  sweep(): Promise<void> {
    return this.#homes.sweep();
  }

  /** Resolves when what was begun in the background is done. */
  async settled(): Promise<void> {
    await Promise.all(this.#making.values());
  }

  /** Ends all. What becomes of their jobs is for the next start to find. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.settled();
    const ends = [...this.#workers].map(async ([worker, { callOff }]) => {
      callOff();
      worker.abandon();
      await killMembers(worker.leader);
      await worker.over;
    });
    await Promise.all(ends);
  }

  #await(worker: Worker): void {
    const known = this.#workers.get(worker);
    if (known && !known.isKept) known.callOff = this.#options.clock.after(IDLE_MS, () => this.#discardSoon(worker));
  }

  #makeOne({ settings, dataDir }: Mold): void {
    const { name } = settings;
    const isKept = warmOf(settings) > 0;
    const own = [...this.#workers].filter(([, { dataset }]) => dataset === name).map(([worker]) => worker);
    const isEnough = isKept
      ? own.length >= warmOf(settings)
      : own.length >= settings.settings.CONCURRENCY || own.some(worker => worker.isFree);
    const isOf = dataDir === settings.watchDir && this.#isCurrent(settings) && canWait(settings);
    if (isEnough || !isOf || this.#making.has(name) || this.#isClosed) return;
    if (!isKept && !this.#hasRoomFor(name)) return;
    const mold = { ...buildMold(settings), dataDir };
    const made = this.#make(mold).catch((error: unknown) => {
      this.#options.logger.debug(`dataset ${name}: no worker is kept: ${messageOf(error)}`);
      return false;
    });
    const settled = made.then(isMade => {
      this.#making.delete(name);
      // WARM asks for more than one.
      if (isMade && isKept) this.#makeOne(mold);
    });
    this.#making.set(name, settled);
  }

  /** Of all datasets there are no more than can run at once: one that waits for another dataset's files gives way. */
  #hasRoomFor(name: string): boolean {
    const others = [...this.#workers].filter(([, { isKept }]) => !isKept);
    if (others.length + this.#making.size < this.#options.most) return true;
    const idle = others.find(([worker, { dataset }]) => dataset !== name && worker.isFree);
    if (idle) this.#discardSoon(idle[0]);
    return idle !== undefined;
  }

  /** Whether there is one more. */
  async #make(mold: Mold): Promise<boolean> {
    const fit = fitOf(mold);
    const home = this.#homes.make(JOBS);
    if (home === undefined) return false;
    try {
      const process_ = await this.#options.launch(mold, home);
      const leader = process_ && this.#leaderOf(process_, home);
      if (!leader) {
        await this.#homes.remove(home.path);
        return false;
      }
      process_.go();
      this.#keepWorker({ mold, fit, home, leader, process: process_ });
      return true;
    } catch (error) {
      await this.#homes.remove(home.path);
      throw error;
    }
  }

  /** It goes only once it can be found. */
  #leaderOf(process_: Piped, home: Home): Leader | undefined {
    try {
      const leader = leaderOf(process_.pid, home.path, this.#options.uids.areOwn ? home.owner.uid : undefined);
      if (leader) this.#homes.note(home, leader);
      else process_.giveUp();
      return leader;
    } catch (error) {
      process_.giveUp();
      throw error;
    }
  }

  #keepWorker({ mold, fit, home, leader, process: process_ }: Made): void {
    const places = home.places.length > 0 ? home.places : Array.from({ length: JOBS }, () => '');
    const worker: Worker = new Worker({
      process: process_,
      leader,
      owner: home.owner,
      places,
      onOdd: () => this.#discardSoon(worker),
    });
    const { name: dataset, hash } = mold.settings;
    this.#workers.set(worker, { dataset, hash, fit, isKept: warmOf(mold.settings) > 0, callOff: () => undefined });
    void worker.over.then(() => this.#forget(worker, home)).catch(this.#tellLater);
    if (this.#isCurrent(mold.settings)) this.#await(worker);
    else this.#discardSoon(worker);
  }

  async #forget(worker: Worker, { path }: Home): Promise<void> {
    this.#workers.get(worker)?.callOff();
    this.#workers.delete(worker);
    await this.#homes.remove(path);
  }

  #discardSoon(worker: Worker): void {
    this.discard(worker).catch(this.#tellLater);
  }

  /** What could not be removed or killed is for the next start. */
  readonly #tellLater = (error: unknown): void =>
    this.#options.logger.warn(`a process that was kept started is left over: ${messageOf(error)}`);

  #isCurrent({ name, hash }: Pick<Dataset, 'name' | 'hash'>): boolean {
    return this.#configured === undefined || this.#configured.get(name) === hash;
  }

  /** Throws `retry` where the job can't have its folder: what it needs may lie in either. */
  async #place(worker: Worker, job: Job): Promise<string> {
    const place = worker.takePlace();
    if (!this.#options.uids.areOwn) return job.workDir;
    try {
      await putInPlace(place, job.workDir, worker.owner);
      // All jobs of a worker have its uid.
      this.#options.uids.free(job.workDir);
      return place;
    } catch (error) {
      await this.discard(worker);
      throw new OrchestratorError('retry', `its folder could not be put in place: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

/** Only our own program is trusted with more than one job, and only where what it leaves is read, never taken as it is. */
function canWait({ settings, command, parameters, written }: Dataset): boolean {
  const isOurs = command.length === 0 && parameters.length === 0 && !runsModules(settings);
  const isOff = written.includes('WARM') && settings.WARM === 0;
  return isOurs && !isOff && settings.RUN_PER !== 'folder' && settings.LOAD?.target === 'elasticsearch';
}

/** What WARM asks for; 0 where it says nothing. */
function warmOf({ settings, written }: Dataset): number {
  return written.includes('WARM') ? settings.WARM : 0;
}

/** Equal where everything is that was fixed when a worker was made. The folders themselves were mounted, whatever has their places by now. */
function fitOf({ settings, dataDir }: Mold): string {
  return JSON.stringify([settings.hash, dataDir, identityOf(dataDir), identityOf(settings.configFolder)]);
}

function identityOf(folder: string): Array<number | undefined> {
  const stats = statSync(folder, { throwIfNoEntry: false });
  return [stats?.dev, stats?.ino];
}
