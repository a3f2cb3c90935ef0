import { readdirSync, readFileSync } from 'node:fs';

/** A process as proc(5) shows it. */
export interface ProcessEntry {
  pid: number;
  group: number;
  session: number;
  /** Clock ticks since boot: with the pid it names a process for as long as the machine is up. */
  startTime: string;
  /** Ended, though nobody has asked for its exit code yet. */
  isZombie: boolean;
}

/** The process with this pid, or undefined. */
export function readProcess(pid: number): ProcessEntry | undefined {
  try {
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** All processes that can be seen. */
export function listProcesses(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => readProcess(Number(name)))
    .filter(entry => entry !== undefined);
}

/** Whether a process was started with this variable set to this value; false where that can't be read. */
export function hasVariable(pid: number, name: string, value: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${name}=${value}`);
  } catch {
    return false;
  }
}

/** Differs after each start of the machine. */
export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

// The name, in parentheses, may hold blanks and parentheses: what follows the last one is what counts.
function parseStat(pid: number, stat: string): ProcessEntry {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTime: fields[19] ?? '',
    isZombie: fields[0] === 'Z' || fields[0] === 'X',
  };
}
