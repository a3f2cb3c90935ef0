import type { Logger } from '../../log.ts';

/** Failed attempts of this long are one line of the log. */
const QUIET_MS = 60_000;

/** Tells the log of failed attempts to sign in: the first at once, then at most one line a minute, with how many there were. */
export function failureLog(logger: Logger, now: () => number): (what: string, address: string) => void {
  let toldAt = -Infinity;
  let untold = 0;
  return (what, address) => {
    untold += 1;
    if (now() - toldAt < QUIET_MS) return;
    const times = untold === 1 ? '' : `, the last of ${untold} since the one told before`;
    logger.warn(`${what} was sent by ${address}${times}`, { 'source.ip': address, 'event.outcome': 'failure' });
    toldAt = now();
    untold = 0;
  };
}
