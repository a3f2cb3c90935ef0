import { ABSENT, type Batch, NULL } from './batch.ts';
import type { Reject } from './contract.ts';

const FIRST_ROWS = 1024;

/**
 * Collects rows of readers that write their cells' text themselves (workbooks, JSON, Parquet) into one growing buffer.
 * Columns may be added at any time; rows before that are ABSENT there.
 */
export class BatchBuilder {
  readonly columns: string[] = [];
  rows = 0;
  private header: readonly string[] = [];
  private bytes: Buffer;
  private used: number;
  private width = 8;
  private starts = new Int32Array(FIRST_ROWS * this.width);
  private ends = new Int32Array(FIRST_ROWS * this.width);
  private numbers = new Float64Array(FIRST_ROWS);
  private lines = new Int32Array(FIRST_ROWS);
  private rawStarts = new Int32Array(FIRST_ROWS);
  private rawEnds = new Int32Array(FIRST_ROWS);
  private rejects: Reject[] = [];

  /** `bytes` may hold text already, whose positions slice() takes; what is written goes behind `used`. */
  constructor(bytes: Buffer = Buffer.allocUnsafeSlow(1 << 16), used = 0) {
    this.bytes = bytes;
    this.used = used;
  }

  get byteLength(): number {
    return this.used;
  }

  get cells(): number {
    return this.rows * this.width;
  }

  get isEmpty(): boolean {
    return this.rows === 0 && this.rejects.length === 0;
  }

  addColumn(name: string): number {
    this.columns.push(name);
    if (this.columns.length > this.width) this.widen(this.width * 2);
    return this.columns.length - 1;
  }

  /** Begins a row whose cells are all `blank` until they are set. */
  beginRow(number: number, line: number, blank: typeof NULL | typeof ABSENT): void {
    if (this.rows === this.numbers.length) this.lengthen();
    const base = this.rows * this.width;
    this.starts.fill(blank, base, base + this.width);
    this.numbers[this.rows] = number;
    this.lines[this.rows] = line;
    this.rawStarts[this.rows] = -1;
    this.rawEnds[this.rows] = -1;
    this.rows++;
  }

  /** Takes the row just begun back. */
  dropRow(): void {
    this.rows--;
  }

  reject(reject: Reject): void {
    this.rejects.push(reject);
  }

  slice(column: number, start: number, end: number): void {
    const cell = (this.rows - 1) * this.width + column;
    this.starts[cell] = start;
    this.ends[cell] = end;
  }

  setNull(column: number): void {
    this.slice(column, NULL, NULL);
  }

  setRaw(start: number, end: number): void {
    this.rawStarts[this.rows - 1] = start;
    this.rawEnds[this.rows - 1] = end;
  }

  text(column: number, text: string): void {
    const start = this.used;
    this.reserve(text.length * 3);
    this.used += this.bytes.write(text, start);
    this.slice(column, start, this.used);
  }

  /** Hands over what was collected; the builder starts anew, behind the text it was given, if any. */
  take(): Batch {
    if (this.header.length !== this.columns.length) this.header = [...this.columns];
    const batch: Batch = {
      bytes: this.bytes,
      header: this.header,
      rows: this.rows,
      width: this.width,
      starts: this.starts,
      ends: this.ends,
      numbers: this.numbers.slice(0, this.rows),
      lines: this.lines.slice(0, this.rows),
      rawStarts: this.rawStarts.slice(0, this.rows),
      rawEnds: this.rawEnds.slice(0, this.rows),
      rejects: this.rejects,
    };
    this.rows = 0;
    this.rejects = [];
    return batch;
  }

  /** Goes on in another buffer, of which `used` bytes hold text already. */
  restart(bytes: Buffer, used: number): void {
    this.bytes = bytes;
    this.used = used;
  }

  private reserve(byteCount: number): void {
    if (this.used + byteCount <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.used + byteCount));
    this.bytes.copy(grown, 0, 0, this.used);
    this.bytes = grown;
  }

  private lengthen(): void {
    const length = this.numbers.length * 2;
    this.starts = copyInto(new Int32Array(length * this.width), this.starts);
    this.ends = copyInto(new Int32Array(length * this.width), this.ends);
    this.numbers = copyInto(new Float64Array(length), this.numbers);
    this.lines = copyInto(new Int32Array(length), this.lines);
    this.rawStarts = copyInto(new Int32Array(length), this.rawStarts);
    this.rawEnds = copyInto(new Int32Array(length), this.rawEnds);
  }

  private widen(width: number): void {
    const starts = new Int32Array(this.numbers.length * width).fill(ABSENT);
    const ends = new Int32Array(this.numbers.length * width);
    for (let row = 0; row < this.rows; row++) {
      const from = row * this.width;
      starts.set(this.starts.subarray(from, from + this.width), row * width);
      ends.set(this.ends.subarray(from, from + this.width), row * width);
    }
    this.starts = starts;
    this.ends = ends;
    this.width = width;
  }
}

function copyInto<T extends Int32Array | Float64Array>(target: T, source: T): T {
  target.set(source as never);
  return target;
}
