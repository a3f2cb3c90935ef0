import { behindBlanks, type Dialect, endsCell } from './marks.ts';
import type { RecordList } from './record-list.ts';

const LF = 10;
const CR = 13;
/** What stands for the end of a quoted cell that is not closed before the end of the bytes, or whose quote is text. */
export const INCOMPLETE = -1;
export const TEXT = -2;

/** Reads cells in quotes. What has to be taken out of one is: its text is then behind the bytes of the records. */
export class QuotedCells {
  /** Where the text of the cell that was read last is. */
  start = 0;
  end = 0;
  /** Line ends in it. */
  lines = 0;
  /** Whether text stands behind its closing quote. */
  isOdd = false;
  /** How far was looked for an end in vain. */
  scannedTo = 0;
  private readonly dialect: Dialect;
  private readonly records: RecordList;

  constructor(dialect: Dialect, records: RecordList) {
    this.dialect = dialect;
    this.records = records;
  }

  /**
   * Reads the cell whose quote opens at `position`, and before `from` has neither a quote, an escape nor a line end,
   * and returns where the delimiter or line end behind it is; INCOMPLETE where it isn't closed before `to`, TEXT where
   * what closes it is on another line and no cell ends there. Text between the closing quote and the delimiter belongs
   * to the cell, as in Python's csv and pandas.
   */
  read(position: number, from: number, to: number, final: boolean): number {
    const { quote, escape } = this.dialect;
    const { bytes } = this.records;
    let lines = 0;
    let at = from;
    for (; at < to; at++) {
      const byte = bytes[at] as number;
      if (byte === quote || byte === escape) break;
      if (byte === LF || (byte === CR && bytes[at + 1] !== LF)) lines++;
    }
    this.lines = lines;
    this.isOdd = false;
    if (at + 1 >= to && (at >= to || !final || bytes[at] !== quote)) {
      this.scannedTo = at;
      return INCOMPLETE;
    }
    if (bytes[at] === quote) {
      const behind = behindBlanks(bytes, at + 1, to, this.dialect);
      if (behind === to && !final && behind > at + 1) return INCOMPLETE;
      if (behind === to || endsCell(bytes, behind, to, this.dialect)) {
        this.start = position + 1;
        this.end = at;
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
        if (at + 1 >= to) return INCOMPLETE;
        const next = bytes[at + 1];
        bytes[out++] = next === quote || next === escape ? (bytes[++at] as number) : byte;
      } else if (byte !== quote) {
        if (byte === LF || (byte === CR && bytes[at + 1] !== LF)) this.lines++;
        bytes[out++] = byte;
      } else if (at + 1 < to && bytes[at + 1] === quote) {
        bytes[out++] = quote;
        at++;
      } else {
        if (at + 1 === to && !final) return INCOMPLETE;
        inside = false;
        textFrom = at + 1;
        const behind = behindBlanks(bytes, textFrom, to, this.dialect);
        if (behind === to ? final : endsCell(bytes, behind, to, this.dialect)) {
          textFrom = behind;
          at = behind - 1;
        } else if (behind < to && this.lines > 0) {
          if (!final && behind + this.dialect.delimiter.length > to) return INCOMPLETE;
          this.scannedTo = behind;
          return TEXT;
        }
      }
    }
    if (inside || (at === to && !final)) {
      this.scannedTo = at;
      return INCOMPLETE;
    }
    if (at > textFrom) this.isOdd = true;
    this.records.arenaUsed = out;
    this.start = arenaStart;
    this.end = out;
    return at;
  }
}
