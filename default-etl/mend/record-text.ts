import { csvRecords, type PlainDialect } from '../extract/csv/definition.ts';

export const LINE_END = '\r\n';

/** A record as it would stand in a file of this dialect. Without a quote, what would end a cell becomes a blank. */
export function recordText(cells: readonly string[], dialect: PlainDialect): string {
  return cells.map(cell => cellText(cell, dialect)).join(dialect.delimiter);
}

function cellText(cell: string, { delimiter, quote, escape, skipsBlanks }: PlainDialect): string {
  if (quote === '') return cell.replaceAll(delimiter, ' ').replace(/[\r\n]+/g, ' ');
  // Of a delimiter of several characters, one at the end of a cell would be taken for the first of it.
  const isPlain = !cell.includes(delimiter.charAt(0)) && !cell.includes(quote) && !/[\r\n]/.test(cell);
  if (isPlain && !(skipsBlanks && cell.trim() !== cell)) return cell;
  const escaped = escape === '' ? cell : cell.replaceAll(escape, escape + escape);
  return quote + escaped.replaceAll(quote, quote + quote) + quote;
}

/** The cells of one record, and whether its text is one record and nothing else. A quote that is never closed is text. */
export function recordCells(text: string, dialect: PlainDialect, width: number): { cells: string[]; isWhole: boolean } {
  const records = csvRecords(text, dialect, width);
  const [record] = records;
  if (record && records.length === 1 && !record.isUnclosed) return { cells: record.cells, isWhole: true };
  const line = text.replace(/[\r\n]+/g, ' ');
  return { cells: csvRecords(line, { ...dialect, quote: '' }, width)[0]?.cells ?? [line], isWhole: false };
}
