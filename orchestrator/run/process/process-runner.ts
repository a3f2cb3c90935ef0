import { open } from 'node:fs/promises';
import { execa } from 'execa';
import type { Message } from '../../../default-etl/contract.ts';
import type { Clock } from '../../clock.ts';
import { messageOf, OrchestratorError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { splitLines } from '../lines.ts';
import type { AttemptRef, Job, Outcome, Recovered, Runner, StopReason } from '../runner.ts';
import { createTranscript } from '../transcript.ts';
import { findExecutable } from './executable.ts';
import { killMembers, type Leader, leaderOf, livingMembers, signalMembers } from './process-group.ts';
import { openRegister, type Registered } from './register.ts';
import { tailFile } from './tail.ts';

export interface ProcessRunnerOptions {
  logger: Logger;
  clock: Clock;
  /** Absolute. DATA_DIR. */
  dataDir: string;
  /** Absolute: the project's root. Relative COMMANDs are from here, and it is the working directory of what runs. */
  projectDir: string;
  /** What runs where a dataset has no COMMAND: absolute path of the program, and its first arguments. */
  defaultEtl: readonly string[];
  /** What each process inherits: of it only PATH, HOME, LANG and TMPDIR, so that no secret goes where it wasn't sent. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Between SIGTERM and SIGKILL; 10,000 unless told. */
  killAfterMs?: number;
}

interface Child {
  leader: Leader;
  /** Bytes that were in the log file before it started. */
  logOffset: number;
  ended: Promise<{ exitCode: number | null; signal: string | null }>;
  stopped: StopReason | null;
  unref: () => void;
}

const INHERITED = ['PATH', 'HOME', 'LANG', 'TMPDIR'] as const;
const KILL_AFTER_MS = 10_000;
const STOP_POLL_MS = 20;
const LOG_MODE = 0o600;
/** The default ETL writes below DATA_DIR alone; what a COMMAND writes elsewhere is for whom it wants. */
const UMASK = { defaultEtl: '077', command: '022' } as const;

// It waits for its go until its pid is on disk: were we killed before, the pipe would close and it would end, having done nothing.
// So there is no moment at which the program runs and can't be found. It is called by its umask.
const GATE = 'umask "$0"; read -r go || exit 125; exec "$@" </dev/null';

/**
 * Runs attempts as processes of this machine (Linux), each the leader of a session of its own, so that they outlive the
 * orchestrator and can be ended whole. Survivors of a crash are killed, never adopted.
 */
export function createProcessRunner(options: ProcessRunnerOptions): Runner {
  const { logger, clock, dataDir, projectDir } = options;
  const killAfterMs = options.killAfterMs ?? KILL_AFTER_MS;
  const inherited = Object.fromEntries(
    INHERITED.map(name => [name, options.environment[name]]).filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
  const register = openRegister(dataDir);
  const children = new Map<string, Child>();

  async function start(job: Job): Promise<string> {
    const [program, ...args] = commandOf(job);
    const path = findExecutable(program, {
      dataset: job.dataset,
      projectDir,
      searchPath: inherited.PATH ?? '',
    });
    const paths = { data: job.dataDir, config: job.settings.configFolder, work: job.workDir };
    const environment = { ...inherited, ...job.environment(paths), WORK_DIR: job.workDir };
    const log = await open(job.logFile, 'a', LOG_MODE);
    try {
      const logOffset = (await log.stat()).size;
      const gated = spawnGated([umaskOf(job), path, ...args, ...job.args(paths)], environment, log.fd, projectDir);
      return await letGo(job, gated, logOffset);
    } finally {
      await log.close();
    }
  }

  function commandOf(job: Job): readonly [string, ...string[]] {
    const words = job.settings.command.length > 0 ? job.settings.command : options.defaultEtl;
    const [program, ...args] = words;
    if (program === undefined) throw new OrchestratorError('bug', `dataset ${job.dataset}: there is nothing to run`);
    return [program, ...args];
  }

  function umaskOf({ settings }: Job): string {
    return settings.command.length > 0 ? UMASK.command : UMASK.defaultEtl;
  }

  async function letGo(job: Job, gated: Gated, logOffset: number): Promise<string> {
    const leader = gated.pid === undefined ? undefined : leaderOf(gated.pid, job.workDir);
    if (!leader) throw notStarted(job, new Error(await gated.failure()));
    try {
      await register.write({ runId: job.runId, attempt: job.attempt, leader });
    } catch (error) {
      gated.giveUp();
      await gated.ended;
      throw notStarted(job, error);
    }
    gated.go();
    const handle = `${leader.pid}-${leader.startTime}`;
    children.set(handle, { leader, logOffset, ended: gated.ended, stopped: null, unref: gated.unref });
    return handle;
  }

  async function follow(handle: string, attempt: AttemptRef, onMessage: (message: Message) => void): Promise<Outcome> {
    const child = childOf(handle, attempt);
    const transcript = createTranscript(onMessage);
    const lines = splitLines(transcript.output);
    const tail = await tailFile(attempt.logFile, child.logOffset, clock, lines.write);
    try {
      const exit = await child.ended;
      await killRest(child.leader, attempt);
      await tail.finish();
      lines.end();
      await register.remove(attempt.runId, attempt.attempt);
      children.delete(handle);
      return { ...exit, outOfMemory: false, stopped: child.stopped, ...transcript.said() };
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
    if (!child) return;
    child.stopped ??= reason;
    signalMembers(child.leader, 'SIGTERM');
    const deadline = clock.now() + killAfterMs;
    while (livingMembers(child.leader).length > 0) {
      if (clock.now() >= deadline) await killMembers(child.leader);
      else await new Promise<void>(resolve => void clock.after(STOP_POLL_MS, resolve));
    }
  }

  async function recover(attempt: AttemptRef): Promise<Recovered> {
    const entry = await register.read(attempt.runId, attempt.attempt);
    if (entry) await end(entry);
    return { state: 'dead' };
  }

  async function end(entry: Registered): Promise<void> {
    await killMembers(entry.leader);
    await register.remove(entry.runId, entry.attempt);
  }

  async function sweep(isKnown: (runId: string, attempt: number) => boolean): Promise<number> {
    const unknown = (await register.list()).filter(entry => !isKnown(entry.runId, entry.attempt));
    for (const entry of unknown) await end(entry);
    return unknown.length;
  }

  async function close(): Promise<void> {
    for (const child of children.values()) child.unref();
  }

  return { kind: 'process', reach: async (_dataset, nodes) => [...nodes], start, follow, stop, recover, sweep, close };
}

/** A program that waits for its go. */
interface Gated {
  pid: number | undefined;
  go(): void;
  giveUp(): void;
  ended: Child['ended'];
  /** Why it could not be started. */
  failure(): Promise<string>;
  unref: () => void;
}

// Only raw descriptors and `detached` let a child outlive us: a pipe breaks at its next line (measured with execa 10, 2026-11).
function spawnGated(umaskAndCommand: string[], environment: Record<string, string>, log: number, cwd: string): Gated {
  // execa passes any number on as a raw descriptor; its types name only the standard ones.
  const descriptor = log as 1;
  const subprocess = execa('/bin/sh', ['-c', GATE, ...umaskAndCommand], {
    stdin: 'pipe',
    stdout: descriptor,
    stderr: descriptor,
    env: environment,
    extendEnv: false,
    cwd,
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
  });
  return {
    pid: subprocess.pid,
    go: () => void subprocess.stdin.end('\n'),
    giveUp: () => void subprocess.stdin.end(),
    ended: subprocess.then(({ exitCode, signal }) => ({ exitCode: exitCode ?? null, signal: signal ?? null })),
    failure: () =>
      subprocess.then(result => ('originalMessage' in result && result.originalMessage) || 'it ended at once'),
    unref: () => subprocess.nodeChildProcess.unref(),
  };
}

function notStarted(job: Job, cause: unknown): OrchestratorError {
  return new OrchestratorError(
    'retry',
    `dataset ${job.dataset}: a process for ${job.file} could not be started: ${messageOf(cause)}`,
    { cause },
  );
}
