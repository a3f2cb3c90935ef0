import { existsSync } from 'node:fs';
import { open, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Message } from '../../../default-etl/contract/contract.ts';
import type { Clock } from '../../clock.ts';
import { LIMITS } from '../../limits.ts';
import type { Dataset } from '../../config/dataset.ts';
import { OrchestratorError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Ahead, AttemptRef, Job, JobTemplate, Outcome, Recovered, Runner, StopReason } from '../runner.ts';
import { AttemptLog, type AttemptLogOptions } from './attempt-log.ts';
import { type Child, stopPrinting } from './child.ts';
import { isStranger } from './confinement.ts';
import { Launches, type LaunchesOptions, notStarted } from './launches.ts';
import type { Launched } from './launcher.ts';
import { killMembers, type Leader, leaderOf, livingMembers, ownOf, signalMembers } from './process-group.ts';
import { openRegister, type Registered } from './register.ts';
import { putWorkDir, startWorkerJob, type Taken } from './worker-job.ts';
import { WorkerPool, type WorkerPoolOptions } from './worker-pool.ts';

export interface ProcessRunnerOptions extends LaunchesOptions {
  logger: Logger;
  clock: Clock;
  /** Takes secrets out of a text: what a process has printed is masked in its log when it has ended. */
  mask(text: string, dataset: string): string;
  /**
   * Where ETL processes are kept started: whose uids they have, the most of them at once, and what each does. None are
   * unless told.
   */
  workers?: Pick<WorkerPoolOptions, 'uids' | 'most' | 'jobs'>;
  /** Between SIGTERM and SIGKILL; 10,000 unless told. */
  killAfterMs?: number;
  /** What an attempt may print; LIMITS.logBytes unless told. */
  mostLogBytes?: number;
  /** MIN_FREE: with less than half of it free, who has printed much is stopped. */
  minFreeBytes?: number;
}

const KILL_AFTER_MS = 10_000;
const STOP_POLL_MS = 20;
const LOG_MODE = 0o600;

/**
 * Runs attempts as processes of this machine (Linux), each the leader of a session of its own, so that they outlive the
 * orchestrator and can be ended whole. Survivors of a crash are killed, never adopted.
 */
export class ProcessRunner implements Runner {
  readonly kind = 'process';
  readonly adopts = false;
  readonly #options: ProcessRunnerOptions;
  readonly #register: ReturnType<typeof openRegister>;
  readonly #launches: Launches;
  readonly #logs: AttemptLogOptions;
  readonly #workers: WorkerPool | undefined;
  /** By handle. */
  readonly #children = new Map<string, Child>();
  /** What each job that is to come was promised. */
  readonly #taken = new Map<Ahead, Taken>();

  constructor(options: ProcessRunnerOptions) {
    const { clock, logger, mask, dataDir, workers } = options;
    this.#options = options;
    this.#register = openRegister(dataDir);
    this.#launches = new Launches(options);
    const mostBytes = options.mostLogBytes ?? LIMITS.logBytes;
    this.#logs = { clock, mask, mostBytes, hasRoom: () => this.#hasRoom() };
    const folder = join(dataDir, 'workers');
    const launchWorker: WorkerPoolOptions['launch'] = (template, home) => this.#launches.worker(template, home);
    this.#workers = workers && new WorkerPool({ ...workers, logger, clock, folder, launch: launchWorker });
  }

  async reach(_dataset: Dataset, nodes: readonly string[]): Promise<string[]> {
    return [...nodes];
  }

  /** These datasets are configured now, and of those in `templates` the files may come: what WARM asks for is started. */
  keepWarm(configured: readonly Dataset[], templates: readonly JobTemplate[]): void {
    this.#workers?.keep(configured, templates);
  }

  /** Resolves when what is started in the background has been. */
  async settled(): Promise<void> {
    await this.#workers?.settled();
  }

