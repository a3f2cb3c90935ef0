import { mkdirSync } from 'node:fs';
import type { Dataset } from '../config/dataset.ts';
import { messageOf } from '../errors.ts';
import { FINAL_STATES, type Run } from '../journal/journal.ts';
import type { AttemptRef, Runner } from '../run/runner.ts';
import { announcedRunners } from './announced-runners.ts';
import { attemptOf, LiveAttempt } from './attempt.ts';
import { LEASE_MS, type ScheduleContext } from './context.ts';
import { createDiskFloor, type DiskFloor, type DiskState } from './disk-floor.ts';
import { lowDiskText } from '../text/low-disk-text.ts';
import { pause } from '../async/pause.ts';
import { Places } from './places.ts';
import type { Orphan } from './recover.ts';
import { Recovery } from './recovery.ts';
import { freeSlots, slotsWhileHeld } from './slots.ts';
import { Turns } from './turns.ts';

export interface ScheduleOptions extends ScheduleContext {
  /** Bytes that are free in DATA_DIR; statfs(2) unless told. */
  freeBytesOf?: (path: string) => Promise<number>;
}

export interface ScheduleStatus {
  /** Attempts that go on. */
  running: number;
  /** Those among them that a stop leaves to the next start. */
  leaving: number;
  /** Attempts of an earlier orchestrator of which it isn't known yet what became of them. */
  recovering: number;
  /** Why nothing new is started, or null. */
  waiting: string | null;
  disk: DiskState;
}

export interface Scheduler {
  /** Looks for due runs now. */
  wake(): void;
  status(): ScheduleStatus;
  /**
   * Starts nothing more. Containers run on, for the next start to adopt, unless their dataset's STOP or `leavesNone`
   * says otherwise; the others may finish for `graceMs`, then they are stopped and given back to the queue. Resolves
   * when that is so. Stopping twice is harmless.
   */
  stop(options: { graceMs: number; leavesNone?: boolean }): Promise<void>;
  /** Ends the grace period now. */
  hurry(): void;
}

/** Without an event something is looked for this often: other processes' requests have none. */
const POLL_MS = 1000;
/** While the ends of so many attempts are still to be recorded nothing is started. */
const MOST_ENDING = 64;
/** How often it is looked whether anything is left that has to end first. */
const STOP_POLL_MS = 20;
/** How long a stopped attempt may take to be seen dead (SIGTERM, 10 s, SIGKILL), before it is left to the next start. */
const HAND_BACK_MS = 20_000;

/**
 * Claims what is due, as much as there is room for, and follows it to its end. First it looks after what an earlier orchestrator
 * left. Resolves when that is known, and claiming has begun.
 */
export async function startScheduler(options: ScheduleOptions): Promise<Scheduler> {
  mkdirSync(options.environment.dataDir, { recursive: true });
  const scheduler = new Schedule(options);
  await scheduler.begin();
  return scheduler;
}

class Schedule implements Scheduler {
  readonly #context: ScheduleContext;
  readonly #disk: DiskFloor;
  readonly #recovery: Recovery;
  /** Ends what follows attempts. */
  readonly #shutdown = new AbortController();
  readonly #hurry = new AbortController();
  readonly #live = new Map<LiveAttempt, Promise<void>>();
  readonly #places = new Places(() => this.wake());
  readonly #turns = new Turns();
  readonly #off: Array<() => void> = [];
  #callOffTimer: () => void = () => undefined;
  #pumping: Promise<void> | null = null;
  #again = false;
  #stopping: Promise<void> | null = null;
  #leavesNone = false;
  #claimError: string | null = null;
  /** At the start it isn't known what the clock was before. */
  #lastNow = Number.POSITIVE_INFINITY;

