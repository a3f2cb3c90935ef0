import type { Clock } from '../clock.ts';
import type { Backoff } from '../config/dataset.ts';
import { kindOf } from '../errors.ts';
import { delayMs } from '../schedule/backoff.ts';

/** Resolves after `ms`, or as soon as the signal is aborted. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise(resolve => {
    const callOff = clock.after(ms, end);
    signal.addEventListener('abort', end, { once: true });
    function end(): void {
      callOff();
      signal.removeEventListener('abort', end);
      resolve();
    }
  });
}

// setTimeout fires at once beyond 2^31 - 1 ms (24.8 days).
const LONGEST_TIMER_MS = 2 ** 30;

/** Calls back at a time, however far away. Returns how to call it off. */
export function at(clock: Clock, time: number, callback: () => void): () => void {
  let callOff = arm();
  return () => callOff();

  function arm(): () => void {
    const left = time - clock.now();
    if (left <= LONGEST_TIMER_MS) return clock.after(Math.max(0, left), callback);
    return clock.after(LONGEST_TIMER_MS, () => {
      callOff = arm();
    });
  }
}

export interface Persistence {
  clock: Clock;
  backoff: Backoff;
  /** Ends the tries: the last error is thrown. */
  signal: AbortSignal;
  /** Whether an error is worth another try; those of kind `wait` unless told. */
  again?: (error: unknown) => boolean;
  onWait?: (error: unknown, failures: number) => void;
}

/** Tries until it works, or fails in a way that waiting doesn't mend. */
export async function persist<T>(action: () => Promise<T>, options: Persistence): Promise<T> {
  const again = options.again ?? (error => kindOf(error) === 'wait');
  for (let failures = 1; ; failures++) {
    try {
      return await action();
    } catch (error) {
      if (options.signal.aborted || !again(error)) throw error;
      options.onWait?.(error, failures);
      await pause(options.clock, delayMs(options.backoff, failures, Math.random()), options.signal);
      if (options.signal.aborted) throw error;
    }
  }
}
