import { type Batch, NULL } from '../../batch.ts';
import type { Reject } from '../../contract.ts';
import { rereadRecord } from './reread.ts';

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;
/** A batch ends with the row that makes it this large, so that rows of few bytes and many columns stay small. */
const MAX_CELLS = 1 << 20;

export interface Dialect {
  /** UTF-8 of one or more characters. */
  delimiter: Buffer;
  /** A byte, or -1 where cells are not quoted. */
  quote: number;
  /** A byte that, in a quoted cell, makes a quote or itself behind it plain text, besides the doubled quote; or -1. */
  escape: number;
  /** Blanks at the beginning of a cell, and behind its closing quote, are the way the file is written and no part of the cell: `a, "b" ,c`. */
  skipsBlanks: boolean;
}

/**
 * Cuts CSV records (RFC 4180, and what is usual beyond it) out of a buffer into arrays of positions. One pass over the bytes,
 * no string and no object. definition.ts says the same in plain words; a
 * property test holds the two together.
 */
export class CsvTokenizer {
  /** Cells of a row; 0 until it is known: then parse() stops after one record. */
  width = 0;
  /** Cells that the header is known to have while `width` is 0; 0 for unknown. */
  expectedWidth = 0;
  /** Number of the next record, from 1. */
  number = 1;
  /** Line on which the next record begins, from 1. */
  line = 1;
  private readonly dialect: Dialect;
  private bytes: Buffer = Buffer.alloc(0);
  /** What parse() was given: `bytes` may be a copy with room behind. */
  private given: Buffer | undefined;
  private arenaUsed = 0;
  private rows = 0;
  private starts = new Int32Array(1 << 14);
  private ends = new Int32Array(1 << 14);
  private numbers = new Float64Array(1 << 10);
  private lines = new Int32Array(1 << 10);
  private rawStarts = new Int32Array(1 << 10);
  private rawEnds = new Int32Array(1 << 10);
  private rejects: Reject[] = [];

  constructor(dialect: Dialect) {
    this.dialect = dialect;
  }

  /**
   * Cuts the records of bytes[from, to) and returns where the first one begins that is not complete or not wanted yet. With `final`
   * nothing follows `to`, so that the last record is complete. take() before the next call.
   */
  parse(bytes: Buffer, from: number, to: number, final: boolean): number {
    const { quote, skipsBlanks } = this.dialect;
    const first = this.dialect.delimiter[0] as number;
    const single = this.dialect.delimiter.length === 1;
    const step = this.dialect.delimiter.length;
    const highest = Math.max(first, CR);
    // What was unescaped of the same bytes before stays where it is: a footer's rows may be held back.
    this.arenaUsed = bytes === this.given ? Math.max(this.arenaUsed, to) : to;
    if (bytes !== this.given) this.bytes = bytes;
    this.given = bytes;
    let { starts, ends } = this;
    let capacity = starts.length;
    let cell = 0;
    let position = from;
    this.rows = 0;

    while (position < to && cell < MAX_CELLS) {
      const recordStart = position;
      const lineBefore = this.line;
      const cellsBefore = cell;
      const arenaBefore = this.arenaUsed;
      const blankEnd = this.skipBlankLine(position, to, final);
      if (blankEnd < 0) return recordStart;
      if (blankEnd > position) {
        position = blankEnd;
        continue;
      }
      let open = true;
      let incomplete = false;
      let recordEnd = position;
      this.isOdd = false;
      while (open) {
        if (cell === capacity) {
          this.growCells();
          ({ starts, ends } = this);
          capacity = starts.length;
        }
        if (skipsBlanks) position = this.behindLeadingBlanks(position, to);
        let start = position;
        let end: number;
        if (quote >= 0 && position < to && bytes[position] === quote) {
          position = this.quotedCell(position, to, final);
          if (position < 0) {
            incomplete = true;
            break;
          }
          start = this.cellStart;
          end = this.cellEnd;
        } else {
          // The hot loop: most cells are few bytes, most bytes are above the delimiter.
          for (; position < to; position++) {
            const byte = bytes[position] as number;
            if (byte <= highest) {
              if (byte === LF || byte === CR) break;
              if (byte === first && (single || this.delimiterAt(position, to))) break;
            }
          }
          end = position;
        }
        starts[cell] = start;
        ends[cell] = end;
        cell++;
        if (position >= to) {
          open = false;
          incomplete = !final;
          recordEnd = to;
        } else {
          const byte = bytes[position];
          if (byte === LF) {
            open = false;
            recordEnd = position++;
            this.line++;
          } else if (byte === CR) {
            open = false;
            incomplete = position + 1 === to && !final;
            recordEnd = position;
            position += bytes[position + 1] === LF && position + 1 < to ? 2 : 1;
            this.line++;
          } else {
            position += step;
          }
        }
      }
      if (incomplete) {
        this.line = lineBefore;
        this.arenaUsed = arenaBefore;
        if (!final) return recordStart;
        // Only a quote that is never closed is incomplete at the end: its line is a reject, the next line a new beginning.
        position = this.rejectUnclosed(recordStart, to);
        cell = cellsBefore;
        continue;
      }
      if (this.isOdd) {
        const reread = this.reread(recordStart, recordEnd, cellsBefore, cell);
        if (reread) {
          this.arenaUsed = arenaBefore;
          cell = this.putCells(reread.cells, cellsBefore, to);
          recordEnd = recordStart + reread.end;
          position = this.behindLineEnd(recordEnd, to);
          this.line = lineBefore + countLines(this.bytes, recordStart, position);
        }
      }
      cell = this.endRecord(cellsBefore, cell, recordStart, recordEnd, lineBefore);
      ({ starts, ends } = this);
      capacity = starts.length;
      if (this.width === 0) return position;
    }
    return position;
  }

