import { closeSync, constants, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RESERVE_STEP, WORK_FILES } from '../contract/protocol.ts';

/**
 * Node's permission model, which the orchestrator sets for a process, forbids to sync (24.21). A file that is opened so
 * syncs each write by itself, and its name with the first one on every file system that has a journal.
 */
const SYNCS_ITSELF = 'permission' in process && process.permission !== undefined;

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
    // rule 5: it is synced
    if (!SYNCS_ITSELF) fdatasyncSync(this.descriptor);
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private open(): number {
    const { O_WRONLY, O_CREAT, O_TRUNC, O_SYNC } = constants;
    const path = join(this.workDir, WORK_FILES.reserve);
    if (SYNCS_ITSELF) return openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_SYNC);
    const descriptor = openSync(path, 'w');
    const folder = openSync(this.workDir, 'r');
    fsyncSync(folder);
    closeSync(folder);
    return descriptor;
  }
}
