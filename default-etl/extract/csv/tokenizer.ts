import type { Batch } from '../../batch.ts';
import {
  behindBlanks,
  behindLeadingBlanks,
  behindLineEnd,
  countLines,
  delimiterAt,
  type Dialect,
  endsCell,
  isBlank,
} from './marks.ts';
import { RecordList } from './record-list.ts';
import { rereadRecord } from './reread.ts';

// Not imported: a constant of this module is part of the compiled code, one of another is read each time.
const LF = 10;
const CR = 13;
/** More than a table may have columns. */
const MOST_OF_RECORD = 1 << 20;
/** A batch ends with the row that makes it this large, so that rows of few bytes and many columns stay small. */
const MAX_CELLS = 1 << 20;
/** Bytes of a record whose quotes are misplaced that are looked at once more, as text. */
const MOST_REREAD = 1 << 22;

/**
 * Cuts CSV records (RFC 4180, and what is usual beyond it) out of a buffer into arrays of positions. One pass over the bytes,
 * no string and no object. definition.ts says the same in plain words; a
 * property test holds the two together.
 */
export class CsvTokenizer {
  /** Cells that the header is known to have while `width` is 0; 0 for unknown. */
  expectedWidth = 0;
  /** Line on which the next record begins, from 1. */
  line = 1;
  private readonly dialect: Dialect;
  private readonly records = new RecordList();
  /** Whether a quoted cell of the record has text behind its closing quote. */
  private isOdd = false;
  private cellStart = 0;
  private cellEnd = 0;

  constructor(dialect: Dialect) {
    this.dialect = dialect;
  }

