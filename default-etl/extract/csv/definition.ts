/** How a file is written. Empty text where there is no quote or no escape character. */
export interface PlainDialect {
  delimiter: string;
  quote: string;
  escape: string;
  /** Blanks at the beginning of a cell, and behind its closing quote, are no part of it. */
  skipsBlanks: boolean;
}

/** A record of CSV as its cells, and the line on which it begins. */
export interface PlainRecord {
  cells: string[];
  line: number;
  /** A quote that is never closed: the line is a reject. */
  isUnclosed: boolean;
}

/**
 * What CSV means here, a character at a time: RFC 4180 with any of CRLF, LF and CR as line end; a quote opens a cell
 * only as its first character; in a quoted cell a doubled quote stands for one, and the escape character before a quote
 * or itself for that. A cell may span lines only if a delimiter or line end follows its closing quote: else the quote
 * that opens it is text, and the line ends are such. Text behind a closing quote on the same line belongs to the cell,
 * but see `reread`. Lines of nothing or of blanks are no records; where `width`, the number of columns, is 1, blanks
 * are a value. tokenizer.ts does the same on bytes, and is held to this.
 */
export function csvRecords(text: string, dialect: PlainDialect, width: number): PlainRecord[] {
  return [...eachRecord(text, dialect, width)];
}

/** The records of csvRecords(), one after the other: those of a large text need not all be kept. */
export function* eachRecord(text: string, dialect: PlainDialect, width: number): Generator<PlainRecord> {
  let line = 1;
  for (let at = 0; at < text.length; ) {
    const first = readRecord(text, at, dialect, strictCell);
    const record = reread(text.slice(at, first.end), first, dialect, width) ?? first;
    const end = record === first ? first.end : at + record.end;
    const source = text.slice(at, end);
    const isNothing = width === 1 ? source === '' : /^[ \t]*$/.test(source) && !source.includes(dialect.delimiter);
    if (!isNothing) yield { cells: record.cells.map(cell => cell.text), line, isUnclosed: record.isUnclosed };
    const lineEnd = /^(?:\r\n|\r|\n)?/.exec(text.slice(end))?.[0] ?? '';
    line += (source + lineEnd).split(/\r\n|\r|\n/).length - 1;
    at = end + lineEnd.length;
  }
}

interface Cell {
  text: string;
  end: number;
  /** Text stands behind its closing quote, or the quote that opens it is text. */
  isOdd?: boolean;
  isUnclosed?: boolean;
}

interface Read {
  cells: Cell[];
  end: number;
  isUnclosed: boolean;
}

type CellReader = (text: string, from: number, dialect: PlainDialect) => Cell;

/**
 * An odd cell says that quotes were not doubled. If a cell ends with a quote then, or the record has not `width` cells,
 * it is read again with quotes in the wrong place taken for text; what gives `width` cells is right.
 */
function reread(record: string, first: Read, dialect: PlainDialect, width: number): Read | undefined {
  if (first.isUnclosed || !first.cells.some(cell => cell.isOdd)) return undefined;
  if (first.cells.length === width && !first.cells.some(cell => cell.text.endsWith(dialect.quote))) return undefined;
  const again = readRecord(record, 0, dialect, (...cell) => looseCell(...cell) ?? plainCell(...cell));
  return again.cells.length === width ? again : undefined;
}

function readRecord(text: string, from: number, dialect: PlainDialect, readCell: CellReader): Read {
  const cells: Cell[] = [];
  for (let at = from; ; at += dialect.delimiter.length) {
    at = behindLeadingBlanks(text, at, dialect);
    const cell = text[at] === dialect.quote ? readCell(text, at, dialect) : plainCell(text, at, dialect);
    cells.push(cell);
    at = cell.end;
    if (!text.startsWith(dialect.delimiter, at))
      return { cells, end: at, isUnclosed: cells.some(({ isUnclosed }) => isUnclosed) };
  }
}

