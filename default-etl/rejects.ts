import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Reject, WORK_FILES } from './contract.ts';

const FLUSH_BYTES = 1 << 16;

/** Rows that cannot be loaded, with their reason, in WORK_DIR/rejects.ndjson. The file is there only if there are any. */
export class Rejects {
  count = 0;
  private readonly path: string;
  private descriptor: number | undefined;
  private pending = '';

  constructor(workDir: string) {
    this.path = join(workDir, WORK_FILES.rejects);
  }

  add(reject: Reject): void {
    this.count++;
    this.pending += `${JSON.stringify(reject)}\n`;
    if (this.pending.length > FLUSH_BYTES) this.flush();
  }

  close(): void {
    this.flush();
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private flush(): void {
    if (this.pending === '') return;
    this.descriptor ??= openSync(this.path, 'w');
    writeSync(this.descriptor, this.pending);
    this.pending = '';
  }
}
