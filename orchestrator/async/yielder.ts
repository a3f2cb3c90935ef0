import { setImmediate } from 'node:timers/promises';

const SLICE_MS = 10;

let turn: Promise<unknown> = Promise.resolve();

/**
 * Lets the rest of the process have its turn: awaited in a long loop, it yields once every 10 ms, and of many loops one
 * at a time goes on. Journal calls may settle without ever leaving the microtask queue, so awaiting them is not enough.
 */
export function createYielder(): () => Promise<void> {
  let sliceEnd = performance.now() + SLICE_MS;
  return async () => {
    if (performance.now() < sliceEnd) return;
    turn = turn.then(() => setImmediate());
    await turn;
    sliceEnd = performance.now() + SLICE_MS;
  };
}
