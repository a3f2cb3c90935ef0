import type { Decision } from '../../contract/protocol.ts';

/** What is found in rows while they are read, and what is said about it: `first` is the line of the first one. */
const TEXTS = {
  short_rows: (first: number) =>
    `the row on line ${first} has fewer cells than the header: what is missing at its end is null; where a delimiter is missing within it, or a line end stands in one of its texts, its cells are under the wrong names`,
  open_quotes: (first: number) =>
    `the quote that opens a cell on line ${first} is text, since the next quote stands on another line where no cell ends`,
  quotes_as_text: (first: number) =>
    `from line ${first} on quotes would join lines that are whole rows: they were read line by line, with the quotes as text; lines that are no whole row are rejects`,
  line_breaks: (first: number) =>
    `the row on line ${first} has a line break in quotes, though most of its lines have as many cells as a row, or more: it was read as one row; if its lines are rows, set EXTRACT.quote to false`,
  line_break_without_quotes: (first: number) =>
    `the row on line ${first} goes on behind a line end that is not the one of the other rows: it is text of a cell, since the row has all its cells only with what follows`,
  other_line_ends: (first: number) =>
    `line ${first} ends otherwise than the other rows: it was taken for the end of a row all the same, since with what follows there would be too many cells, or as few`,
  quotes_within_quotes: (first: number) =>
    `the row on line ${first} spans lines and has quotes within quotes that are not doubled: they are text, since it has all its cells only then`,
  other_escape: (first: number) =>
    `the row on line ${first} has all its cells only where the backslash is taken the other way than was detected; it was read so; EXTRACT.escape sets it for all rows`,
  other_quote: (first: number) =>
    `the row on line ${first} has all its cells only with another quote than the one that was detected; it was read so; EXTRACT.quote sets it for all rows`,
  other_delimiter: (first: number) =>
    `line ${first} has too few cells, and as many as the header, or as the lines above it, where another delimiter separates them: perhaps files were joined; such lines are loaded with what is missing as null; put them in a file of their own`,
  delimiters_in_quotes: (first: number) =>
    `line ${first} has all its cells only where quotes that were not detected are text: what stands in them may be one cell; EXTRACT.quote, and EXTRACT.skip_blanks for blanks before a quote, say so`,
  other_quotes_as_text: (first: number) =>
    `a cell on line ${first} begins with another quote than the one that was detected, and the next of its kind that ends a cell is on another line: it is text, since the lines between are rows; if they are text of that cell, EXTRACT.quote says so`,
  other_blanks: (first: number) =>
    `the row on line ${first} has all its cells only where blanks around quotes are left out; it was read so; EXTRACT.skip_blanks: true leaves them out of all rows`,
} as const;

export type Finding = keyof typeof TEXTS;

const CONFIDENCE: Partial<Record<Finding, number>> = {
  short_rows: 0.8,
  line_breaks: 0.6,
  quotes_as_text: 0.8,
  other_line_ends: 0.8,
  other_delimiter: 0.5,
  delimiters_in_quotes: 0.5,
  other_quotes_as_text: 0.6,
};

/** Counts them; each kind becomes one decision, however many rows there are. */
export class Findings {
  private readonly found = new Map<Finding, { count: number; first: number; last: number }>();

  private shortRows = 0;
  private firstShort = 0;

  /** A row with fewer cells than the header: each row of a ragged table comes by here. */
  addShort(line: number): void {
    if (this.shortRows++ === 0) this.firstShort = line;
  }

  /** A record may be asked about again once more bytes are there: of a line a finding counts once. */
  add(finding: Finding, line: number): void {
    const known = this.found.get(finding);
    if (known === undefined) this.found.set(finding, { count: 1, first: line, last: line });
    else if (known.last !== line) {
      known.count++;
      known.last = line;
    }
  }

  decisions(): Decision[] {
    const short = { count: this.shortRows, first: this.firstShort };
    const found = [...(short.count > 0 ? [['short_rows', short] as const] : []), ...this.found];
    return found.map(([name, { count, first }]) => ({
      name,
      value: count,
      confidence: CONFIDENCE[name] ?? 0.9,
      reason: count > 1 ? `${TEXTS[name](first)}; there are ${count} such places` : TEXTS[name](first),
    }));
  }
}
