import type { Clock } from '../clock.ts';

/** Resolves after `ms`, or as soon as the signal, if there is one, is aborted. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise(resolve => {
    const callOff = clock.after(ms, end);
    signal?.addEventListener('abort', end, { once: true });
    function end(): void {
      callOff();
      signal?.removeEventListener('abort', end);
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
