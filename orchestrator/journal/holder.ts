import { readFileSync } from 'node:fs';

/**
 * Who holds leases: `<pid>:<start time in clock ticks since boot>:<boot id>`. A pid alone is used again, after a reboot or by
 * another process.
 */
export function ownHolderId(): string {
  return `${process.pid}:${startTicks(process.pid) ?? 0}:${bootId()}`;
}

/**
 * Whether the process of a holder id still lives. A zombie doesn't. Sees the processes of its own pid namespace: a holder in
 * another container is not seen, and need not be, since the lock of DATA_DIR tells that it is dead.
 */
export function isHolderAlive(holderId: string): boolean {
  const [pid, ticks, boot] = holderId.split(':');
  if (pid === undefined || !/^[1-9][0-9]*$/.test(pid) || boot !== bootId()) return false;
  // No /proc (macOS): the pid has to do.
  if (ticks === '0') return answersSignals(Number(pid));
  return String(startTicks(Number(pid))) === ticks;
}

/** Field 22 of /proc/<pid>/stat (proc(5)); the fields are counted after the name, which may hold blanks and brackets. */
function startTicks(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? undefined : Number(rest[18]);
}

function bootId(): string {
  return read('/proc/sys/kernel/random/boot_id')?.trim() ?? 'unknown';
}

function answersSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