function plainCell(text: string, from: number, dialect: PlainDialect): Cell {
  let end = from;
  while (!endsCell(text, end, dialect)) end++;
  return { text: text.slice(from, end), end };
}

/**
 * A quoted cell, or a plain one that begins with the quote. Taken in stretches: a text made of single characters has 32
 * bytes for each.
 */
function strictCell(text: string, from: number, dialect: PlainDialect): Cell {
  let cell = '';
  let taken = from + 1;
  for (let at = from + 1; at < text.length; at++) {
    const isPair = text[at] === dialect.quote && text[at + 1] === dialect.quote;
    if (isPair || isEscaped(text, at, dialect)) {
      cell += text.slice(taken, at);
      at += 1;
      taken = at;
    } else if (text[at] === dialect.quote) {
      cell += text.slice(taken, at);
      const closed = behindBlanks(text, at + 1, dialect);
      if (endsCell(text, closed, dialect)) return { text: cell, end: closed };
      if (/[\r\n]/.test(text.slice(from, at))) return { ...plainCell(text, from, dialect), isOdd: true };
      const rest = plainCell(text, at + 1, dialect);
      return { text: cell + rest.text, end: rest.end, isOdd: true };
    }
  }
  return { ...plainCell(text, from, dialect), isUnclosed: true };
}

/**
 * A quoted cell that only a quote before a delimiter or line end closes; other quotes are text. undefined where the
 * next quoted cell, or the end, comes first: then the quote that opens is text, too.
 */
function looseCell(text: string, from: number, dialect: PlainDialect): Cell | undefined {
  const { quote, delimiter } = dialect;
  const closedAt = (cell: string, at: number) => ({ text: cell, end: behindBlanks(text, at, dialect) });
  let cell = '';
  for (let at = from + 1; at < text.length; at++) {
    const isPair = text[at] === quote && text[at + 1] === quote;
    if (isEscaped(text, at, dialect)) cell += text[++at];
    else if (text[at] !== quote) cell += text[at];
    else if (endsCell(text, behindBlanks(text, at + 1, dialect), dialect)) return closedAt(cell, at + 1);
    else if (isPair && endsCell(text, behindBlanks(text, at + 2, dialect), dialect))
      return closedAt(cell + quote, at + 2);
    else if (isPair) cell += text[at++];
    else if (opensCell(withoutBlanks(text.slice(0, at), dialect), delimiter)) return undefined;
    else cell += quote;
  }
  return undefined;
}

/** Whether a cell begins behind the text. */
function opensCell(before: string, delimiter: string): boolean {
  return before.endsWith(delimiter) || before.endsWith('\n') || before.endsWith('\r');
}

function isEscaped(text: string, at: number, { quote, escape }: PlainDialect): boolean {
  return escape !== '' && text[at] === escape && (text[at + 1] === quote || text[at + 1] === escape);
}

function endsCell(text: string, at: number, { delimiter }: PlainDialect): boolean {
  return at >= text.length || text[at] === '\n' || text[at] === '\r' || text.startsWith(delimiter, at);
}

/** The same position where the dialect does not skip blanks. */
function behindBlanks(text: string, at: number, { delimiter, skipsBlanks }: PlainDialect): number {
  let behind = at;
  if (skipsBlanks) while (isBlank(text[behind]) && text[behind] !== delimiter[0]) behind++;
  return behind;
}

/** As behindBlanks, but where blanks are the delimiter any number of them is one. */
function behindLeadingBlanks(text: string, at: number, dialect: PlainDialect): number {
  let behind = behindBlanks(text, at, dialect);
  if (dialect.skipsBlanks && dialect.delimiter === ' ') while (isBlank(text[behind])) behind++;
  return behind;
}

function withoutBlanks(text: string, { delimiter, skipsBlanks }: PlainDialect): string {
  let end = text.length;
  if (skipsBlanks) while (isBlank(text[end - 1]) && text[end - 1] !== delimiter[0]) end--;
  return text.slice(0, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
