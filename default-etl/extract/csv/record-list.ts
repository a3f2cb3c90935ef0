import { type Batch, NULL } from '../../batch/batch.ts';
import type { Reject } from '../../contract/protocol.ts';

/** The arrays are small at first: of thousands of small files each has some lists. */
const FIRST_ROWS = 1 << 6;
const FIRST_CELLS = FIRST_ROWS * 8;

/** The records cut so far, as positions in the bytes: arrays that grow, and are used again for the next batch. */
export class RecordList {
  /**
   * What the positions are in: the bytes that begin() was given, or a copy with room behind, where cells are that were
   * unescaped.
   */
  bytes: Buffer = Buffer.alloc(0);
  /** Where the next of those is written. */
  arenaUsed = 0;
  /** Cells of a row; 0 until it is known: then one record is taken as it is. */
  width = 0;
  rows = 0;
  starts = new Int32Array(FIRST_CELLS);
  ends = new Int32Array(FIRST_CELLS);
  lines = new Int32Array(FIRST_ROWS);
  rejects: Reject[] = [];
  /** Cells of the record that was taken while `width` was 0. */
  cellsOfFirst = 0;
  /** Number of the next record, from 1. */
  private number = 1;
  private given: Buffer | undefined;
  private numbers = new Float64Array(FIRST_ROWS);
  private rawStarts = new Int32Array(FIRST_ROWS);
  private rawEnds = new Int32Array(FIRST_ROWS);

  /** No record yet, of bytes that end at `to`. */
  begin(bytes: Buffer, to: number): void {
    // What was unescaped of the same bytes before stays where it is: a footer's rows may be held back.
    this.arenaUsed = bytes === this.given ? Math.max(this.arenaUsed, to) : to;
    if (bytes !== this.given) this.bytes = bytes;
    this.given = bytes;
    this.rows = 0;
  }

  /** The next begin() is of other bytes, even if they are in the same buffer. */
  forget(): void {
    this.given = undefined;
  }

  /**
   * Makes room behind `to`. Unescaped cells together are never longer than the bytes they come from: twice the length
   * is enough, once.
   */
  reserve(to: number): void {
    if (this.bytes.length >= 2 * to) return;
    const grown = Buffer.allocUnsafeSlow(2 * to);
    this.bytes.copy(grown, 0, 0, this.arenaUsed);
    this.bytes = grown;
  }

  /** Writes cells (latin1) behind the bytes, and their positions from `base` on. Returns the next free cell. */
  putCells(cells: readonly string[], base: number, to: number): number {
    this.reserve(to);
    let cell = base;
    for (const text of cells) {
      if (cell === this.starts.length) this.growCells();
      this.starts[cell] = this.arenaUsed;
      this.arenaUsed += this.bytes.write(text, this.arenaUsed, 'latin1');
      this.ends[cell++] = this.arenaUsed;
    }
    return cell;
  }

  /**
   * Takes the record in whose cells are from `base` to `cell`, or those back where it is a reject. Returns the next
   * free cell.
   */
  add(base: number, cell: number, rawStart: number, rawEnd: number, line: number): number {
    const count = cell - base;
    if (this.width === 0) {
      this.cellsOfFirst = count;
      this.lines[0] = line;
      this.rows = 1;
      return cell;
    }
    if (count > this.width && this.hasSurplus(base, cell)) {
      this.reject(`${count} cells, but the header has ${this.width} columns`, rawStart, rawEnd, line);
      return base;
    }
    const next = base + this.width;
    while (next > this.starts.length) this.growCells();
    for (let missing = cell; missing < next; missing++) this.starts[missing] = NULL;
    if (this.rows === this.numbers.length) this.growRows();
    this.numbers[this.rows] = this.number++;
    this.lines[this.rows] = line;
    this.rawStarts[this.rows] = rawStart;
    this.rawEnds[this.rows] = rawEnd;
    this.rows++;
    return next;
  }

  reject(reason: string, rawStart: number, rawEnd: number, line: number): void {
    this.rejects.push({ row: this.number++, line, reason, raw: this.bytes.toString('utf8', rawStart, rawEnd) });
  }

  /** Its cells stay in arrays that the next records are written to. */
  take(header: readonly string[]): Batch {
    const { rows, width, starts, ends, rejects } = this;
    this.rejects = [];
    return {
      bytes: this.bytes,
      header,
      rows,
      width,
      starts,
      ends,
      numbers: this.numbers.slice(0, rows),
      lines: this.lines.slice(0, rows),
      rawStarts: this.rawStarts.slice(0, rows),
      rawEnds: this.rawEnds.slice(0, rows),
      rejects,
    };
  }

  growCells(): void {
    this.starts = doubled(this.starts);
    this.ends = doubled(this.ends);
  }

  private hasSurplus(base: number, cell: number): boolean {
    for (let at = base + this.width; at < cell; at++) if (this.starts[at] !== this.ends[at]) return true;
    return false;
  }

  private growRows(): void {
    this.numbers = doubled(this.numbers);
    this.lines = doubled(this.lines);
    this.rawStarts = doubled(this.rawStarts);
    this.rawEnds = doubled(this.rawEnds);
  }
}

function doubled<T extends Int32Array | Float64Array>(array: T): T {
  const grown = new (array.constructor as new (length: number) => T)(array.length * 2);
  grown.set(array as never);
  return grown;
}