  /** Cells of a row; 0 until it is known: then parse() stops after one record. */
  set width(width: number) {
    this.records.width = width;
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
    const { dialect, records } = this;
    records.begin(bytes, to);
    let { starts, ends } = records;
    let capacity = starts.length;
    let cell = 0;
    let position = from;

    while (position < to && cell < MAX_CELLS) {
      const recordStart = position;
      const lineBefore = this.line;
      const cellsBefore = cell;
      const arenaBefore = records.arenaUsed;
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
          // Beyond, there are more cells than any table has: they take the place of the last one, and the record is too long all the same.
          if (cell - cellsBefore >= MOST_OF_RECORD) cell--;
          else records.growCells();
          ({ starts, ends } = records);
          capacity = starts.length;
        }
        if (skipsBlanks) position = behindLeadingBlanks(bytes, position, to, dialect);
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
              if (byte === first && (single || delimiterAt(bytes, position, to, dialect))) break;
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
        this.records.arenaUsed = arenaBefore;
        if (!final) return recordStart;
        // Only a quote that is never closed is incomplete at the end: its line is a reject, the next line a new beginning.
        position = this.rejectUnclosed(recordStart, to);
        cell = cellsBefore;
        continue;
      }
      if (this.isOdd) {
        const reread = this.reread(recordStart, recordEnd, cellsBefore, cell);
        if (reread) {
          this.records.arenaUsed = arenaBefore;
          cell = records.putCells(reread.cells, cellsBefore, to);
          recordEnd = recordStart + reread.end;
          position = behindLineEnd(this.records.bytes, recordEnd, to);
          this.line = lineBefore + countLines(this.records.bytes, recordStart, position);
        }
      }
      cell = records.add(cellsBefore, cell, recordStart, recordEnd, lineBefore);
      ({ starts, ends } = records);
      capacity = starts.length;
      if (records.width === 0) return position;
    }
    return position;
  }

  /** The next parse() is of other bytes, even if they are in the same buffer. */
  forget(): void {
    this.records.forget();
  }

  /** Cells of the one record that was cut while `width` was 0. */
  takeCells(count: number): string[] {
    const { starts, ends } = this.records;
    return Array.from({ length: count }, (_, cell) => this.records.bytes.toString('utf8', starts[cell], ends[cell]));
  }

  /** Cells of the record cut last while `width` was 0; 0 for none. */
  get firstWidth(): number {
    return this.records.rows === 0 ? 0 : this.records.cellsOfFirst;
  }

  /** Whether its quotes are where they should be; false behind one that is never closed, too. */
  get isFirstClean(): boolean {
    return !this.isOdd && this.records.rejects.length === 0;
  }

  /** Line on which that record begins. */
  get firstLine(): number {
    return this.records.lines[0] as number;
  }

  /** What the last parse() cut. Its `bytes` may be another buffer than was given: unescaped cells are behind the rest. */
  take(header: readonly string[]): Batch {
    return this.records.take(header);
  }

  /** Position behind a line of nothing (or of blanks, where there are several columns), the same position for a record, -1 for more bytes. */
  private skipBlankLine(from: number, to: number, final: boolean): number {
    const { bytes } = this.records;
    let position = from;
    if (this.records.width !== 1) while (position < to && isBlank(bytes[position], this.dialect)) position++;
    if (position === to) return final ? (position > from ? to : from) : -1;
    if (bytes[position] === LF) position++;
    else if (bytes[position] === CR) {
      if (position + 1 === to && !final) return -1;
      position += position + 1 < to && bytes[position + 1] === LF ? 2 : 1;
    } else return from;
    this.line++;
    return position;
  }

  /**
   * Reads the cell whose quote opens at `position` and returns where the delimiter or line end behind it is; -1 where it isn't closed
   * before `to`. Text between the closing quote and the delimiter belongs to the cell, as in Python's csv and pandas.
   */
  private quotedCell(position: number, to: number, final: boolean): number {
    const { quote, escape } = this.dialect;
    const { bytes } = this.records;
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
      const behind = behindBlanks(bytes, at + 1, to, this.dialect);
      if (behind === to && !final && behind > at + 1) return -1;
      if (behind === to || endsCell(bytes, behind, to, this.dialect)) {
        this.cellStart = position + 1;
        this.cellEnd = at;
        return behind;
      }
    }
    return this.escapedCell(position + 1, at, to, final);
  }

  /** A quoted cell with something to take out of it: written behind the file's bytes. */
  private escapedCell(start: number, from: number, to: number, final: boolean): number {
    this.records.reserve(to);
    const { bytes } = this.records;
    const { quote, escape } = this.dialect;
    const arenaStart = this.records.arenaUsed;
    let out = arenaStart;
    for (let at = start; at < from; at++) bytes[out++] = bytes[at] as number;
    let inside = true;
    let textFrom = to;
    let at = from;
    for (; at < to; at++) {
      const byte = bytes[at] as number;
      if (!inside) {
        if (endsCell(bytes, at, to, this.dialect)) break;
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
        const behind = behindBlanks(bytes, textFrom, to, this.dialect);
        if (behind === to ? final : endsCell(bytes, behind, to, this.dialect)) {
          textFrom = behind;
          at = behind - 1;
        }
      }
    }
    if (inside || (at === to && !final)) return -1;
    if (at > textFrom) this.isOdd = true;
    this.records.arenaUsed = out;
    this.cellStart = arenaStart;
    this.cellEnd = out;
    return at;
  }

  /** Another reading of a record whose quotes are not where they should be, if there is a better one. */
  private reread(from: number, to: number, base: number, cell: number): ReturnType<typeof rereadRecord> {
    const width = this.records.width || this.expectedWidth;
    if (width === 0 || to - from > MOST_REREAD || (cell - base === width && !this.someEndsWithQuote(base, cell)))
      return undefined;
    return rereadRecord(this.records.bytes.toString('latin1', from, to), this.dialect, width);
  }

  private someEndsWithQuote(base: number, cell: number): boolean {
    const { bytes, starts, ends } = this.records;
    for (let at = base; at < cell; at++) {
      const end = ends[at] as number;
      if (end > (starts[at] as number) && bytes[end - 1] === this.dialect.quote) return true;
    }
    return false;
  }

  private rejectUnclosed(from: number, to: number): number {
    let end = from;
    while (end < to && this.records.bytes[end] !== LF && this.records.bytes[end] !== CR) end++;
    this.records.reject('a quote that opens on this line is never closed', from, end, this.line);
    if (end < to) this.line++;
    return behindLineEnd(this.records.bytes, end, to);
  }
}
