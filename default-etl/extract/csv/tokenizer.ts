import type { Batch } from '../../batch/batch.ts';
import { behindLeadingBlanks, delimiterAt, type Dialect, isBlank, SINGLE_QUOTE } from './marks.ts';
import { OddRecords } from './odd-records.ts';
import { QuotedCells } from './quoted-cells.ts';
import { RecordList } from './record-list.ts';
import type { RecordJudge } from './verdict.ts';

// Not imported: a constant of this module is part of the compiled code, one of another is read each time.
const LF = 10;
const CR = 13;
/** As in quoted-cells.ts. */
const INCOMPLETE = -1;
/** More than a table may have columns. */
const MOST_OF_RECORD = 1 << 20;
/** A batch ends with the row that makes it this large, so that rows of few bytes and many columns stay small. */
const MAX_CELLS = 1 << 20;
const NO_LINE_END = { bytes: 0, first: 0 };

/**
 * Cuts CSV records (RFC 4180, and what is usual beyond it) out of a buffer into arrays of positions. One pass over the
 * bytes, no string and no object. definition.ts says the same in plain words; a property test holds the two together.
 *
 * It is linear, whatever the bytes: only a quote that opens a cell is looked for an end beyond its line, and where that
 * end is none, all quotes up to it are doubled. Each that opens a cell there is then closed by the next one, and no two
 * of those looks see the same bytes.
 */
export class CsvTokenizer {
  /** Line on which the next record begins, from 1. */
  line = 1;
  /** No more bytes are to be asked for only to look ahead. */
  isAtEnd = false;
  private looked = 0;
  /** How far the last parse() looked. */
  private reached = 0;
  private readonly dialect: Dialect;
  private readonly judge: RecordJudge | undefined;
  private readonly records = new RecordList();
  private readonly quoted: QuotedCells;
  private readonly odd: OddRecords;
  /** Whether a quoted cell of the record has text behind its closing quote, or the quote that opens one is text. */
  private isOdd = false;
  /** Whether such a quote is text; and whether that is because none follows that closes it. */
  private isOpen = false;
  private isUnclosed = false;

  /** `judge`: who decides about records that are not what rows usually are, once `width` is known. */
  constructor(dialect: Dialect, judge?: RecordJudge) {
    this.dialect = dialect;
    this.judge = judge;
    this.quoted = new QuotedCells(dialect, this.records);
    this.odd = new OddRecords(dialect, this.records, judge);
  }

  /** Cells that the header is known to have while `width` is 0; 0 for unknown. */
  set expectedWidth(width: number) {
    this.odd.expectedWidth = width;
  }

  /** Cells of a row; 0 until it is known: then parse() stops after one record. */
  set width(width: number) {
    this.records.width = width;
  }

  /**
   * Cuts the records of bytes[from, to) and returns where the first one begins that is not complete or not wanted yet.
   * With `final` nothing follows `to`, so that the last record is complete. take() before the next call.
   */
  parse(bytes: Buffer, from: number, to: number, final: boolean): number {
    this.reached = to;
    const next = this.cut(bytes, from, to, final);
    this.looked += this.reached - from;
    return next;
  }

