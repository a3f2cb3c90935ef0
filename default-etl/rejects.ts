import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Batch } from './batch.ts';
import { type Decision, type Reject, WORK_FILES } from './protocol.ts';
import { dialectOf, type RejectsTable } from './mend/table.ts';

const FLUSH_BYTES = 1 << 16;

/**
 * Rows that cannot be loaded, with their reason, in WORK_DIR/rejects.ndjson, and beside it how they are read, for those who mend them. The files are
 * there only if there are any.
 */
export class Rejects {
  count = 0;
  first: Reject | undefined;
  private readonly workDir: string;
  private readonly dialect: RejectsTable['dialect'];
  private readonly headers: RejectsTable['headers'] = [];
  private columns: readonly string[] | undefined;
  private descriptor: number | undefined;
  private pending = '';

  constructor(workDir: string, decisions: readonly Decision[]) {
    this.workDir = workDir;
    this.dialect = dialectOf(decisions);
  }

  /** A batch as it was read: which columns its rejects have. */
  see(read: Batch): void {
    if (this.dialect === null || read.header === this.columns) return;
    this.columns = read.header;
    const former = this.headers.at(-1);
    if (former && isEqual(former.columns, read.header)) return;
    const row = Math.min(read.rows > 0 ? (read.numbers[0] as number) : Infinity, read.rejects[0]?.row ?? Infinity);
    this.headers.push({ row, columns: [...read.header] });
  }

  add(reject: Reject): void {
    this.count++;
    this.first ??= reject;
    this.pending += `${JSON.stringify(reject)}\n`;
    if (this.pending.length > FLUSH_BYTES) this.flush();
  }

  close(): void {
    this.flush();
    if (this.descriptor === undefined) return;
    closeSync(this.descriptor);
    this.descriptor = undefined;
    const table: RejectsTable = { dialect: this.dialect, headers: this.headers };
    writeFileSync(join(this.workDir, WORK_FILES.table), JSON.stringify(table));
  }

  private flush(): void {
    if (this.pending === '') return;
    this.descriptor ??= openSync(join(this.workDir, WORK_FILES.rejects), 'w');
    writeSync(this.descriptor, this.pending);
    this.pending = '';
  }
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}
