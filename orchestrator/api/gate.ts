import type { FastifyReply } from 'fastify';
import { type Crowd, RETRY_AFTER_SECONDS } from './limits.ts';
import { Problem } from './problem.ts';

/** Lets as many in at once as its crowd says. */
export interface Gate {
  /**
   * Resolves with how to leave, which twice is harmless. Rejects with a Problem 503 where too many wait, or the wait
   * takes too long; with the signal's reason once that is aborted.
   */
  enter(signal: AbortSignal): Promise<() => void>;
}

/** `what`: of which there are too many, such as `downloads`. */
export function createGate({ atOnce, waiting: most, waitMs }: Crowd, what: string): Gate {
  let inside = 0;
  const waiting = new Set<() => void>();

  function leaveOnce(): () => void {
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      const [next] = waiting;
      if (next === undefined) inside -= 1;
      else next();
    };
  }

  function wait(signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        waiting.delete(enter);
        end();
      };
      const enter = settle(() => resolve(leaveOnce()));
      const abort = settle(() => reject(signal.reason as Error));
      const timer = setTimeout(
        settle(() => reject(tooMany(what))),
        waitMs,
      );
      signal.addEventListener('abort', abort, { once: true });
      waiting.add(enter);
    });
  }

  return {
    async enter(signal) {
      signal.throwIfAborted();
      if (inside < atOnce) {
        inside += 1;
        return leaveOnce();
      }
      if (waiting.size >= most) throw tooMany(what);
      return wait(signal);
    },
  };
}

/** Does the work inside, and leaves. */
export async function within<Result>(gate: Gate, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  const leave = await gate.enter(signal);
  try {
    return await work();
  } finally {
    leave();
  }
}

/** Comes in for as long as the answer goes on. */
export async function enterFor({ raw }: FastifyReply, gate: Gate, signal: AbortSignal): Promise<void> {
  const leave = await gate.enter(signal);
  if (raw.destroyed) leave();
  else raw.once('close', leave);
}

/** Who asks while it is being found out gets the same answer: however many ask, it is found out once at a time. */
export function shared<Result>(find: () => Promise<Result>): () => Promise<Result> {
  let going: Promise<Result> | undefined;
  return () =>
    (going ??= find().finally(() => {
      going = undefined;
    }));
}

/** 503 where all together are too many, 429 where one client is. */
export function tooMany(what: string, statusCode: 429 | 503 = 503): Problem {
  const text = `too many ${what} at once; try again in ${RETRY_AFTER_SECONDS} s`;
  return new Problem(statusCode, text, { 'retry-after': String(RETRY_AFTER_SECONDS) });
}
