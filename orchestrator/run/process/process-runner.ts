import { existsSync } from 'node:fs';
import { open, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Message, WARM_JOBS } from '../../../default-etl/contract/contract.ts';
import type { Clock } from '../../clock.ts';
import { LIMITS } from '../../limits.ts';
import type { Dataset } from '../../config/dataset.ts';
import { messageOf, OrchestratorError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { type Cut, cutLog, cutMiddle } from '../cut-log.ts';
import { splitLines } from '../lines.ts';
import { fitEnvironment, withoutLarge } from '../large-variables.ts';
import type {
  Ahead,
  AttemptRef,
  Job,
  JobPaths,
  JobTemplate,
  Outcome,
  Recovered,
  Runner,
  StopReason,
} from '../runner.ts';
import { createTranscript } from '../transcript.ts';
import { realInputFolder } from '../input-folder.ts';
import { giveWorkDir } from '../work-dir.ts';
import { type Child, type Heard, stopPrinting } from './child.ts';
import type { CompiledCode } from './compiled-code.ts';
import { confine, isStranger, type Program } from './confinement.ts';
import { demandAllowed, findExecutable } from './executable.ts';
import { launch, type Launched } from './launcher.ts';
import { killMembers, type Leader, leaderOf, livingMembers, ownOf, signalMembers } from './process-group.ts';
import { maskLog } from './mask-log.ts';
import { launchPiped, type Piped } from './piped.ts';
import { openRegister, type Registered } from './register.ts';
import { tailFile } from './tail.ts';
import type { Exit } from './worker.ts';
import type { Home } from './worker-homes.ts';
import { putWorkDir, startWorkerJob, type Taken } from './worker-job.ts';
import { WorkerPool, type WorkerPoolOptions } from './worker-pool.ts';

export interface ProcessRunnerOptions {
  logger: Logger;
  clock: Clock;
  /** Takes secrets out of a text: what a process has printed is masked in its log when it has ended. */
  mask(text: string, dataset: string): string;
  /** Absolute. DATA_DIR. */
  dataDir: string;
  /** Absolute: the project's root. Relative COMMANDs are from here, and it is the working directory of what runs. */
  projectDir: string;
  /** What runs where a dataset has no COMMAND: absolute path of the program, and its first arguments. */
  defaultEtl: readonly string[];
  /** Absolute: the files and folders that it is made of, its own one first. Where they are named, it can open nothing else. */
  etlFiles?: readonly string[];
  /** What the default ETL need not compile. */
  compiled?: CompiledCode;
  /** Where ETL processes are kept started: whose uids they have, the most of them at once, and what each does. None are unless told. */
  workers?: Pick<WorkerPoolOptions, 'uids' | 'most' | 'jobs'>;
  /** What each process inherits: of it only PATH and LANG, and as us HOME and TMPDIR, so that no secret goes where it wasn't sent. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Between SIGTERM and SIGKILL; 10,000 unless told. */
  killAfterMs?: number;
  /** What an attempt may print; LIMITS.logBytes unless told. */
  mostLogBytes?: number;
  /** MIN_FREE: with less than half of it free, who has printed much is stopped. */
  minFreeBytes?: number;
}

export interface ProcessRunner extends Runner {
  /** These datasets are configured now, and of those in `templates` the files may come: what WARM asks for is started. */
  keepWarm(configured: readonly Dataset[], templates: readonly JobTemplate[]): void;
  /** Resolves when what is started in the background has been. */
  settled(): Promise<void>;
}

const INHERITED = ['PATH', 'HOME', 'LANG', 'TMPDIR'] as const;
const KILL_AFTER_MS = 10_000;
const STOP_POLL_MS = 20;
const LOG_MODE = 0o600;
/**
 * Runs attempts as processes of this machine (Linux), each the leader of a session of its own, so that they outlive the
 * orchestrator and can be ended whole. Survivors of a crash are killed, never adopted.
 */
export function createProcessRunner(options: ProcessRunnerOptions): ProcessRunner {
  const { logger, clock, dataDir, projectDir } = options;
  const killAfterMs = options.killAfterMs ?? KILL_AFTER_MS;
  const mostLogBytes = options.mostLogBytes ?? LIMITS.logBytes;
  const inherited = Object.fromEntries(
    INHERITED.map(name => [name, options.environment[name]]).filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
  const register = openRegister(dataDir);
  const { etlFiles = [], compiled } = options;
  const surroundings = { dataDir, projectDir, etlFiles, compiled };
  const children = new Map<string, Child>();
  /** What each job that is to come was promised. */
  const taken = new Map<Ahead, Taken>();
  const workers =
    options.workers &&
    new WorkerPool({ ...options.workers, logger, clock, folder: join(dataDir, 'workers'), launch: launchWorker });

  async function start(job: Job): Promise<string> {
    if (process.getuid?.() === 0 && job.owner.uid === 0) throw new OrchestratorError('bug', 'nothing is run as root');
    const promised = job.ahead && taken.get(job.ahead);
    if (workers && promised) return startInWorker(promised, job, workers);
    workers?.refill(job);
    return startAlone(job);
  }

  function ahead(job: Pick<Job, 'dataset' | 'inputFolder'>): Ahead | undefined {
    const worker = workers?.take(job);
    if (worker === undefined) return undefined;
    const place = worker.takePlace();
    const kept: Ahead = {
      owner: worker.owner,
      putWorkDir: workDir => place !== null && putWorkDir(place, workDir),
      giveBack() {
        if (taken.delete(kept)) workers?.giveBack(worker, place);
      },
      takeWorkDir: workDir => place !== null && workers?.takeWorkDir(worker, place, workDir) === true,
    };
    taken.set(kept, { worker, place });
    return kept;
  }

  async function startInWorker(promised: Taken, job: Job, pool: WorkerPool): Promise<string> {
    taken.delete(job.ahead as Ahead);
    const { pid, startTime } = promised.worker.leader;
    const mask = (text: string) => options.mask(text, job.datasetName);
    const child = await startWorkerJob(promised, job, { workers: pool, mask, mostLogBytes }).catch(notStarted(job));
    const handle = `${pid}-${startTime}-${job.runId}-${job.attempt}`;
    children.set(handle, child);
    return handle;
  }

  async function startAlone(job: Job): Promise<string> {
    const program = programOf(job);
    job.connections?.write();
    const paths = pathsOf(job, job.workDir);
    const args = [...program.args, ...job.args(paths)];
    const environment = { ...job.environment(paths), WORK_DIR: job.workDir };
    const own = fitEnvironment(job, { environment, args, paths });
    const data = isStranger(job) ? await realInputFolder(job) : null;
    const confined = confine({ ...job, realInputFolder: data }, { ...program, args }, { inherited, own }, surroundings);
    await giveWorkDir(job.workDir, `${job.owner.uid}:${job.owner.gid}`);
    const log = await open(job.logFile, 'a', LOG_MODE);
    try {
      const logOffset = (await log.stat()).size;
      const output = { stdout: log.fd, stderr: log.fd };
      const launched = await launch({ ...confined, cwd: projectDir, output }).catch(notStarted(job));
      return await letGo(job, launched, logOffset);
    } finally {
      await log.close();
    }
  }

  /** It finds the folders of its jobs where they are now. One that isn't another user works in the attempts' own. */
  async function launchWorker(template: JobTemplate, { path, owner, places }: Home): Promise<Piped | null> {
    const isOwn = isStranger({ owner });
    const workDir = isOwn ? path : join(dataDir, 'runs');
    const job = { ...template, owner, workDir, workDirs: places, connections: null };
    const realFolder = await realInputFolder(job);
    if (realFolder === null) return null;
    const settings = withoutLarge(template.environment(pathsOf(template, path)));
    const own = { ...settings, WORK_DIR: path, ORCHESTRATOR_WARM: WARM_JOBS };
    const program = programOf(job);
    const confined = confine(
      { ...job, realInputFolder: isOwn ? realFolder : null },
      program,
      { inherited, own },
      surroundings,
    );
    return launchPiped({ ...confined, cwd: projectDir });
  }

  function programOf(job: Pick<Job, 'dataset' | 'owner'>): Program {
    const isDefaultEtl = job.dataset.command.length === 0;
    const [program, ...args] = isDefaultEtl ? options.defaultEtl : job.dataset.command;
    if (program === undefined)
      throw new OrchestratorError('bug', `dataset ${job.dataset.name}: there is nothing to run`);
    const path = findExecutable(program, {
      dataset: job.dataset.name,
      projectDir,
      searchPath: inherited.PATH ?? '',
      ...(isStranger(job) && { uid: job.owner.uid }),
    });
    if (!isDefaultEtl) demandAllowed(job.dataset, path);
    return { path, args, isDefaultEtl };
  }

  async function letGo(job: Job, gated: Launched, logOffset: number): Promise<string> {
    const leader = leaderOf(gated.pid, job.workDir, isStranger(job) ? job.owner.uid : undefined);
    if (!leader) return notStarted(job)(new Error('it ended at once'));
    try {
      await register.write({ runId: job.runId, attempt: job.attempt, leader });
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
      hearOut: onMessage => hearOutAlone({ child, ended: gated.ended, logOffset }, job, onMessage),
    };
    children.set(handle, child);
    return handle;
  }

  async function follow(handle: string, attempt: AttemptRef, onMessage: (message: Message) => void): Promise<Outcome> {
    const child = childOf(handle, attempt);
    const heard = await child.hearOut(onMessage);
    children.delete(handle);
    return { ...heard, outOfMemory: false, stopped: child.stopped };
  }

  async function hearOutAlone(
    { child, ended, logOffset }: { child: Child; ended: Promise<Exit>; logOffset: number },
    attempt: AttemptRef,
    onMessage: (message: Message) => void,
  ): Promise<Heard> {
    const transcript = createTranscript(onMessage, cutOf(attempt).mask);
    const lines = splitLines(transcript.output);
    const tail = await tailFile(attempt.logFile, {
      offset: logOffset,
      mostBytes: mostLogBytes,
      clock,
      onChunk: lines.write,
      onFull: () => stopPrinting(child),
      hasRoom: async () => {
        const { bavail, bsize } = await statfs(dataDir);
        return bavail * bsize >= (options.minFreeBytes ?? 0) / 2;
      },
    });
    try {
      const exit = await ended;
      await killRest(child.leader, attempt);
      await tail.finish();
      lines.end();
      if (child.stopped === 'output') await cutLog(attempt.logFile, logOffset + mostLogBytes, cutOf(attempt));
      await closeLog(attempt, logOffset);
      await register.remove(attempt.runId, attempt.attempt);
      return { ...exit, ...transcript.said() };
    } finally {
      await tail.finish();
    }
  }

  // As in a container: when the first process ends, so do the others.
  async function killRest(leader: Leader, attempt: AttemptRef): Promise<void> {
    const killed = await killMembers(leader);
    if (killed > 0) logger.warn(`run ${attempt.runId}: killed ${killed} processes that it left running`);
  }

  function childOf(handle: string, attempt: AttemptRef): Child {
    const child = children.get(handle);
    if (child) return child;
    throw new OrchestratorError(
      'bug',
      `run ${attempt.runId}: process ${handle} was not started here, or has been followed to its end`,
    );
  }

  async function stop(handle: string, _attempt: AttemptRef, reason: StopReason): Promise<void> {
    const child = children.get(handle);
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

  async function recover(attempt: AttemptRef): Promise<Recovered> {
    // Which of them had the job is noted nowhere: their end is due in any case, as their standard input has closed.
    await workers?.endLeft();
    const entry = await register.read(attempt.runId, attempt.attempt);
    if (entry) await end(entry);
    if (existsSync(attempt.logFile)) await closeLog(attempt, 0);
    return { state: 'dead' };
  }

  /** First what is left out of it, which need not be looked through and may be without end: no secret is cut. */
  async function closeLog(attempt: AttemptRef, offset: number): Promise<void> {
    const cut = cutOf(attempt);
    await cutMiddle(attempt.logFile, offset, cut);
    await maskLog(attempt.logFile, cut.mask);
  }

  function cutOf({ datasetName }: AttemptRef): Cut {
    return { mask: text => options.mask(text, datasetName) };
  }

  async function end(entry: Registered): Promise<void> {
    await killMembers(ownOf(entry.leader));
    await register.remove(entry.runId, entry.attempt);
  }

  async function sweep(isKnown: (runId: string, attempt: number) => boolean): Promise<number> {
    await workers?.sweep();
    const unknown = (await register.list()).filter(entry => !isKnown(entry.runId, entry.attempt));
    for (const entry of unknown) await end(entry);
    return unknown.length;
  }

  async function close(): Promise<void> {
    await workers?.close();
    for (const child of children.values()) child.unref();
  }

  return {
    kind: 'process',
    adopts: false,
    reach: async (_dataset, nodes) => [...nodes],
    ahead,
    start,
    follow,
    stop,
    recover,
    sweep,
    close,
    keepWarm: (configured, templates) => workers?.keep(configured, templates),
    settled: async () => workers?.settled(),
  };
}

/** A process finds its folders where they are. */
function pathsOf({ inputFolder, dataset }: Pick<Job, 'inputFolder' | 'dataset'>, work: string): JobPaths {
  return { data: inputFolder, config: dataset.configFolder, work };
}

/** What is wrong with one that can't be started is told with the file that it was for. */
function notStarted(job: Job): (error: unknown) => never {
  return error => {
    const kind = error instanceof OrchestratorError && error.kind === 'wait' ? 'wait' : 'retry';
    throw new OrchestratorError(
      kind,
      `dataset ${job.datasetName}: a process for ${job.file} could not be started: ${messageOf(error)}`,
      { cause: error },
    );
  };
}
