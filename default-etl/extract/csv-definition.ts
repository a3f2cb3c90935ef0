/** A record of CSV as its cells, and the line on which it begins. */
export interface PlainRecord {
  cells: string[];
  line: number;
  /** A quote that is never closed: the line is a reject. */
  isUnclosed: boolean;
}

/**
 * What CSV means here, a character at a time: RFC 4180 with any of CRLF, LF and CR as line end; a quote opens a cell only as its first
 * character, a doubled one in it stands for one, and text behind the closing quote belongs to the cell. Lines of nothing or of
 * blanks are no records; `isOneColumn`: there, blanks are a value. csv-tokenizer.ts does the same on bytes, and is held to this.
 */
export function csvRecords(text: string, delimiter: string, isOneColumn: boolean): PlainRecord[] {
  const records: PlainRecord[] = [];
  let line = 1;
  for (let at = 0; at < text.length; ) {
    const record = recordAt(text, at, delimiter);
    const source = text.slice(at, record.end);
    const isBlank = isOneColumn ? source === '' : /^[ \t]*$/.test(source) && !source.includes(delimiter);
    if (!isBlank) records.push({ cells: record.cells, line, isUnclosed: record.isUnclosed });
    const lineEnd = /^(?:\r\n|\r|\n)?/.exec(text.slice(record.end))?.[0] ?? '';
    line += (source + lineEnd).split(/\r\n|\r|\n/).length - 1;
    at = record.end + lineEnd.length;
  }
  return records;
}

function recordAt(
  text: string,
  from: number,
  delimiter: string,
): { cells: string[]; end: number; isUnclosed: boolean } {
  const cells: string[] = [];
  for (let at = from; ; at += delimiter.length) {
    const cell = text[at] === '"' ? quotedCell(text, at + 1, delimiter) : plainCell(text, at, delimiter);
    if (cell === undefined) return { cells, end: plainCell(text, from, '\n').end, isUnclosed: true };
    cells.push(cell.text);
    at = cell.end;
    if (!text.startsWith(delimiter, at)) return { cells, end: at, isUnclosed: false };
  }
}

function plainCell(text: string, from: number, delimiter: string): { text: string; end: number } {
  let end = from;
  while (end < text.length && !/[\r\n]/.test(text[end] as string) && !text.startsWith(delimiter, end)) end++;
  return { text: text.slice(from, end), end };
}

/** undefined where the quote is never closed. */
function quotedCell(text: string, from: number, delimiter: string): { text: string; end: number } | undefined {
  let cell = '';
  for (let at = from; at < text.length; at++) {
    if (text[at] !== '"') cell += text[at];
    else if (text[at + 1] === '"') cell += text[at++];
    else {
      const rest = plainCell(text, at + 1, delimiter);
      return { text: cell + rest.text, end: rest.end };
    }
  }
  return undefined;
}