  constructor(options: ScheduleOptions) {
    const { environment, clock, logger, freeBytesOf } = options;
    this.#context = { ...options, runners: announcedRunners(options) };
    this.#recovery = new Recovery({
      context: this.#context,
      places: this.#places,
      follow: (orphan, dataset, { runner, handle }) => this.#adopt(orphan, dataset, runner, handle),
      isLive: (runId, attempt) =>
        [...this.#live.keys()].some(({ ref }) => ref.runId === runId && ref.attempt === attempt),
      onRecovered: () => this.wake(),
    });
    this.#disk = createDiskFloor({
      path: environment.dataDir,
      floorBytes: environment.minFreeBytes,
      clock,
      logger,
      ...(freeBytesOf && { freeBytesOf }),
    });
  }

  async begin(): Promise<void> {
    await this.#recovery.begin();
    this.#off.push(this.#context.journal.onChange(run => this.#hear(run)));
    this.#heartbeat();
    this.wake();
  }

  wake(): void {
    this.#again = true;
    if (this.#stopping || this.#pumping) return;
    this.#callOffTimer();
    this.#pumping = this.#pump();
  }

  status(): ScheduleStatus {
    const disk = this.#disk.state();
    const { dataDir } = this.#context.environment;
    const low = disk.isLow ? lowDiskText(dataDir, disk.freeBytes ?? 0, disk.floorBytes) : null;
    const leaving = [...this.#live.keys()].filter(({ isLeft }) => isLeft).length;
    const waiting = low ?? this.#claimError;
    return { running: this.#live.size, leaving, recovering: this.#recovery.orphans.size, waiting, disk };
  }

  stop({ graceMs, leavesNone = false }: { graceMs: number; leavesNone?: boolean }): Promise<void> {
    this.#leavesNone ||= leavesNone;
    this.#stopping ??= this.#end(graceMs);
    return this.#stopping;
  }

  hurry(): void {
    this.#hurry.abort();
  }

  async #end(graceMs: number): Promise<void> {
    const { clock } = this.#context;
    this.#callOffTimer();
    this.#recovery.stop();
    await this.#pumping;
    for (const attempt of this.#awaited()) if (attempt.endsAtOnce) attempt.stop('shutdown');
    await this.#ended(graceMs, this.#hurry.signal);
    for (const attempt of this.#awaited()) attempt.stop('shutdown');
    await this.#ended(HAND_BACK_MS);
    this.#shutdown.abort();
    // One turn more for those that leave; an engine that hangs keeps nobody here.
    await Promise.race([Promise.allSettled([...this.#live.values(), this.#recovery.ended()]), pause(clock, POLL_MS)]);
    for (const off of this.#off) off();
  }

  /** Resolves when no attempt is awaited any more, or the time is over, or the signal says so. */
  async #ended(ms: number, signal?: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const late = new AbortController();
    const callOff = clock.after(ms, () => late.abort());
    const end = AbortSignal.any([late.signal, ...(signal ? [signal] : [])]);
    while (this.#awaited().length > 0 && !end.aborted) await pause(clock, STOP_POLL_MS, end);
    callOff();
  }

  /** What has to end before we do: not what the next start adopts, nor what can't be seen, as the engine doesn't answer. */
  #awaited(): LiveAttempt[] {
    return [...this.#live.keys()].filter(attempt => {
      if (attempt.isOver) return true;
      return !attempt.runner?.isAway?.() && (this.#leavesNone || !attempt.isLeft);
    });
  }

  #hear(run: Run): void {
    if (run.state === 'queued' || FINAL_STATES.includes(run.state)) this.wake();
    else if (run.cancelRequested) this.#cancel(run);
  }

  #cancel(run: Run): void {
    for (const attempt of this.#live.keys()) if (attempt.has(run.id)) attempt.stop('cancel', run.id);
  }

  #heartbeat(): void {
    const { journal, holder, clock, logger } = this.#context;
    const beat = (): void => {
      journal.heartbeat({ holder, leaseMs: LEASE_MS, now: clock.now() }).catch((error: unknown) => {
        logger.error(`leases could not be prolonged: ${messageOf(error)}`, { error });
      });
      callOff = clock.after(LEASE_MS / 3, beat);
    };
    let callOff = clock.after(LEASE_MS / 3, beat);
    this.#off.push(() => callOff());
  }

  /** Claims until nothing is due or no slot is free. Never throws: the next poll tries again. */
  async #pump(): Promise<void> {
    try {
      while (this.#again && !this.#stopping) {
        this.#again = false;
        await this.#heedClock();
        await this.#cancelRequested();
        await this.#claim();
      }
      this.#claimError = null;
    } catch (error) {
      const text = messageOf(error);
      if (text !== this.#claimError) this.#context.logger.error(`nothing could be claimed: ${text}`, { error });
      this.#claimError = text;
    }
    await this.#armTimer();
    this.#pumping = null;
    if (this.#again) this.wake();
  }

  async #armTimer(): Promise<void> {
    const { journal, clock } = this.#context;
    const now = clock.now();
    const dueAt = await journal.nextDueAt(now).catch(() => null);
    if (this.#stopping) return;
    const wait = dueAt === null ? POLL_MS : Math.min(POLL_MS, Math.max(1, dueAt - now));
    this.#callOffTimer = clock.after(wait, () => this.wake());
  }

  /** What waits for a time that was set before the clock was set back would wait for all of it again. */
  async #heedClock(): Promise<void> {
    const { journal, clock, logger } = this.#context;
    const now = clock.now();
    const isSetBack = now < this.#lastNow;
    this.#lastNow = now;
    if (!isSetBack) return;
    const hastened = await journal.hasten(now);
    if (hastened > 0) logger.warn(`the clock was set back: ${hastened} runs that waited for a time are due now`);
  }

  async #cancelRequested(): Promise<void> {
    const { journal, holder } = this.#context;
    for (const run of await journal.cancelRequests(holder)) this.#cancel(run);
  }

  async #claim(): Promise<void> {
    const { journal, holder, clock, datasets, environment } = this.#context;
    const going = this.#going();
    if (this.#live.size - going.length >= MOST_ENDING) return;
    const configured = datasets();
    // Of what an engine runs that doesn't answer nothing is known: meanwhile its place is for what needs none.
    const away = [...going, ...this.#recovery.orphans].filter(({ runner }) => runner?.isAway?.()).length;
    this.#places.limit(environment.concurrency + away, configured.values());
    const { free, taken } = this.#places;
    if (free < 0) return;
    const attempts = { running: taken, lastStartAt: this.#turns.lastStartAt(clock.now()) };
    const all = freeSlots(configured.values(), attempts);
    const slots = free === 0 ? slotsWhileHeld(all, attempts, clock.now()) : all;
    // rule 13: below the floor nothing new is taken
    if (slots.length === 0 || (await this.#disk.look()).isLow) return;
    if (free === 0) this.#places.limit(environment.concurrency + away + 1, configured.values());
    const limit = Math.max(1, free);
    const batches = await journal.claim({ holder, leaseMs: LEASE_MS, now: clock.now(), slots, limit });
    for (const runs of batches) this.#launch(configured, runs as [Run, ...Run[]]);
  }

  /** Of others only the end is still to be recorded. */
  #going(): LiveAttempt[] {
    return [...this.#live.keys()].filter(({ isOver }) => !isOver);
  }

  #launch(configured: ReadonlyMap<string, Dataset>, runs: readonly [Run, ...Run[]]): void {
    const [first] = runs;
    const dataset = configured.get(first.dataset) as Dataset;
    this.#turns.note(first.dataset, this.#context.clock.now());
    const ref = attemptOf(this.#context.environment.dataDir, first.id, first.attempt, first.dataset);
    const attempt = this.#attempt(dataset, ref, runs);
    // Claimed while we were told to stop.
    if (this.#stopping) attempt.stop('shutdown');
    this.#follow(attempt, this.#inTurn(attempt));
  }

  /** Resolves when its end is recorded: until it is over it has its place, while that is recorded another one may have it. */
  #inTurn(attempt: LiveAttempt): Promise<void> {
    return new Promise(resolve => {
      this.#places.start(attempt.dataset, () => {
        void attempt.start().then(resolve);
        return attempt.over;
      });
    });
  }

  #adopt({ ref, runs }: Orphan, dataset: Dataset, runner: Runner, handle: string): void {
    const attempt = this.#attempt(dataset, ref, runs);
    for (const run of runs) if (run.cancelRequested) attempt.stop('cancel', run.id);
    this.#places.occupy(attempt.dataset, attempt.over);
    const startedAt = Math.min(runs[0].startedAt ?? Infinity, this.#context.clock.now());
    this.#follow(attempt, attempt.adopt(runner, handle, startedAt));
  }

  #attempt(dataset: Dataset, ref: AttemptRef, runs: readonly [Run, ...Run[]]): LiveAttempt {
    return new LiveAttempt({ context: this.#context, dataset, runs, attempt: ref, shutdown: this.#shutdown.signal });
  }

  #follow(attempt: LiveAttempt, life: Promise<void>): void {
    const ended = life.finally(() => {
      this.#live.delete(attempt);
      this.wake();
    });
    this.#live.set(attempt, ended);
  }
}
