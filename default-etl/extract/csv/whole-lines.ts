import { endOfLine, behindLineEnd, type Dialect } from './marks.ts';
import { rereadRecord } from './reread.ts';

/** How the lines of a record read, each alone. */
export interface LineCount {
  lines: number;
  /** Those in which something stands. */
  filled: number;
  /** Those with as many cells as a row has. */
  whole: number;
  /** Without the last line. */
  wholeBeforeLast: number;
  /** Those with as many delimiters as a row has, or more. */
  wide: number;
}

/** Quotes that do not close on their line are text here. The lines are those of bytes[from, to). */
export function countWholeLines(
  bytes: Buffer,
  from: number,
  to: number,
  { dialect, width }: { dialect: Dialect; width: number },
): LineCount {
  const count = { lines: 0, filled: 0, whole: 0, wholeBeforeLast: 0, wide: 0 };
  for (let at = from; at <= to; ) {
    const end = endOfLine(bytes, at, to);
    count.lines++;
    if (end > at) count.filled++;
    count.wholeBeforeLast = count.whole;
    if (couldBeWhole(bytes, at, end, dialect.delimiter[0] as number, width)) {
      count.wide++;
      if (isWholeLine(bytes, at, end, { dialect, width })) count.whole++;
    }
    if (end === to) break;
    at = behindLineEnd(bytes, end, to);
  }
  return count;
}

function isWholeLine(
  bytes: Buffer,
  from: number,
  end: number,
  { dialect, width }: { dialect: Dialect; width: number },
): boolean {
  const read = rereadRecord(bytes.toString('latin1', from, end), dialect, width);
  return read?.end === end - from;
}

/** Most lines within a text have too few delimiters: those are not looked at cell by cell. */
function couldBeWhole(bytes: Buffer, from: number, end: number, delimiter: number, width: number): boolean {
  let left = width - 1;
  for (let at = from; at < end && left > 0; at++) if (bytes[at] === delimiter) left--;
  return left === 0 && end > from;
}