  /** The next parse() is of other bytes, even if they are in the same buffer. */
  forget(): void {
    this.given = undefined;
  }

  /** Cells of the one record that was cut while `width` was 0. */
  takeCells(count: number): string[] {
    return Array.from({ length: count }, (_, cell) => this.bytes.toString('utf8', this.starts[cell], this.ends[cell]));
  }

  /** Cells of the record cut last while `width` was 0; 0 for none. */
  get firstWidth(): number {
    return this.rows === 0 ? 0 : this.cellsOfFirst;
  }

  /** Whether its quotes are where they should be; false behind one that is never closed, too. */
  get isFirstClean(): boolean {
    return !this.isOdd && this.rejects.length === 0;
  }

  /** Line on which that record begins. */
  get firstLine(): number {
    return this.lines[0] as number;
  }

  /** What the last parse() cut. Its `bytes` may be another buffer than was given: unescaped cells are behind the rest. */
  take(header: readonly string[]): Batch {
    const rejects = this.rejects;
    this.rejects = [];
    return {
      bytes: this.bytes,
      header,
      rows: this.rows,
      width: this.width,
      starts: this.starts,
      ends: this.ends,
      numbers: this.numbers.slice(0, this.rows),
      lines: this.lines.slice(0, this.rows),
      rawStarts: this.rawStarts.slice(0, this.rows),
      rawEnds: this.rawEnds.slice(0, this.rows),
      rejects,
    };
  }

  private cellsOfFirst = 0;
  /** Whether a quoted cell of the record has text behind its closing quote. */
  private isOdd = false;
  private cellStart = 0;
  private cellEnd = 0;

  /** Position behind a line of nothing (or of blanks, where there are several columns), the same position for a record, -1 for more bytes. */
  private skipBlankLine(from: number, to: number, final: boolean): number {
    const { bytes } = this;
    let position = from;
    if (this.width !== 1) {
      while (position < to && this.isBlank(bytes[position] as number)) position++;
    }
    if (position === to) return final ? (position > from ? to : from) : -1;
    if (bytes[position] === LF) position++;
    else if (bytes[position] === CR) {
      if (position + 1 === to && !final) return -1;
      position += position + 1 < to && bytes[position + 1] === LF ? 2 : 1;
    } else return from;
    this.line++;
    return position;
  }

