import type { Dialect } from './marks.ts';

/**
 * A second reading of a record with text behind a closing quote, where it has not the cells of the header or a cell
 * ends with a quote: here quotes that do not stand where they should are text. A quoted cell ends only with a quote
 * that a delimiter or line end follows; one that doesn't end before the next quoted cell begins was never quoted. `"10"
 * tube"` is `10" tube`, and of `a,"b,"c"` the second cell is `"b`. Returns undefined where that does not give `width`
 * cells; `end`: where its line end is, from 0, which may be before the end of the first reading; `isSpent`: a quote
 * that opens a cell is not closed in it. `record` is latin1, a character a byte, and so are the cells.
 */
export function rereadRecord(
  record: string,
  dialect: Dialect,
  width: number,
): { cells: string[]; end: number; isSpent: boolean } | undefined {
  const reading = readingOf(record, dialect);
  const read = cellsOf(reading, width);
  return read && { ...read, isSpent: reading.isSpent };
}

/**
 * The same of the first record of a text, in which more may follow. `isCut`: its end was looked at, behind which more
 * would have to be seen.
 */
export function rereadText(
  text: string,
  dialect: Dialect,
  width: number,
): { record: { cells: string[]; end: number; next: number } | undefined; isCut: boolean } {
  const reading = readingOf(text, dialect);
  const read = cellsOf(reading, width);
  const isCut = reading.isSpent || (read !== undefined && read.end + 1 >= text.length);
  if (read === undefined) return { record: undefined, isCut };
  const lineEnd = /^(?:\r\n|\r|\n)?/.exec(text.slice(read.end, read.end + 2))![0];
  return { record: { ...read, next: read.end + lineEnd.length }, isCut };
}

function readingOf(record: string, { delimiter, quote, escape, skipsBlanks }: Dialect): Reading {
  return {
    record,
    delimiter: delimiter.toString('latin1'),
    quote: String.fromCharCode(quote),
    escape: escape < 0 ? '' : String.fromCharCode(escape),
    skipsBlanks,
    openTo: 0,
    isSpent: false,
  };
}

function cellsOf(reading: Reading, width: number): { cells: string[]; end: number } | undefined {
  const { record } = reading;
  const cells: string[] = [];
  for (let at = 0; cells.length < width; at += reading.delimiter.length) {
    const from = behindLeadingBlanks(reading, at);
    const cell = quotedCell(reading, from) ?? plainCell(reading, from);
    cells.push(cell.text);
    at = cell.end;
    if (!record.startsWith(reading.delimiter, at)) return cells.length === width ? { cells, end: at } : undefined;
  }
  return undefined;
}

interface Reading {
  record: string;
  delimiter: string;
  quote: string;
  escape: string;
  skipsBlanks: boolean;
  /** Before this no quote closes a cell: each stretch is looked through once, however many quotes open in it. */
  openTo: number;
  /** Whether the end was looked at. */
  isSpent: boolean;
}

interface Cell {
  text: string;
  end: number;
}

/** undefined where no quote opens, or the one that does is text. */
function quotedCell(reading: Reading, from: number): Cell | undefined {
  const { record, quote } = reading;
  if (record[from] !== quote || from < reading.openTo) return undefined;
  let text = '';
  let taken = from + 1;
  for (let at = nextMark(reading, taken); at < record.length; at = nextMark(reading, at + 1)) {
    const next = record[at + 1];
    if (record[at] !== quote) {
      if (next !== quote && next !== reading.escape) continue;
      text += record.slice(taken, at);
      taken = ++at;
    } else if (endsCell(reading, at + 1)) {
      return { text: text + record.slice(taken, at), end: behindBlanks(reading, at + 1) };
    } else if (next !== quote) {
      if (!opensCell(reading, at)) continue;
      reading.openTo = at;
      return undefined;
    } else if (endsCell(reading, at + 2)) {
      return { text: text + record.slice(taken, at + 1), end: behindBlanks(reading, at + 2) };
    } else {
      text += record.slice(taken, at);
      taken = ++at;
    }
  }
  reading.openTo = record.length;
  reading.isSpent = true;
  return undefined;
}

/** Where the next quote or escape stands, or the end. */
function nextMark({ record, quote, escape }: Reading, from: number): number {
  if (escape === '') {
    const found = record.indexOf(quote, from);
    return found < 0 ? record.length : found;
  }
  let at = from;
  while (at < record.length && record[at] !== quote && record[at] !== escape) at++;
  return at;
}

function plainCell({ record, delimiter }: Reading, from: number): Cell {
  let end = from;
  while (end < record.length && !isLineEnd(record[end]) && !record.startsWith(delimiter, end)) end++;
  return { text: record.slice(from, end), end };
}

function endsCell(reading: Reading, at: number): boolean {
  const { record, delimiter } = reading;
  const behind = behindBlanks(reading, at);
  return behind >= record.length || isLineEnd(record[behind]) || record.startsWith(delimiter, behind);
}

/** Whether the quote at `at` is where that of a quoted cell would be: behind a delimiter, or at the beginning of a line. */
function opensCell({ record, delimiter, skipsBlanks }: Reading, at: number): boolean {
  let before = at;
  if (skipsBlanks) while (isBlank(record[before - 1], delimiter)) before--;
  return record.endsWith(delimiter, before) || isLineEnd(record[before - 1]);
}

function behindBlanks({ record, delimiter, skipsBlanks }: Reading, at: number): number {
  let behind = at;
  if (skipsBlanks) while (isBlank(record[behind], delimiter)) behind++;
  return behind;
}

/** Where blanks are the delimiter, any number of them is one. */
function behindLeadingBlanks(reading: Reading, at: number): number {
  const { record, delimiter, skipsBlanks } = reading;
  let behind = behindBlanks(reading, at);
  if (skipsBlanks && delimiter === ' ') while (record[behind] === ' ' || record[behind] === '\t') behind++;
  return behind;
}

function isBlank(character: string | undefined, delimiter: string): boolean {
  return (character === ' ' || character === '\t') && character !== delimiter[0];
}

function isLineEnd(character: string | undefined): boolean {
  return character === '\n' || character === '\r';
}
