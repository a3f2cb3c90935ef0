import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Batch } from '../batch/batch.ts';
import { BOUNDS } from '../contract/bounds.ts';
import { neverFailure } from '../contract/failure.ts';
import { fittingJson, shortenedJson } from '../contract/fitting.ts';
import { type Decision, type Reject, WORK_FILES } from '../contract/protocol.ts';
import { dialectOf, type RejectsTable } from '../mend/table.ts';
import { visible } from '../contract/visible.ts';

const FLUSH_CHARACTERS = 1 << 16;

/**
 * Rows that cannot be loaded, with their reason, in WORK_DIR/rejects.ndjson, and beside it how they are read, for those
 * who mend them. The files are there only if there are any, and no larger than BOUNDS says.
 */
export class Rejects {
  count = 0;
  first: Pick<Reject, 'row' | 'reason'> | undefined;
  private readonly workDir: string;
  private readonly dialect: RejectsTable['dialect'];
  private readonly headers: RejectsTable['headers'] = [];
  private columns: readonly string[] | undefined;
  private readonly mostBytes: number;
  private tableBytes = 0;
  private descriptor: number | undefined;
  private pending = '';
  private bytes = 0;
  private isFull = false;

  /** `mostBytes`: of rejects.ndjson. */
  constructor(workDir: string, decisions: readonly Decision[], mostBytes: number = BOUNDS.rejectsBytes) {
    this.workDir = workDir;
    this.dialect = dialectOf(decisions);
    this.mostBytes = mostBytes;
  }

  /** A batch as it was read: which columns its rejects have. */
  see(read: Batch): void {
    if (this.dialect === null || read.header === this.columns) return;
    this.columns = read.header;
    const former = this.headers.at(-1);
    if (former && isEqual(former.columns, read.header)) return;
    const row = Math.min(read.rows > 0 ? (read.numbers[0] as number) : Infinity, read.rejects[0]?.row ?? Infinity);
    this.tableBytes += Buffer.byteLength(JSON.stringify(read.header));
    this.headers.push({ row, columns: [...read.header] });
  }

  add(reject: Reject): void {
    this.count++;
    if (this.isFull) return;
    const fitting = fittingReject(reject);
    this.first ??= { row: fitting.row, reason: fitting.reason };
    const line = `${JSON.stringify(fitting)}\n`;
    this.bytes += Buffer.byteLength(line);
    this.isFull = this.bytes > this.mostBytes;
    if (this.isFull) return;
    this.pending += line;
    if (this.pending.length > FLUSH_CHARACTERS) this.flush();
  }

  /** Throws EtlFailure 65 where there are more than are written: none may be lost without a word. */
  assertWritten(): void {
    if (this.tableBytes > BOUNDS.rejectsTableBytes)
      throw neverFailure(
        `the tables in it have too many names of columns for ${WORK_FILES.table} (more than ${megabytes(BOUNDS.rejectsTableBytes)}); put them in one by one`,
      );
    if (!this.isFull) return;
    throw neverFailure(
      `the rows that were rejected up to now, ${this.count}, take more than the ${megabytes(this.mostBytes)} that ${WORK_FILES.rejects} may have ` +
        `(row ${this.first?.row}: ${this.first?.reason}); mend the file, or load it in parts`,
    );
  }

  close(): void {
    this.flush();
    if (this.descriptor === undefined) return;
    closeSync(this.descriptor);
    this.descriptor = undefined;
    if (this.tableBytes > BOUNDS.rejectsTableBytes) return;
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

/** Within the bounds of a line, whatever its raw text is. */
function fittingReject(reject: Reject): Reject {
  const reason = shortenedJson(visible(reject.reason), BOUNDS.rejectReasonBytes);
  const raw = fittingJson(reject.raw, BOUNDS.rejectRawBytes);
  return raw === reject.raw ? { ...reject, reason } : { ...reject, reason, raw, raw_cut: true };
}

function megabytes(bytes: number): string {
  return `${bytes >> 20} MB`;
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}