  private isBlank(byte: number): boolean {
    return (byte === SPACE || byte === TAB) && byte !== this.dialect.delimiter[0];
  }

  private delimiterAt(position: number, to: number): boolean {
    const { delimiter } = this.dialect;
    if (position + delimiter.length > to) return false;
    for (let index = 1; index < delimiter.length; index++) {
      if (this.bytes[position + index] !== delimiter[index]) return false;
    }
    return true;
  }

  /**
   * Reads the cell whose quote opens at `position` and returns where the delimiter or line end behind it is; -1 where it isn't closed
   * before `to`. Text between the closing quote and the delimiter belongs to the cell, as in Python's csv and pandas.
   */
  private quotedCell(position: number, to: number, final: boolean): number {
    const { quote, escape } = this.dialect;
    const { bytes } = this;
    let at = position + 1;
    for (; at < to; at++) {
      const byte = bytes[at] as number;
      if (byte === quote || byte === escape) break;
      if (byte === LF || (byte === CR && bytes[at + 1] !== LF)) this.line++;
    }
    if (at + 1 >= to) {
      if (at >= to || !final || bytes[at] !== quote) return -1;
    }
    if (bytes[at] === quote) {
      const behind = this.behindBlanks(at + 1, to);
      if (behind === to && !final && behind > at + 1) return -1;
      if (behind === to || this.endsCell(behind, to)) {
        this.cellStart = position + 1;
        this.cellEnd = at;
        return behind;
      }
    }
    return this.escapedCell(position + 1, at, to, final);
  }

  /** Where the blanks end that the dialect skips. */
  private behindBlanks(position: number, to: number): number {
    if (!this.dialect.skipsBlanks) return position;
    let behind = position;
    while (behind < to && this.isBlank(this.bytes[behind] as number)) behind++;
    return behind;
  }

  /** Where blanks are the delimiter, any number of them is one. */
  private behindLeadingBlanks(position: number, to: number): number {
    let behind = this.behindBlanks(position, to);
    const { delimiter } = this.dialect;
    if (delimiter.length === 1 && delimiter[0] === SPACE) {
      while (behind < to && (this.bytes[behind] === SPACE || this.bytes[behind] === TAB)) behind++;
    }
    return behind;
  }

  private endsCell(position: number, to: number): boolean {
    const byte = this.bytes[position];
    if (byte === LF || byte === CR) return true;
    return (
      byte === this.dialect.delimiter[0] && (this.dialect.delimiter.length === 1 || this.delimiterAt(position, to))
    );
  }

  /** A quoted cell with something to take out of it: written behind the file's bytes. */
  private escapedCell(start: number, from: number, to: number, final: boolean): number {
    this.reserveArena(to);
    const { bytes } = this;
    const { quote, escape } = this.dialect;
    const arenaStart = this.arenaUsed;
    let out = arenaStart;
    for (let at = start; at < from; at++) bytes[out++] = bytes[at] as number;
    let inside = true;
    let textFrom = to;
    let at = from;
    for (; at < to; at++) {
      const byte = bytes[at] as number;
      if (!inside) {
        if (this.endsCell(at, to)) break;
        bytes[out++] = byte;
      } else if (byte === escape) {
        if (at + 1 >= to) return -1;
        const next = bytes[at + 1];
        bytes[out++] = next === quote || next === escape ? (bytes[++at] as number) : byte;
      } else if (byte !== quote) {
        if (byte === LF || (byte === CR && bytes[at + 1] !== LF)) this.line++;
        bytes[out++] = byte;
      } else if (at + 1 < to && bytes[at + 1] === quote) {
        bytes[out++] = quote;
        at++;
      } else {
        if (at + 1 === to && !final) return -1;
        inside = false;
        textFrom = at + 1;
        const behind = this.behindBlanks(textFrom, to);
        if (behind === to ? final : this.endsCell(behind, to)) {
          textFrom = behind;
          at = behind - 1;
        }
      }
    }
    if (inside || (at === to && !final)) return -1;
    if (at > textFrom) this.isOdd = true;
    this.arenaUsed = out;
    this.cellStart = arenaStart;
    this.cellEnd = out;
    return at;
  }

