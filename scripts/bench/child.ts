import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { lastLines } from '../services/command.ts';

/** Clock ticks a second in /proc: 100 on every Linux that Node runs on. */
const TICKS = 100;
const LOOK_MS = 20;

/** What a program took. */
export interface Usage {
  /** User and system, of the program and what it started. */
  cpuSeconds: number;
  /** Of its largest process, at its highest. */
  peakMb: number | null;
}

/**
 * Runs a program to its end. Throws with the end of its output where it fails. One at a time: CPU is counted for all
 * children that end meanwhile.
 */
export async function measureChild(
  command: string,
  words: string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): Promise<Usage> {
  const before = cpuOfEndedChildren();
  const child = spawn(command, words, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => (output = (output + piece.toString()).slice(-10_000)));
  const peak = watchPeak(() => child.pid);
  try {
    const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
    if (code !== 0) throw new Error(`${command} ${words.join(' ')} ended with ${code}: ${lastLines(output, 8)}`);
  } finally {
    peak.stop();
  }
  return { cpuSeconds: cpuOfEndedChildren() - before, peakMb: peak.megabytes() };
}

/** Looks every 20 ms how much memory a process, or a child of it, has had at most: the kernel keeps the mark (proc(5), VmHWM). */
export function watchPeak(pid: () => number | undefined): { stop(): void; megabytes(): number | null } {
  let peakKb = 0;
  const look = (): void => {
    for (const each of withChildren(pid())) peakKb = Math.max(peakKb, peakOf(each));
  };
  const timer = setInterval(look, LOOK_MS);
  return { stop: () => clearInterval(timer), megabytes: () => (peakKb === 0 ? null : peakKb / 1024) };
}

function withChildren(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  const children = textOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(withChildren)];
}

function peakOf(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0);
}

/** Empty where the process has gone. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Of this process's children that have ended (proc(5), stat, fields 16 and 17). */
function cpuOfEndedChildren(): number {
  const fields = textOf('/proc/self/stat')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS;
}
