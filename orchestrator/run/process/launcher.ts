import { Worker } from 'node:worker_threads';
import { OrchestratorError } from '../../errors.ts';
import type { LaunchRequest, Order, Report } from './launch.ts';

/** A program that waits for its go. */
export interface Launched {
  pid: number;
  go(): void;
  /** It never runs. */
  giveUp(): void;
  ended: Promise<{ exitCode: number | null; signal: string | null }>;
  /** It keeps us from ending no longer. */
  unref(): void;
}

/** A launch that goes on: until the program has ended, or could not be started. */
interface Launch {
  launched: PromiseWithResolvers<number>;
  ended: PromiseWithResolvers<{ exitCode: number | null; signal: string | null }>;
}

const REFUSED = ['EPERM', 'EACCES'];

let thread: LaunchThread | undefined;

/**
 * Starts a program, the leader of a session of its own, that waits for its go. Throws `wait` where the system refuses
 * what it takes to confine it, and `retry` where it can't be started. Nothing of it has run then.
 */
export async function launch(request: LaunchRequest): Promise<Launched> {
  thread ??= new LaunchThread(() => {
    thread = undefined;
  });
  return thread.launch(request);
}

/** It keeps little, and not for long. */
const YOUNG_MEGABYTES = 2;

/** Our side of the thread. It keeps nothing alive but what it was asked to start. */
class LaunchThread {
  readonly #worker = new Worker(new URL('./launch-thread.ts', import.meta.url), {
    name: 'launcher',
    env: {},
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
  });
  readonly #launches = new Map<number, Launch>();
  readonly #kept = new Set<number>();
  #last = 0;

  constructor(onEnd: () => void) {
    this.#worker.unref();
    this.#worker.on('message', (report: Report) => this.#hear(report));
    const end = (reason: unknown): void => {
      onEnd();
      this.#failAll(reason);
    };
    this.#worker.on('error', end);
    this.#worker.on('exit', () => end(undefined));
  }

  async launch(request: LaunchRequest): Promise<Launched> {
    const id = ++this.#last;
    const going: Launch = { launched: Promise.withResolvers(), ended: Promise.withResolvers() };
    this.#launches.set(id, going);
    going.ended.promise.catch(() => undefined);
    this.#keep(id);
    this.#order({ kind: 'launch', id, request });
    const pid = await going.launched.promise;
    return {
      pid,
      go: () => this.#order({ kind: 'go', id }),
      giveUp: () => this.#order({ kind: 'give-up', id }),
      ended: going.ended.promise,
      unref: () => {
        this.#order({ kind: 'unref', id });
        this.#release(id);
      },
    };
  }

  #hear(report: Report): void {
    const going = this.#launches.get(report.id);
    if (report.kind === 'launched') return going?.launched.resolve(report.pid);
    this.#launches.delete(report.id);
    this.#release(report.id);
    if (report.kind === 'failed') going?.launched.reject(failure(report));
    else going?.ended.resolve({ exitCode: report.exitCode, signal: report.signal });
  }

  #failAll(error: unknown): void {
    const cause = new OrchestratorError('bug', 'the thread that starts programs has ended', { cause: error });
    for (const { launched, ended } of this.#launches.values()) {
      launched.reject(cause);
      ended.reject(cause);
    }
    this.#launches.clear();
  }

  #keep(id: number): void {
    this.#kept.add(id);
    this.#worker.ref();
  }

  #release(id: number): void {
    this.#kept.delete(id);
    if (this.#kept.size === 0) this.#worker.unref();
  }

  #order(order: Order): void {
    this.#worker.postMessage(order);
  }
}

function failure({ message, code }: Extract<Report, { kind: 'failed' }>): OrchestratorError {
  if (!REFUSED.includes(code ?? '')) return new OrchestratorError('retry', message);
  return new OrchestratorError(
    'wait',
    `${message}: a root orchestrator runs a program only as another user and with nothing in sight that is not its own; give the orchestrator the capabilities ` +
      'SYS_ADMIN, SYS_CHROOT, SETUID, SETGID and KILL (in a container also security_opt: [apparmor:unconfined]), let its runs be containers, or start it as a user that is not root',
  );
}