  ahead(job: Pick<Job, 'dataset' | 'inputFolder'>): Ahead | undefined {
    const workers = this.#workers;
    const worker = workers?.take(job);
    if (workers === undefined || worker === undefined) return undefined;
    const place = worker.takePlace();
    const kept: Ahead = {
      owner: worker.owner,
      putWorkDir: workDir => place !== null && putWorkDir(place, workDir),
      giveBack: () => {
        if (this.#taken.delete(kept)) workers.giveBack(worker, place);
      },
      takeWorkDir: workDir => place !== null && workers.takeWorkDir(worker, place, workDir),
    };
    this.#taken.set(kept, { worker, place });
    return kept;
  }

  async start(job: Job): Promise<string> {
    if (process.getuid?.() === 0 && job.owner.uid === 0) throw new OrchestratorError('bug', 'nothing is run as root');
    const promised = job.ahead && this.#taken.get(job.ahead);
    if (this.#workers && promised) return this.#startInWorker(promised, job, this.#workers);
    this.#workers?.refill(job);
    return this.#startAlone(job);
  }

  async follow(handle: string, attempt: AttemptRef, onMessage: (message: Message) => void): Promise<Outcome> {
    const child = this.#children.get(handle);
    if (child === undefined) {
      const why = 'was not started here, or has been followed to its end';
      throw new OrchestratorError('bug', `run ${attempt.runId}: process ${handle} ${why}`);
    }
    const heard = await child.hearOut(onMessage);
    this.#children.delete(handle);
    return { ...heard, outOfMemory: false, stopped: child.stopped };
  }

  async stop(handle: string, _attempt: AttemptRef, reason: StopReason): Promise<void> {
    const { clock, killAfterMs = KILL_AFTER_MS } = this.#options;
    const child = this.#children.get(handle);
    // A worker has perhaps another job by now.
    if (!child || child.isOver) return;
    child.stopped ??= reason;
    signalMembers(child.leader, 'SIGTERM');
    const deadline = clock.elapsed() + killAfterMs;
    while (livingMembers(child.leader).length > 0) {
      if (clock.elapsed() >= deadline) await killMembers(child.leader);
      else await new Promise<void>(resolve => void clock.after(STOP_POLL_MS, resolve));
    }
  }

  async recover(attempt: AttemptRef): Promise<Recovered> {
    // Which of them had the job is noted nowhere: their end is due in any case, as their standard input has closed.
    await this.#workers?.endLeft();
    const entry = await this.#register.read(attempt.runId, attempt.attempt);
    // rule 10: survivors are killed, never adopted
    if (entry) await this.#end(entry);
    if (existsSync(attempt.logFile)) await new AttemptLog(attempt, 0, this.#logs).close({ isFull: false });
    return { state: 'dead' };
  }

  async sweep(isKnown: (runId: string, attempt: number) => boolean): Promise<number> {
    await this.#workers?.sweep();
    const unknown = (await this.#register.list()).filter(entry => !isKnown(entry.runId, entry.attempt));
    for (const entry of unknown) await this.#end(entry);
    return unknown.length;
  }

  async close(): Promise<void> {
    await this.#workers?.close();
    for (const child of this.#children.values()) child.unref();
  }

  async #startInWorker(promised: Taken, job: Job, workers: WorkerPool): Promise<string> {
    this.#taken.delete(job.ahead as Ahead);
    const { pid, startTime } = promised.worker.leader;
    const mask = (text: string) => this.#options.mask(text, job.datasetName);
    const options = { workers, mask, mostLogBytes: this.#logs.mostBytes };
    const child = await startWorkerJob(promised, job, options).catch(notStarted(job));
    const handle = `${pid}-${startTime}-${job.runId}-${job.attempt}`;
    this.#children.set(handle, child);
    return handle;
  }

  async #startAlone(job: Job): Promise<string> {
    const { launched, logOffset } = await this.#launches.alone(job, () => open(job.logFile, 'a', LOG_MODE));
    return this.#letGo(job, launched, new AttemptLog(job, logOffset, this.#logs));
  }

  /** It runs once it can be found. */
  async #letGo(job: Job, gated: Launched, log: AttemptLog): Promise<string> {
    const leader = leaderOf(gated.pid, job.workDir, isStranger(job) ? job.owner.uid : undefined);
    if (!leader) return notStarted(job)(new Error('it ended at once'));
    try {
      await this.#register.write({ runId: job.runId, attempt: job.attempt, leader });
    } catch (error) {
      gated.giveUp();
      await gated.ended;
      return notStarted(job)(error);
    }
    gated.go();
    const handle = `${leader.pid}-${leader.startTime}`;
    const child: Child = {
      leader,
      isOver: false,
      stopped: null,
      unref: gated.unref,
      hearOut: onMessage => this.#hearOut({ child, ended: gated.ended, log }, job, onMessage),
    };
    this.#children.set(handle, child);
    return handle;
  }

  async #hearOut(
    { child, ended, log }: { child: Child; ended: Launched['ended']; log: AttemptLog },
    attempt: AttemptRef,
    onMessage: (message: Message) => void,
  ): ReturnType<Child['hearOut']> {
    const said = await log.hear({ onMessage, onFull: () => stopPrinting(child) }, async () => {
      await ended;
      await this.#killRest(child.leader, attempt);
    });
    await log.close({ isFull: child.stopped === 'output' });
    await this.#register.remove(attempt.runId, attempt.attempt);
    return { ...(await ended), ...said };
  }

  /** As in a container: when the first process ends, so do the others. */
  async #killRest(leader: Leader, { runId }: AttemptRef): Promise<void> {
    const killed = await killMembers(leader);
    if (killed > 0) this.#options.logger.warn(`run ${runId}: killed ${killed} processes that it left running`);
  }

  async #hasRoom(): Promise<boolean> {
    const { dataDir, minFreeBytes = 0 } = this.#options;
    const { bavail, bsize } = await statfs(dataDir);
    return bavail * bsize >= minFreeBytes / 2;
  }

  async #end({ leader, runId, attempt }: Registered): Promise<void> {
    await killMembers(ownOf(leader));
    await this.#register.remove(runId, attempt);
  }
}
