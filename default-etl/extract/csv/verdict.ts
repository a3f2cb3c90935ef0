import type { LineEnd } from './line-end.ts';

/** A record as it was cut, which is not what rows usually are. Positions are those of `bytes`. */
export interface CutRecord {
  start: number;
  /** Where its line end is. */
  end: number;
  /** Behind that. */
  next: number;
  /** Line on which it begins, from 1. */
  line: number;
  /** Its first cell in `starts` and `ends`, and how many there are. */
  base: number;
  count: number;
}

/** What is asked about such a record. */
export interface Question extends CutRecord {
  bytes: Buffer;
  /** The bytes at hand end here. */
  to: number;
  /** None behind them is to be asked for. */
  isEnd: boolean;
  starts: Int32Array;
  ends: Int32Array;
  /** Text stands behind a closing quote, or a quote that opens a cell is text. */
  isOdd: boolean;
  /** A quote that opens a cell is text, since no cell ends where the next one stands, on another line. */
  isOpen: boolean;
  /** Or since none follows. */
  isUnclosed: boolean;
  /** The line above is a row with too few cells, and this one has as many. */
  isLikeBefore: boolean;
}

/** What becomes of it. */
export type Verdict =
  /** The lines before this one are each a row, or a reject. */
  | { kind: 'lines'; before: number }
  | { kind: 'reject'; reason: string }
  /**
   * One row of these cells (latin1, a character a byte), which ends at `end` and whose line end at `next`, both from
   * its start on.
   */
  | { kind: 'row'; cells: string[]; end: number; next: number };

/** Who decides about such records. undefined: as it was cut. `more`: more bytes have to be seen, and it is asked again. */
export interface RecordJudge {
  /** That of nearly all rows. */
  readonly lineEnd: LineEnd;
  /** What stands on this line may go on from a reject; 0 for none. */
  readonly doubtfulLine: number;
  /** Before misplaced quotes are taken for text. */
  first(record: Question): Verdict | 'more' | undefined;
  /** Where that leaves a quote open on its last line: with the lines below, if it is closed there. */
  wider(record: Question): Verdict | 'more' | undefined;
  /** After that. */
  second(record: Question): Verdict | 'more' | undefined;
  /**
   * Sees the record of `count` cells in bytes[start, end), which is taken as a row, though it has fewer than there are
   * columns. Of a ragged table each row comes by here: no object is made.
   */
  takeShort(bytes: Buffer, start: number, end: number, count: number, line: number): void;
}
