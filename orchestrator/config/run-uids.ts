import { readFileSync } from 'node:fs';

/** Uids that runs get, each one its own; both ends belong to it. */
export interface UidRange {
  from: number;
  to: number;
}

/** RUN_UIDS where it isn't set. */
export const RUN_UIDS: UidRange = { from: 61_200, to: 61_455 };

/** Those below belong to the system's own services. */
const LOWEST_UID = 1000;
const HIGHEST_UID = 2 ** 31 - 1;

/** The range of `61200` or `61200-61455`; undefined where it is none, or one below 1000. */
export function parseUidRange(text: string): UidRange | undefined {
  const match = /^(\d{1,10})(?:\s*-\s*(\d{1,10}))?$/.exec(text);
  if (!match) return undefined;
  const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
  return from >= LOWEST_UID && from <= to && to <= HIGHEST_UID ? { from, to } : undefined;
}

/** Whether a run can have it at all: it is no user of the system's. */
export function isRunUid(uid: number): boolean {
  return Number.isInteger(uid) && isUidIn(uid, { from: LOWEST_UID, to: HIGHEST_UID });
}

export function isUidIn(uid: number, { from, to }: UidRange): boolean {
  return uid >= from && uid <= to;
}

/**
 * What is wrong with a range in which this machine has accounts, whose files runs could then read; undefined where it
 * has none.
 */
export function accountsMistake(range: UidRange): string | undefined {
  const names = accounts()
    .filter(({ uid }) => isUidIn(uid, range))
    .map(({ name, uid }) => `${name} (${uid})`);
  if (names.length === 0) return undefined;
  return (
    `RUN_UIDS=${range.from}-${range.to} holds ${names.slice(0, 3).join(', ')}, an account of this machine, whose files runs could read; ` +
    'name uids that nobody has'
  );
}

function accounts(): Array<{ name: string; uid: number }> {
  const lines = readText('/etc/passwd').split('\n');
  return lines
    .map(line => line.split(':'))
    .map(([name = '', , uid = '']) => ({ name, uid: Number(uid || Number.NaN) }));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
