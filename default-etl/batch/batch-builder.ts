import { ABSENT, type Batch, NULL } from './batch.ts';
import type { Reject } from '../contract/protocol.ts';

const FIRST_ROWS = 1024;
/** Cells there is room for at first; wider rows begin with fewer. */
const FIRST_CELLS = FIRST_ROWS * 8;

/** The cells of a batch, those of the row that makes it this large aside. */
const MAX_CELLS = 1 << 19;

/** There are more columns than there may be. */
export class TooManyColumns extends Error {}

/** The rows so far have to be taken before there can be more columns: with each, every row becomes longer. */
export class BatchFull extends Error {}

/**
 * Collects rows of readers that write their cells' text themselves (workbooks, JSON, Parquet) into one growing buffer.
 * Columns may be added at any time; rows before that are ABSENT there.
 */
export class BatchBuilder {
  readonly columns: string[] = [];
  /** addColumn() throws TooManyColumns beyond. */
  mostColumns = Infinity;
  rows = 0;
  private header: readonly string[] = [];
  private bytes: Buffer;
  private used: number;
  private width = 8;
  private isTooNarrow = false;
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

  /** Whether take() has to come before the next row. */
  get isFull(): boolean {
    return this.isTooNarrow || this.rows * this.width >= MAX_CELLS;
  }

  get isEmpty(): boolean {
    return this.rows === 0 && this.rejects.length === 0;
  }

  /**
   * Throws BatchFull where the rows before the last one would become too many cells: that one has to be dropped, and
   * the others taken.
   */
  addColumn(name: string): number {
    if (this.columns.length === this.mostColumns) throw new TooManyColumns();
    if (this.columns.length === this.width) {
      this.isTooNarrow = this.rows > 1 && this.rows * this.width * 2 > MAX_CELLS;
      if (this.isTooNarrow) throw new BatchFull();
      this.widen(this.width * 2);
    }
    this.columns.push(name);
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

  /** Text of a cell of the row just begun; null where it has none. For cold paths. */
  cellText(column: number): string | null {
    const cell = (this.rows - 1) * this.width + column;
    const start = this.starts[cell] as number;
    return start < 0 ? null : this.bytes.toString('utf8', start, this.ends[cell]);
  }

  /**
   * The text is UTF-8, source[start, end). By hand where it is short: Buffer.copy() takes longer for the few bytes of
   * most cells.
   */
  copy(column: number, source: Buffer, start: number, end: number): void {
    this.reserve(end - start);
    const from = this.used;
    const target = this.bytes;
    if (end - start > 48) source.copy(target, from, start, end);
    else for (let at = start, to = from; at < end; at++, to++) target[to] = source[at] as number;
    this.used = from + end - start;
    this.slice(column, from, this.used);
  }

  /** Text of the row just begun, by column; null for those that it does not have. */
  lastRow(): Array<string | null> {
    return this.columns.map((_, column) => {
      const cell = (this.rows - 1) * this.width + column;
      const start = this.starts[cell] as number;
      return start < 0 ? null : this.bytes.toString('utf8', start, this.ends[cell]);
    });
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
    this.isTooNarrow = false;
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

  /** Makes room for wider rows, and for no more of them than are needed: many short ones may have come before. */
  private widen(width: number): void {
    const capacity = Math.max(this.rows, 1, Math.floor(FIRST_CELLS / width));
    const starts = new Int32Array(capacity * width).fill(ABSENT);
    const ends = new Int32Array(capacity * width);
    for (let row = 0; row < this.rows; row++) {
      const from = row * this.width;
      starts.set(this.starts.subarray(from, from + this.width), row * width);
      ends.set(this.ends.subarray(from, from + this.width), row * width);
    }
    this.starts = starts;
    this.ends = ends;
    this.width = width;
    this.numbers = copyInto(new Float64Array(capacity), this.numbers.subarray(0, this.rows));
    this.lines = copyInto(new Int32Array(capacity), this.lines.subarray(0, this.rows));
    this.rawStarts = copyInto(new Int32Array(capacity), this.rawStarts.subarray(0, this.rows));
    this.rawEnds = copyInto(new Int32Array(capacity), this.rawEnds.subarray(0, this.rows));
  }
}

function copyInto<T extends Int32Array | Float64Array>(target: T, source: T): T {
  target.set(source as never);
  return target;
}
