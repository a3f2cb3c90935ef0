import type { Dialect } from './marks.ts';

/**
 * A second reading of a record with text behind a closing quote, where it has not the cells of the header or a cell ends with a quote: here quotes that do not stand where they
 * should are text. A quoted cell ends only with a quote that a delimiter or line end follows; one that doesn't end before the next quoted cell begins was never
 * quoted. `"10" tube"` is `10" tube`, and of `a,"b,"c"` the second cell is `"b`. Returns undefined where that does not give `width` cells; `end`: where its line
 * end is, from 0, which may be before the end of the first reading. `record` is latin1, a character a byte, and so are the cells.
 */
export function rereadRecord(
  record: string,
  { delimiter, quote, escape, skipsBlanks }: Dialect,
  width: number,
): { cells: string[]; end: number } | undefined {
  const reading: Reading = {
    record,
    delimiter: delimiter.toString('latin1'),
    quote: String.fromCharCode(quote),
    escape: escape < 0 ? '' : String.fromCharCode(escape),
    skipsBlanks,
  };
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
}

interface Cell {
  text: string;
  end: number;
}

/** undefined where no quote opens, or the one that does is text. */
function quotedCell(reading: Reading, from: number): Cell | undefined {
  const { record, quote, escape } = reading;
  if (record[from] !== quote) return undefined;
  let text = '';
  for (let at = from + 1; at < record.length; at++) {
    const next = record[at + 1];
    if (record[at] === escape && (next === quote || next === escape)) text += record[++at];
    else if (record[at] !== quote) text += record[at];
    else if (endsCell(reading, at + 1)) return { text, end: behindBlanks(reading, at + 1) };
    else if (next !== quote) {
      if (opensCell(reading, at)) return undefined;
      text += quote;
    } else if (endsCell(reading, at + 2)) return { text: text + quote, end: behindBlanks(reading, at + 2) };
    else text += record[++at];
  }
  return undefined;
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

/** Whether the quote at `at` is where that of a quoted cell would be. */
function opensCell({ record, delimiter, skipsBlanks }: Reading, at: number): boolean {
  let before = at;
  if (skipsBlanks) while (isBlank(record[before - 1], delimiter)) before--;
  return record.endsWith(delimiter, before);
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
