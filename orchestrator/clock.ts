/** Where the time comes from: the system's, or a test's. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number;
  /** Milliseconds since some moment, for intervals: they only grow, whatever the time of day is set to. */
  elapsed(): number;
  /** Calls back once after `ms`; the timer does not keep the process alive. Returns how to call it off. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms).unref();
    return () => clearTimeout(timer);
  },
};