  private cut(bytes: Buffer, from: number, to: number, final: boolean): number {
    const { quote, escape, skipsBlanks } = this.dialect;
    const first = this.dialect.delimiter[0] as number;
    const single = this.dialect.delimiter.length === 1;
    const step = this.dialect.delimiter.length;
    const highest = Math.max(first, CR);
    const highestQuoted = Math.max(quote, escape, CR);
    const { dialect, records, quoted, odd } = this;
    const judge = records.width === 0 ? undefined : this.judge;
    const { bytes: endBytes, first: endByte } = judge?.lineEnd ?? NO_LINE_END;
    records.begin(bytes, to);
    const { width } = records;
    let { starts, ends } = records;
    let { aloneBefore } = odd;
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
      if (lineBefore < aloneBefore) {
        position = odd.lineAlone(position, to, final, lineBefore);
        if (position === INCOMPLETE) return recordStart;
        this.line++;
        cell = records.rows * records.width;
        ({ starts, ends } = records);
        capacity = starts.length;
        continue;
      }
      let open = true;
      let incomplete = false;
      let recordEnd = position;
      this.isOdd = false;
      while (open) {
        if (cell === capacity) {
          // Beyond, there are more cells than any table has: they take the place of the last one, and the record is too
          // long all the same.
          if (cell - cellsBefore >= MOST_OF_RECORD) cell--;
          else records.growCells();
          ({ starts, ends } = records);
          capacity = starts.length;
        }
        if (skipsBlanks) position = behindLeadingBlanks(bytes, position, to, dialect);
        let start = position;
        let end = INCOMPLETE;
        if (quote >= 0 && position < to && bytes[position] === quote) {
          // Most quoted cells end on their line, and have nothing to take out.
          let at = position + 1;
          for (; at < to; at++) {
            const byte = bytes[at] as number;
            if (byte <= highestQuoted && (byte === quote || byte === escape || byte === LF || byte === CR)) break;
          }
          const next = at + 1 < to && bytes[at] === quote ? bytes[at + 1] : INCOMPLETE;
          const behind =
            next === LF || next === CR || (single && next === first) ? at + 1 : quoted.read(position, at, to, final);
          if (behind === at + 1) {
            start = position + 1;
            position = behind;
            end = at;
          } else if (behind >= 0) {
            position = behind;
            start = quoted.start;
            end = quoted.end;
            this.line += quoted.lines;
            if (quoted.isOdd) this.isOdd = true;
          } else if (behind === INCOMPLETE && !final) {
            incomplete = true;
            break;
          } else this.takeAsText(position, behind === INCOMPLETE);
        }
        if (end < 0) {
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
        records.arenaUsed = arenaBefore;
        return recordStart;
      }
      const lines = this.line - lineBefore;
      const isOrdinary =
        !this.isOdd &&
        (judge === undefined ||
          ((cell - cellsBefore === width
            ? (bytes[starts[cell - 1] as number] as number) > SINGLE_QUOTE || !odd.mayGoOn(cell - 1)
            : cell - cellsBefore < width && odd.isPlainlyShort(cellsBefore, cell, lineBefore)) &&
            (lines <= 1 || odd.hasFewDelimiters(recordStart, recordEnd)) &&
            (endBytes === 0 || (position - recordEnd === endBytes && bytes[recordEnd] === endByte))));
      if (isOrdinary) {
        if (cell - cellsBefore < width) judge?.takeShort(bytes, recordStart, recordEnd, cell - cellsBefore, lineBefore);
        cell = records.add(cellsBefore, cell, recordStart, recordEnd, lineBefore);
      } else {
        const { isOdd, isOpen, isUnclosed, isAtEnd } = this;
        const settled = odd.settle({
          start: recordStart,
          end: recordEnd,
          next: position,
          line: lineBefore,
          base: cellsBefore,
          count: cell - cellsBefore,
          to,
          isEnd: final || isAtEnd,
          isOdd,
          isOpen,
          isUnclosed,
          arenaBefore,
        });
        if (settled === undefined) {
          this.line = lineBefore;
          records.arenaUsed = arenaBefore;
          return recordStart;
        }
        ({ cell, position, line: this.line } = settled);
        ({ aloneBefore } = odd);
        this.isOpen = false;
        this.isUnclosed = false;
      }
      ({ starts, ends } = records);
      capacity = starts.length;
      if (records.width === 0) break;
    }
    this.reached = position;
    return position;
  }

  /** The next parse() is of other bytes, even if they are in the same buffer. */
  forget(): void {
    this.records.forget();
  }

  /** Cells of the one record that was cut while `width` was 0. */
  takeCells(count: number, encoding: 'utf8' | 'latin1' = 'utf8'): string[] {
    const { starts, ends } = this.records;
    return Array.from({ length: count }, (_, cell) => this.records.bytes.toString(encoding, starts[cell], ends[cell]));
  }

  /** Cells of the record cut last while `width` was 0; 0 for none. */
  get firstWidth(): number {
    return this.records.rows === 0 ? 0 : this.records.cellsOfFirst;
  }

  /** Whether its quotes are where they should be; false behind one that is never closed, too. */
  get isFirstClean(): boolean {
    return !this.isOdd && this.records.rejects.length === 0;
  }

  /** How far was looked in vain for the end of a quoted cell. */
  get openTo(): number {
    return this.quoted.scannedTo;
  }

  /** Line on which that record begins. */
  get firstLine(): number {
    return this.records.lines[0] as number;
  }

  /** How many bytes were looked at, each as often as it was: a small multiple of those that were given. */
  get lookedAt(): number {
    return this.looked + this.odd.lookedAt;
  }

  /** What the last parse() cut. Its `bytes` may be another buffer than was given: unescaped cells are behind the rest. */
  take(header: readonly string[]): Batch {
    return this.records.take(header);
  }

  /**
   * Position behind a line of nothing (or of blanks, where there are several columns), the same position for a record,
   * -1 for more bytes.
   */
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

  /** The quote at `position` opens no cell. */
  private takeAsText(position: number, isUnclosed: boolean): void {
    this.isOdd = true;
    this.isOpen = true;
    this.isUnclosed ||= isUnclosed;
    this.looked += this.quoted.scannedTo - position;
  }
}
