import { readdirSync, readFileSync } from 'node:fs';
import { libc, requireKoffi } from '../../libc.ts';

/** A process as proc(5) shows it. */
export interface ProcessEntry {
  pid: number;
  parent: number;
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

/** Of x86-64 and most others; where it is larger, memory is told as less. */
const PAGE_BYTES = 4096;

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

/** Real uid of a process, which it can't hide; undefined where it is gone. */
export function readUid(pid: number): number | undefined {
  try {
    const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return uid === undefined ? undefined : Number(uid);
  } catch {
    return undefined;
  }
}

type GetPriority = (which: number, who: number) => number;

// From resource.h.
const PRIO_USER = 2;
let getPriority: GetPriority | undefined;

/**
 * The processes with this real uid that have not ended. Where there is none, as nearly always, nothing else need be
 * looked at.
 */
export function livingOf(uid: number): ProcessEntry[] {
  return hasProcessOf(uid) ? listProcesses().filter(({ pid, isZombie }) => !isZombie && readUid(pid) === uid) : [];
}

/** Whether any process has this real uid, ended or not: one call, instead of a look at each process. */
function hasProcessOf(uid: number): boolean {
  const koffi = requireKoffi();
  getPriority ??= libc().func('int getpriority(int which, unsigned int who)') as GetPriority;
  koffi.errno(0);
  return getPriority(PRIO_USER, uid) !== -1 || koffi.errno() !== koffi.os.errno['ESRCH'];
}

/** Differs after each start of the machine. */
export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

/** Memory that a process has for itself and shares, in bytes; 0 where that can't be told. */
export function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * PAGE_BYTES;
  } catch {
    return 0;
  }
}

// The name, in parentheses, may hold blanks and parentheses: what follows the last one is what counts.
function parseStat(pid: number, stat: string): ProcessEntry {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTime: fields[19] ?? '',
    // A first thread may have ended before the others, which go on.
    isZombie: fields[0] === 'X' || (fields[0] === 'Z' && Number(fields[17]) <= 1),
  };
}
