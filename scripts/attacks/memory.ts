import { readFileSync } from 'node:fs';

/** Bytes that a process has in memory now (proc(5), VmRSS). */
export function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