  /** Another reading of a record whose quotes are not where they should be, if there is a better one. */
  private reread(from: number, to: number, base: number, cell: number): ReturnType<typeof rereadRecord> {
    const width = this.width || this.expectedWidth;
    if (width === 0 || (cell - base === width && !this.someEndsWithQuote(base, cell))) return undefined;
    return rereadRecord(this.bytes.toString('latin1', from, to), this.dialect, width);
  }

  private someEndsWithQuote(base: number, cell: number): boolean {
    const { bytes, starts, ends } = this;
    for (let at = base; at < cell; at++) {
      const end = ends[at] as number;
      if (end > (starts[at] as number) && bytes[end - 1] === this.dialect.quote) return true;
    }
    return false;
  }

  /** Writes cells behind the file's bytes, and their positions. Returns the next free cell. */
  private putCells(cells: readonly string[], base: number, to: number): number {
    this.reserveArena(to);
    let cell = base;
    for (const text of cells) {
      if (cell === this.starts.length) this.growCells();
      this.starts[cell] = this.arenaUsed;
      this.arenaUsed += this.bytes.write(text, this.arenaUsed, 'latin1');
      this.ends[cell++] = this.arenaUsed;
    }
    return cell;
  }

  private behindLineEnd(position: number, to: number): number {
    if (position >= to) return to;
    return this.bytes[position] === CR && position + 1 < to && this.bytes[position + 1] === LF
      ? position + 2
      : position + 1;
  }

  /** Unescaped cells together are never longer than the bytes they come from: twice the length is enough, once. */
  private reserveArena(to: number): void {
    if (this.bytes.length >= 2 * to) return;
    const grown = Buffer.allocUnsafeSlow(2 * to);
    this.bytes.copy(grown, 0, 0, this.arenaUsed);
    this.bytes = grown;
  }

  /** Takes the record in, or its cells back where it is a reject. Returns the next free cell. */
  private endRecord(base: number, cell: number, rawStart: number, rawEnd: number, line: number): number {
    const count = cell - base;
    if (this.width === 0) {
      this.cellsOfFirst = count;
      this.lines[0] = line;
      this.rows = 1;
      return cell;
    }
    const number = this.number++;
    if (count > this.width && this.hasSurplus(base, cell)) {
      const reason = `${count} cells, but the header has ${this.width} columns`;
      this.rejects.push({ row: number, line, reason, raw: this.bytes.toString('utf8', rawStart, rawEnd) });
      return base;
    }
    const next = base + this.width;
    while (next > this.starts.length) this.growCells();
    for (let missing = cell; missing < next; missing++) this.starts[missing] = NULL;
    if (this.rows === this.numbers.length) this.growRows();
    this.numbers[this.rows] = number;
    this.lines[this.rows] = line;
    this.rawStarts[this.rows] = rawStart;
    this.rawEnds[this.rows] = rawEnd;
    this.rows++;
    return next;
  }

  private hasSurplus(base: number, cell: number): boolean {
    for (let at = base + this.width; at < cell; at++) if (this.starts[at] !== this.ends[at]) return true;
    return false;
  }

  private rejectUnclosed(from: number, to: number): number {
    let end = from;
    while (end < to && this.bytes[end] !== LF && this.bytes[end] !== CR) end++;
    const reason = 'a quote that opens on this line is never closed';
    this.rejects.push({ row: this.number++, line: this.line, reason, raw: this.bytes.toString('utf8', from, end) });
    if (end < to) this.line++;
    return this.behindLineEnd(end, to);
  }

  private growCells(): void {
    this.starts = doubled(this.starts);
    this.ends = doubled(this.ends);
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

function countLines(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) {
    if (bytes[at] === LF || (bytes[at] === CR && (at + 1 === to || bytes[at + 1] !== LF))) count++;
  }
  return count;
}
