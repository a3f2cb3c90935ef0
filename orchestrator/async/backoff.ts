/** Milliseconds between tries: `firstMs` times `factor` for each more, `maxMs` at most. */
export interface Backoff {
  readonly firstMs: number;
  readonly factor: number;
  readonly maxMs: number;
}

/** The target is away: again at most 5 minutes apart. */
export const TARGET_WAIT: Backoff = { firstMs: 1000, factor: 2, maxMs: 300_000 };
/** The engine or an image is away: again at most 30 s apart, so that it recovers soon after they are back. */
export const RUNNER_WAIT: Backoff = { firstMs: 1000, factor: 2, maxMs: 30_000 };

/**
 * Milliseconds until the next try after `failures` (from 1) in a row: exponential, and between half of that and all of it,
 * so that what failed together doesn't come back together. `random`: in [0, 1).
 */
export function delayMs(backoff: Backoff, failures: number, random: number): number {
  const whole = Math.min(backoff.maxMs, backoff.firstMs * backoff.factor ** Math.max(0, failures - 1));
  return Math.round(whole / 2 + (whole / 2) * random);
}
