import type { Batch } from '../../batch/batch.ts';
import type { Findings } from './findings.ts';
import { CR, type Dialect, DOUBLE_QUOTE, isBlank, LF, SINGLE_QUOTE } from './marks.ts';
import type { Layout } from './csv-run.ts';

/** Rows of a batch that are looked at: of a table that has such quotes in all rows a few are enough. */
const MOST_ROWS = 100;

/** A quote, and whether a blank has to stand before it: without one it opens a cell. */
interface Mark {
  quote: number;
  isBehindBlank: boolean;
  /** The quote with what ends a cell behind it. */
  closings: readonly Buffer[];
}

interface Search {
  bytes: Buffer;
  closing: Buffer;
  from: number;
}

/**
 * Rows that have all their cells only because a quote that was not detected is text: `1;'a;b'` of three columns. What
 * stands in quotes may be one cell, and the row a short one. The first is said. Of the bytes only the quotes are looked
 * for, natively: each row of each file comes by here.
 */
export class UnseenQuotes {
  private readonly dialect: Dialect;
  private readonly findings: Findings;
  private readonly marks: readonly Mark[];
  private isDone = false;

  constructor({ dialect, undeclared, lineEnd }: Layout, findings: Findings) {
    this.dialect = dialect;
    this.findings = findings;
    const lineEnds = lineEnd.bytes === 0 ? [LF, CR] : [lineEnd.first];
    const ends = [dialect.delimiter[0] as number, ...lineEnds];
    this.marks = [DOUBLE_QUOTE, SINGLE_QUOTE]
      .map(quote => ({
        quote,
        isBehindBlank: quote === dialect.quote,
        closings: ends.map(end => Buffer.from([quote, end])),
      }))
      .filter(({ isBehindBlank }) => (isBehindBlank ? undeclared.blanks && !dialect.skipsBlanks : undeclared.quote));
  }

  /** The rows of the batch are those of bytes[from, to). */
  see(batch: Batch, from: number, to: number): void {
    if (this.isDone || batch.width < 2) return;
    const bytes = batch.bytes.subarray(0, to);
    const lines = this.marks.flatMap(mark =>
      bytes.indexOf(mark.quote, from) < 0
        ? []
        : mark.closings.map(closing => batch.lines[this.firstDoubtful(batch, mark, { bytes, closing, from })]),
    );
    const found = lines.filter(line => line !== undefined);
    if (found.length === 0) return;
    this.findings.add('delimiters_in_quotes', Math.min(...found));
    this.isDone = true;
  }

  /** -1 for none. */
  private firstDoubtful(batch: Batch, mark: Mark, { bytes, closing, from }: Search): number {
    let at = bytes.indexOf(closing, from);
    for (let left = MOST_ROWS; at >= 0 && left > 0; left--) {
      const row = rowAt(batch, at);
      const end = batch.rawEnds[row] ?? 0;
      if (at < end && this.mayBeQuoted(batch, row, mark)) return row;
      at = bytes.indexOf(closing, Math.max(at + 1, end));
    }
    const last = batch.rows - 1;
    const isAtEnd = batch.rawEnds[last] === bytes.length && bytes.at(-1) === mark.quote;
    return isAtEnd && this.mayBeQuoted(batch, last, mark) ? last : -1;
  }

  /** Whether a cell begins with the quote and does not end with it, and a later one the other way round. */
  private mayBeQuoted({ bytes, starts, ends, width }: Batch, row: number, { quote, isBehindBlank }: Mark): boolean {
    let isOpen = false;
    for (let cell = row * width; cell < (row + 1) * width; cell++) {
      const start = starts[cell] as number;
      if (start < 0) continue;
      let at = start;
      while (isBlank(bytes[at], this.dialect)) at++;
      const last = (ends[cell] as number) - 1;
      const opens = bytes[at] === quote && at <= last && (!isBehindBlank || at > start);
      const closes = last >= at && bytes[last] === quote && (last > at || !opens);
      if (isOpen && closes && !opens) return true;
      if (opens !== closes) isOpen = opens;
    }
    return false;
  }
}

/** The last row that begins at or before the position; -1 for none. */
function rowAt({ rawStarts, rows }: Batch, position: number): number {
  let [low, high] = [0, rows];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rawStarts[middle] as number) <= position) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
