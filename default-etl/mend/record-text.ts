import { csvRecords, type PlainDialect } from '../extract/csv/definition.ts';
import { guardFormula } from './formula.ts';

export const LINE_END = '\r\n';

/** A record as it would stand in a file of this dialect. Without a quote, what would end a cell becomes a blank. */
export function recordText(cells: readonly string[], dialect: PlainDialect): string {
  return cells.map(cell => (needsQuotes(cell, dialect) ? quoted(cell, dialect) : cell)).join(dialect.delimiter);
}

/**
 * The same for people's programs, which may take any delimiter for granted: every cell is in quotes, where there are
 * such, and none a formula.
 */
export function guardedText(cells: readonly string[], dialect: PlainDialect): string {
  const guarded = cells.map(cell => guardFormula(dialect.quote === '' ? flat(cell, dialect) : cell));
  return guarded.map(cell => (cell === '' ? cell : quoted(cell, dialect))).join(dialect.delimiter);
}

function needsQuotes(cell: string, { delimiter, quote, skipsBlanks }: PlainDialect): boolean {
  // Of a delimiter of several characters, one at the end of a cell would be taken for the first of it.
  if (cell.includes(delimiter.charAt(0)) || /[\r\n]/.test(cell)) return true;
  return (quote !== '' && cell.includes(quote)) || (skipsBlanks && cell.trim() !== cell);
}

function quoted(cell: string, dialect: PlainDialect): string {
  const { quote, escape } = dialect;
  if (quote === '') return flat(cell, dialect);
  const escaped = escape === '' ? cell : cell.replaceAll(escape, escape + escape);
  return quote + escaped.replaceAll(quote, quote + quote) + quote;
}

function flat(cell: string, { delimiter }: PlainDialect): string {
  return cell.replaceAll(delimiter, ' ').replace(/[\r\n]+/g, ' ');
}

/** The cells of one record, and whether its text is one record and nothing else. A quote that is never closed is text. */
export function recordCells(text: string, dialect: PlainDialect, width: number): { cells: string[]; isWhole: boolean } {
  const records = csvRecords(text, dialect, width);
  const [record] = records;
  if (record && records.length === 1 && !record.isUnclosed) return { cells: record.cells, isWhole: true };
  const line = text.replace(/[\r\n]+/g, ' ');
  return { cells: csvRecords(line, { ...dialect, quote: '' }, width)[0]?.cells ?? [line], isWhole: false };
}
