import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { Message } from '../../../default-etl/contract/contract.ts';
import { systemClock } from '../../clock.ts';
import { LIMITS } from '../../limits.ts';
import { writeLargeVariables } from '../large-variables.ts';
import { AttemptLog } from '../process/attempt-log.ts';
import { killMembers, type Leader, leaderOf, livingMembers, ownOf, signalMembers } from '../process/process-group.ts';
import { openRegister } from '../process/register.ts';
import type { InstalledRunner } from '../registry.ts';
import type { AttemptRef, Job, Outcome, Recovered, Runner, StopReason } from '../runner.ts';

export interface InlineRunnerOptions {
  dataDir: string;
  killAfterMs: number;
  mostLogBytes?: number;
}

interface Child {
  leader: Leader;
  ended: Promise<unknown[]>;
  process: ChildProcess;
  log: AttemptLog;
  stopped: Outcome['stopped'];
}

/**
 * The example of CONTRIBUTING.md: runs the COMMAND of a dataset by spawn(), as the orchestrator's own user, kept from
 * nothing.
 */
export class InlineRunner implements Runner {
  readonly kind = 'inline';
  readonly adopts = false;
  readonly #options: InlineRunnerOptions;
  readonly #register: ReturnType<typeof openRegister>;
  readonly #children = new Map<string, Child>();

  constructor(options: InlineRunnerOptions) {
    this.#options = options;
    this.#register = openRegister(options.dataDir);
  }

  reach: Runner['reach'] = async (_dataset, nodes) => [...nodes];

  async start(job: Job): Promise<string> {
    const paths = { data: job.inputFolder, config: job.dataset.configFolder, work: job.workDir };
    const [program = '', ...first] = job.dataset.command;
    const args = [...first, ...job.args(paths)];
    job.writeFiles(paths);
    const env = writeLargeVariables(job, {
      environment: { PATH: '/usr/bin:/bin', ...job.environment(paths) },
      args,
      paths,
    });
    await using file = await open(job.logFile, 'a');
    const { size } = await file.stat();
    const child = spawn(program, args, { env, detached: true, stdio: ['ignore', file.fd, file.fd] });
    const ended = once(child, 'exit');
    const leader = leaderOf(child.pid ?? 0, job.workDir, undefined);
    if (leader === undefined) throw (await ended.catch((error: unknown) => [error]))[0];
    await this.#register.write({ runId: job.runId, attempt: job.attempt, leader });
    this.#children.set(String(leader.pid), {
      leader,
      ended,
      process: child,
      log: this.#logOf(job, size),
      stopped: null,
    });
    return String(leader.pid);
  }

  async follow(handle: string, attempt: AttemptRef, onMessage: (message: Message) => void): Promise<Outcome> {
    const child = this.#children.get(handle) as Child;
    const { log, leader, ended } = child;
    const onFull = () => {
      child.stopped ??= 'output';
      void killMembers(leader);
    };
    const said = await log.hear({ onMessage, onFull }, async () => {
      await ended;
      await killMembers(leader);
    });
    await log.close({ isFull: child.stopped === 'output' });
    await this.#register.remove(attempt.runId, attempt.attempt);
    const { exitCode, signalCode: signal } = child.process;
    return { exitCode, signal, outOfMemory: false, stopped: child.stopped, ...said };
  }

  async stop(handle: string, _attempt: AttemptRef, reason: StopReason): Promise<void> {
    const child = this.#children.get(handle) as Child;
    child.stopped ??= reason;
    signalMembers(child.leader, 'SIGTERM');
    const patience = AbortSignal.timeout(this.#options.killAfterMs);
    while (livingMembers(child.leader).length > 0 && !patience.aborted) {
      await new Promise<void>(resolve => void systemClock.after(20, resolve));
    }
    await killMembers(child.leader);
  }

  async recover({ runId, attempt }: AttemptRef): Promise<Recovered> {
    await this.#end(entry => entry.runId === runId && entry.attempt === attempt);
    return { state: 'dead' };
  }

  sweep(isKnown: (runId: string, attempt: number) => boolean): Promise<number> {
    return this.#end(entry => !isKnown(entry.runId, entry.attempt));
  }

  async close(): Promise<void> {
    for (const { process: child } of this.#children.values()) child.unref();
  }

  async #end(isMeant: (ref: Pick<AttemptRef, 'runId' | 'attempt'>) => boolean): Promise<number> {
    const meant = (await this.#register.list()).filter(isMeant);
    for (const { leader, runId, attempt } of meant) {
      await killMembers(ownOf(leader));
      await this.#register.remove(runId, attempt);
    }
    return meant.length;
  }

  #logOf(attempt: AttemptRef, offset: number): AttemptLog {
    const mostBytes = this.#options.mostLogBytes ?? LIMITS.logBytes;
    const mask = (text: string) => text;
    return new AttemptLog(attempt, offset, { clock: systemClock, mask, mostBytes, hasRoom: async () => true });
  }
}

/** Only RUNNER: inline means it, for it has no `suits`. */
export function installInline(options: InlineRunnerOptions): InstalledRunner {
  const runner = new InlineRunner(options);
  return { runner, manner: 'runs without any confinement', close: () => runner.close() };
}
