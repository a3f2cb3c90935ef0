import type { Clock } from '../clock.ts';
import { kindOf } from '../errors.ts';
import { type Backoff, delayMs } from './backoff.ts';
import { pause } from './pause.ts';

export interface RetryOptions {
  clock: Clock;
  backoff: Backoff;
  /** Ends the tries: the last error is thrown. */
  signal: AbortSignal;
  /** Whether an error is worth another try; isAway() unless told. */
  isWorthIt?: (error: unknown) => boolean;
  onWait?: (error: unknown, failures: number) => void;
}

/** Tries until it works, or fails in a way that waiting doesn't mend. */
export async function retryWhile<T>(action: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, backoff, signal, isWorthIt = isAway, onWait } = options;
  for (let failures = 1; ; failures++) {
    try {
      return await action();
    } catch (error) {
      if (signal.aborted || !isWorthIt(error)) throw error;
      onWait?.(error, failures);
      await pause(clock, delayMs(backoff, failures, Math.random()), signal);
      if (signal.aborted) throw error;
    }
  }
}

/** Something outside is away: it may be back the next time. */
export function isAway(error: unknown): boolean {
  return kindOf(error) === 'wait';
}
