import { existsSync, renameSync } from 'node:fs';
import { EXIT } from '../../../default-etl/contract/contract.ts';
import type { Clock } from '../../clock.ts';
import type { Dataset } from '../../config/dataset.ts';
import { messageOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { jobTemplate } from '../job.ts';
import type { Job, JobTemplate, RunUids } from '../runner.ts';
import type { Piped } from './piped.ts';
import { isLeading, killMembers, type Leader, leaderOf } from './process-group.ts';
import { residentBytes } from './process-table.ts';
import { type Exit, Worker } from './worker.ts';
import { canWait, fitOf, warmOf } from './worker-fit.ts';
import { type Home, WorkerHomes } from './worker-homes.ts';

export interface WorkerPoolOptions {
  logger: Logger;
  clock: Clock;
  uids: RunUids;
  /** Absolute: where workers are at home. */
  folder: string;
  /** Of all datasets together at most, but for those that WARM asks for. */
  most: number;
  /** What one does before another takes its place; 300 unless told. */
  jobs?: number;
  /** Starts one that waits for jobs like this one, still at its gate. Null where it would not find what it needs. */
  launch(template: JobTemplate, home: Home): Promise<Piped | null>;
}

interface Known {
  dataset: string;
  hash: string;
  fit: string;
  /** Whether WARM asks for it. */
  isKept: boolean;
  callOff: () => void;
  /** It is used up soon: another one is to be there by then. */
  isFading: boolean;
}

/** A worker that has just got its go. */
interface Made {
  template: JobTemplate;
  fit: string;
  home: Home;
  leader: Leader;
  process: Piped;
}

/**
 * What one does before another takes its place: nothing grows in it for ever. A new one costs 0.3 s of CPU with its
 * view, and is slow at first: a job of ten rows takes 12 ms of CPU among the first 50, 5 from the 200th on (2026-11).
 */
const JOBS = 300;
/** With fewer left the next one is made. */
const FADING_JOBS = 50;
/** Folders that it works in, one at a time: those come back in which nothing is kept. */
const PLACES = 50;
const FADING_PLACES = 10;
const MOST_RESIDENT_BYTES = 256 * 2 ** 20;
const FADING_RESIDENT_BYTES = 224 * 2 ** 20;
/** Files that come so soon after one another wait for each other. */
const FLOOD_MS = 1000;
/** So long after its last job one goes that is there only because files come. */
const IDLE_MS = 60_000;
/** How a job may end after which nothing is odd. */
const EXPECTED: readonly unknown[] = Object.values(EXIT);

/**
 * ETL processes that are started ahead and take one job of their dataset at a time: while files come as many as it may
 * have runs at once, or as many as WARM says, always. Each has folders at its work of which one is put in the attempt's
 * place when it gets its job, and one uid for all its jobs. One that nobody needs any more ends with the orchestrator,
 * for its standard input closes then.
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #homes: WorkerHomes;
  readonly #jobs: number;
  readonly #workers = new Map<Worker, Known>();
  /** What is left of one that has ended is dead. */
  readonly #ends = new WeakMap<Worker, Promise<void>>();
  readonly #lastJob = new Map<string, number>();
  /** By dataset, those that are on their way. */
  readonly #making = new Map<string, Set<Promise<void>>>();
  /** Hashes of the datasets that are configured, once that was told. */
  #configured: Map<string, string> | undefined;
  #isClosed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#homes = new WorkerHomes(options.folder, options.uids);
    this.#jobs = options.jobs ?? JOBS;
  }

  /** A worker that waits and fits, kept for a job: it comes, or giveBack() does. Undefined where there is none. */
  take(job: Pick<Job, 'dataset' | 'inputFolder'>): Worker | undefined {
    // A file from elsewhere: none of them sees its folder.
    if (job.inputFolder !== job.dataset.watchDir) return undefined;
    const fit = fitOf(job);
    for (const [worker, known] of this.#workers) {
      if (known.dataset !== job.dataset.name || !worker.isFree) continue;
      known.callOff();
      // That one has been killed may not have been heard of yet.
      if (known.fit === fit && isLeading(worker.leader) && worker.take()) return worker;
      this.#discardSoon(worker);
    }
    return undefined;
  }

  /** The job that it was taken for does not come, and perhaps has left its place alone. */
  giveBack(worker: Worker, place: string | null): void {
    if (place !== null && existsSync(place)) worker.returnPlace(place);
    const known = this.#workers.get(worker);
    const isCurrent = known && this.#isCurrent({ name: known.dataset, hash: known.hash });
    if (isCurrent && worker.free()) this.#await(worker);
    else this.#discardSoon(worker);
  }

  /** Whether a folder that was its place, empty and ours alone, is so again. */
  takeWorkDir(worker: Worker, place: string, workDir: string): boolean {
    if (!this.#workers.has(worker)) return false;
    try {
      renameSync(workDir, place);
    } catch {
      return false;
    }
    worker.returnPlace(place);
    return true;
  }

  /**
   * No worker was free for this job: in the background more are made, where there may be, but not for files that come a
   * minute apart.
   */
  refill(job: Job): void {
    const now = this.#options.clock.elapsed();
    const sinceMs = now - (this.#lastJob.get(job.dataset.name) ?? -Infinity);
    this.#lastJob.set(job.dataset.name, now);
    if (sinceMs < IDLE_MS || warmOf(job.dataset) > 0) this.#fill(job, sinceMs < FLOOD_MS);
  }

  /** The job that it had is over, as `exit` says; null: it was to be stopped, or is not to be trusted. */
  async release(worker: Worker, exit: Exit | null, job: Job): Promise<void> {
    const bytes = residentBytes(worker.leader.pid);
    const isSound = EXPECTED.includes(exit?.exitCode) && bytes < MOST_RESIDENT_BYTES;
    const known = this.#workers.get(worker);
    if (known) known.isFading = this.#isUsedUpSoon(worker) || bytes >= FADING_RESIDENT_BYTES;
    if (isSound && this.#isCurrent(job.dataset) && worker.free()) this.#await(worker);
    else await this.discard(worker);
    this.#fill(job);
  }

  #isUsedUpSoon({ jobsLeft, placesLeft }: Worker): boolean {
    return jobsLeft < Math.min(FADING_JOBS, this.#jobs / 2) || placesLeft < Math.min(FADING_PLACES, this.#jobs / 2);
  }

  /** These are configured now: what is of another one, or of one as it was, goes; what WARM asks for is made. */
  keep(configured: readonly Dataset[], templates: readonly JobTemplate[]): void {
    this.#configured = new Map(configured.map(({ name, hash }) => [name, hash]));
    for (const [worker, { dataset: name, hash }] of this.#workers)
      if (worker.isFree && !this.#isCurrent({ name, hash })) this.#discardSoon(worker);
    for (const template of templates) if (warmOf(template.dataset) > 0) this.#fill(template);
  }

  /** Kills what is left of it and sees it dead. */
  async discard(worker: Worker): Promise<void> {
    worker.dismiss();
    // Once it has ended by itself its uid is perhaps another's.
    if (this.#workers.has(worker)) await killMembers(worker.leader);
    else await this.#ends.get(worker);
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
    await Promise.all([...this.#making.values()].flatMap(making => [...making]));
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

  /** Makes what is missing: all that files at once need, or one where none is free. */
  #fill({ dataset, inputFolder }: JobTemplate, isFlood = false): void {
    const isOf = inputFolder === dataset.watchDir && this.#isCurrent(dataset) && canWait(dataset);
    if (!isOf || this.#isClosed) return;
    for (let missing = this.#missing(dataset, isFlood); missing > 0; missing -= 1) {
      if (warmOf(dataset) === 0 && !this.#hasRoomFor(dataset.name)) return;
      this.#makeOne({ ...jobTemplate(dataset), inputFolder });
    }
  }

  #missing(dataset: Dataset, isFlood: boolean): number {
    const lasting = this.#lastingOf(dataset.name);
    const coming = this.#making.get(dataset.name)?.size ?? 0;
    const most = warmOf(dataset) || dataset.settings.CONCURRENCY;
    const missing = most - lasting.length - coming;
    if (isFlood || warmOf(dataset) > 0) return missing;
    return coming > 0 || lasting.some(worker => worker.isFree) ? 0 : Math.min(missing, 1);
  }

  /** Of a dataset, those that are not used up soon. */
  #lastingOf(name: string): Worker[] {
    return [...this.#workers].flatMap(([worker, { dataset, isFading }]) =>
      dataset === name && !isFading ? [worker] : [],
    );
  }

  #makeOne(template: JobTemplate): void {
    const { name } = template.dataset;
    const making = this.#making.get(name) ?? new Set();
    this.#making.set(name, making);
    const made = this.#make(template).catch((error: unknown) =>
      this.#options.logger.debug(`dataset ${name}: no worker is kept: ${messageOf(error)}`),
    );
    const settled = made.then(() => {
      making.delete(settled);
    });
    making.add(settled);
  }

  /** Of all datasets there are no more than can run at once: one that waits for another dataset's files gives way. */
  #hasRoomFor(name: string): boolean {
    const others = [...this.#workers].filter(([, { isKept, isFading }]) => !isKept && !isFading);
    const coming = [...this.#making.values()].reduce((sum, making) => sum + making.size, 0);
    if (others.length + coming < this.#options.most) return true;
    const idle = others.find(([worker, { dataset }]) => dataset !== name && worker.isFree);
    if (idle) this.#discardSoon(idle[0]);
    return idle !== undefined;
  }

  async #make(template: JobTemplate): Promise<void> {
    const fit = fitOf(template);
    const home = await this.#homes.make(Math.min(PLACES, this.#jobs));
    if (home === undefined) return;
    try {
      const process_ = await this.#options.launch(template, home);
      const leader = process_ && this.#leaderOf(process_, home);
      if (!leader) return await this.#homes.remove(home.path);
      process_.go();
      this.#keepWorker({ template, fit, home, leader, process: process_ });
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

  #keepWorker({ template, fit, home, leader, process: process_ }: Made): void {
    const worker: Worker = new Worker({
      process: process_,
      leader,
      owner: home.owner,
      places: this.#options.uids.areOwn ? home.places : null,
      jobs: this.#jobs,
      onOdd: () => this.#discardSoon(worker),
    });
    const { name: dataset, hash } = template.dataset;
    this.#workers.set(worker, {
      dataset,
      hash,
      fit,
      isKept: warmOf(template.dataset) > 0,
      callOff: () => undefined,
      isFading: false,
    });
    void worker.over.then(() => this.#forget(worker, home)).catch(this.#tellLater);
    if (this.#isCurrent(template.dataset)) this.#await(worker);
    else this.#discardSoon(worker);
  }

  async #forget(worker: Worker, { path }: Home): Promise<void> {
    this.#workers.get(worker)?.callOff();
    this.#workers.delete(worker);
    const end = this.#homes.end(path);
    this.#ends.set(worker, end);
    await end;
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
}
