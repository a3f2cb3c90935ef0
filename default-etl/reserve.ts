import { closeSync, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RESERVE_STEP, WORK_FILES } from './protocol.ts';

/** Writes down, synced, how many rows may have been sent, before they are: a crash then leaves no row unknown (rule 5). */
export class Reserve {
  private reserved = 0;
  private descriptor: number | undefined;
  private readonly workDir: string;
  private readonly maxRows: number;

  /** `maxRows`: no more rows than this can be in the file. */
  constructor(workDir: string, maxRows: number) {
    this.workDir = workDir;
    this.maxRows = maxRows;
  }

  /** Returns once a number of at least `row` is on disk. */
  upTo(row: number): void {
    if (row <= this.reserved) return;
    const next = Math.ceil(row / RESERVE_STEP) * RESERVE_STEP;
    this.reserved = Math.max(row, Math.min(next, this.maxRows));
    this.descriptor ??= this.open();
    writeSync(this.descriptor, `${this.reserved}\n`, 0);
    fdatasyncSync(this.descriptor);
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private open(): number {
    const descriptor = openSync(join(this.workDir, WORK_FILES.reserve), 'w');
    const folder = openSync(this.workDir, 'r');
    fsyncSync(folder);
    closeSync(folder);
    return descriptor;
  }
}
