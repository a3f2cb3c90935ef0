import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** A process that can be found again by another run of ours: pids are reused, pid and start time together are not. */
export interface ProcessMark {
  pid: number;
  /** In clock ticks since boot, as /proc says. */
  startedAt: string;
}

export interface DaemonOptions {
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  logFile: string;
  cwd?: string;
  uid?: number;
  gid?: number;
}

/** Starts a program in a session of its own that outlives us; its output goes to `logFile`, which starts empty. */
export function startDaemon({ command, args, logFile, ...options }: DaemonOptions): ProcessMark {
  const log = openSync(logFile, 'w');
  try {
    const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', log, log] });
    child.on('error', () => {}); // it shows as a process that isn't there
    child.unref();
    if (child.pid === undefined) throw new Error(`${command} can't be started; see ${logFile}`);
    return { pid: child.pid, startedAt: startTime(child.pid) ?? '' };
  } finally {
    closeSync(log);
  }
}

export function isAlive({ pid, startedAt }: ProcessMark): boolean {
  return startTime(pid) === startedAt;
}

/**
 * SIGTERM, and SIGKILL to its group where that isn't enough within `graceMs`. Resolves when the process is gone;
 * harmless when it was.
 */
export async function stopProcess(mark: ProcessMark, graceMs: number): Promise<void> {
  if (!isAlive(mark)) return;
  process.kill(mark.pid, 'SIGTERM');
  await until(() => !isAlive(mark), graceMs);
  if (!isAlive(mark)) return;
  killGroup(mark.pid);
  await until(() => !isAlive(mark), 5_000);
}

/** Asks every 50 ms; false where it didn't come true within `limitMs`. */
export async function until(isTrue: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while (Date.now() < deadline) {
    if (await isTrue()) return true;
    await pause(50);
  }
  return false;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // gone meanwhile
  }
}

/** Field 22 of /proc/<pid>/stat (proc(5)); undefined for a process that isn't there or is a zombie. */
function startTime(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
