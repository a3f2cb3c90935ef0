import type { Decision } from '../../contract/protocol.ts';
import {
  type CellKind,
  cellKind,
  filledCells,
  isMeasure,
  isWord,
  measuredColumns,
  quoted,
  tableKinds,
} from './cell-kind.ts';
import { type GridRow, isSetApart, type Place, usualFilled } from './grid.ts';
import { decideHeader } from './header.ts';
import { isAmong, isMissingWord, joinHeader } from './header-rows.ts';
import { isMarked, isSentence } from './note-marks.ts';
import { hasRowNames } from './short-header.ts';
import { countColumns, isPlainUnit } from './units.ts';

const MOST_BODY = 100;
/** Titles as wide as the table, one above the other. */
const MOST_TITLES = 10;
/** A row that has names for fewer of the columns is none of names where the next one has them all. */
const NAMED_SHARE = 0.7;
/** So many rows with numbers above a table may be another one. */
const ROWS_OF_A_TABLE = 3;

/** How many rows stand before the table: titles, notes, rows of nothing. 0 where in doubt. `hasHeader`: what EXTRACT says. */
export function preambleLength(rows: readonly GridRow[], width: number, hasHeader: boolean | undefined): number {
  if (width < 2) return 0;
  const usual = usualFilled(rows.filter(({ cells }) => cells.length === width));
  const narrow = narrowRows(rows, width, usual);
  const first = narrow - rowsOfHeaderAbove(rows, narrow, width, hasHeader);
  return first + titles(rows.slice(first), width, usual);
}

/** Those at the beginning that have few cells. */
function narrowRows(rows: readonly GridRow[], width: number, usual: number): number {
  const first = firstWide(rows, width, usual);
  const rest = rows.slice(first);
  const whole = rest.filter(({ cells }) => cells.length === width).length;
  if (whole < 1 || whole < rest.length / 2) return 0;
  return isNothingLeft(rows, first) ? 0 : first;
}

function firstWide(rows: readonly GridRow[], width: number, usual: number): number {
  const first = rows.findIndex(({ cells }) => !isNarrow(cells, width, usual));
  if (first > 0 || width > 2) return Math.max(first, 0);
  // In two columns one filled cell may be a value: what is set apart is a preamble.
  const thick = Math.max(
    rows.findIndex(({ cells }) => filledCells(cells) > 1),
    0,
  );
  for (let at = thick; at > 0; at--) if (isSetApart(rows, at)) return at;
  return 0;
}

function isNarrow(cells: readonly string[], width: number, usual: number): boolean {
  const filled = filledCells(cells);
  if (cells.length < width) return filled <= width / 2;
  return filled === 0 || (width > 2 && filled === 1) || (usual > 2 && filled <= usual / 2);
}

/**
 * Whether nothing would be left but a last row that is no header: one of numbers, or the widest of several, each of
 * which is wider than the one before.
 */
function isNothingLeft(rows: readonly GridRow[], first: number): boolean {
  if (first === 0 || first < rows.length - 1 || isSetApart(rows, first)) return false;
  if (first === 1 && rows[first]!.cells.every(isWord)) return false;
  return rows.slice(0, first).some(({ cells }) => filledCells(cells) > 1);
}

/**
 * Of the rows above `first` those that belong to the table: names of groups right above names; or names, or a row,
 * right above a row that has none.
 */
function rowsOfHeaderAbove(
  rows: readonly GridRow[],
  first: number,
  width: number,
  hasHeader: boolean | undefined,
): number {
  if (first === 0 || isSetApart(rows, first)) return 0;
  for (const above of [2, 1]) {
    const joined = first < above ? undefined : joinHeader(rows.slice(first - above), width);
    if (joined !== undefined && joined.isSurelyHeader && joined.rows >= above) return above;
  }
  if (hasHeader === true) return 0;
  return isNamedAbove(rows, first, width) ? 1 : 0;
}

function isNamedAbove(rows: readonly GridRow[], first: number, width: number): boolean {
  const [above, row] = [rows[first - 1]!.cells, rows[first]?.cells];
  if (row === undefined) return false;
  const body = rows.slice(first + 1, first + 1 + MOST_BODY).map(({ cells }) => cells);
  const columns = tableKinds(body, width);
  const isShortHeader = above.length === width - 1 && isWord(above[0] as string) && !above.some(isMarked);
  if (isShortHeader && hasRowNames(rows.slice(first - 1), width)) return true;
  if (filledCells(above) > 1 && decideHeader(row, columns, { bodyLength: body.length, place: 'line' }).value === false)
    return true;
  const measured = measuredColumns(columns);
  const isOver = (cells: readonly string[]) =>
    measured.every(column => isWord(cells[column] ?? '') && !isPlainUnit((cells[column] as string).trim()));
  if (!measured.some(column => column > 0) || !isOver(above)) return false;
  return !isOver(row) || !nameColumns(row, rows.slice(first + 1), columns);
}

/**
 * How many titles stand above the names that have as many cells as they: set apart by a blank line or narrow ones, or
 * with gaps where the next row has names.
 */
function titles(rows: readonly GridRow[], width: number, usual: number): number {
  let first = 0;
  for (let count = 0; count < MOST_TITLES; count++) {
    const next = rows.findIndex(({ cells }, at) => at > first && !isNarrow(cells, width, usual));
    if (next < 0 || !isTitle(rows, first, next, width)) break;
    first = next;
  }
  return first;
}

function isTitle(rows: readonly GridRow[], first: number, next: number, width: number): boolean {
  const [upper, lower] = [rows[first]!.cells, rows[next]!.cells];
  if (lower.length !== width || filledCells(lower) < 2) return false;
  if (areReferences(upper, lower)) return true;
  const below = rows.slice(next + 1, next + 1 + MOST_BODY);
  const columns = tableKinds(
    below.map(({ cells }) => cells),
    width,
  );
  const measured = measuredColumns(columns);
  if (measured.length === 0 || upper.some(cell => isNumber(cell))) return false;
  const isWider = filledCells(lower) > filledCells(upper);
  const isApart = isSetApart(rows, next);
  if (!nameColumns(lower, below, columns)) return isApart && isWider && areWordsOver(lower, below, measured);
  if (isApart || (next > first + 1 && isWider)) return true;
  if (next > first + 1) return false;
  if (joinHeader(rows.slice(first), width) !== undefined) return false;
  return isOutdone(upper, lower, measured);
}

/** `'A'`, `'B'`, `'C'` above the names of the columns that are called so. */
function areReferences(upper: readonly string[], lower: readonly string[]): boolean {
  const references = upper.filter(cell => cell.trim() !== '');
  return countColumns(references) && upper.every((cell, column) => cell.trim() === '' || isWord(lower[column] ?? ''));
}

/**
 * Whether it has gaps where the next row has names, those of two columns of numbers at least, and is a sentence, a
 * unit, or says nothing of a column of numbers.
 */
function isOutdone(upper: readonly string[], lower: readonly string[], measured: readonly number[]): boolean {
  if (upper.length !== lower.length || measured.length < 2) return false;
  if (filledCells(upper) >= NAMED_SHARE * filledCells(lower)) return false;
  // The corner of a table with names on two sides is empty.
  if (!upper.some((cell, column) => column > 0 && cell.trim() === '' && (lower[column] as string).trim() !== ''))
    return false;
  if (upper.some(cell => isSentence(cell) || isPlainUnit(cell.trim()))) return true;
  return measured.every(column => isWord(lower[column] as string) && measured.some(at => upper[at]?.trim() === ''));
}

/** Names that come again below groups, which stand elsewhere: words over two columns of numbers at least, and in no row below. */
function areWordsOver(cells: readonly string[], below: readonly GridRow[], measured: readonly number[]): boolean {
  const named = measured.filter(column => (cells[column] ?? '').trim() !== '');
  if (named.length < 2 || named.length < measured.length / 2) return false;
  const texts = named.map(column => (cells[column] as string).trim());
  if (!texts.every(text => isWord(text) && !isMissingWord(text))) return false;
  return !named.some((column, index) => isAmong(below, column, texts[index] as string));
}

/**
 * Whether the cells are names of columns of numbers: words, or years that count on, each another one, and none that a
 * row below has, too.
 */
function nameColumns(
  cells: readonly string[],
  below: readonly GridRow[],
  columns: ReadonlyArray<CellKind | undefined>,
): boolean {
  // The corner of a table with names on two sides is empty.
  const measured = measuredColumns(columns).filter(column => column > 0 || (cells[0] ?? '').trim() !== '');
  const texts = cells.map(cell => cell.trim()).filter(text => text !== '');
  if (measured.length === 0 || new Set(texts).size < texts.length) return false;
  if (measured.some(column => isAmong(below, column, (cells[column] ?? '').trim()))) return false;
  const numbers = measured.map(column => cells[column] ?? '').filter(cell => !isWord(cell));
  if (measured.some(column => isMissingWord((cells[column] ?? '').trim()))) return false;
  return numbers.length === 0 || (numbers.length > 1 && countOn(numbers));
}

function countOn(cells: readonly string[]): boolean {
  const numbers = cells.map(Number);
  return numbers.every((number, index) => {
    const before = numbers[index - 1];
    return number >= 1900 && number <= 2100 && (before === undefined || number === before + 1);
  });
}

function isNumber(cell: string): boolean {
  const kind = cellKind(cell);
  return isMeasure(kind) && kind !== 'date' && !/^\s*(19|20)\d\d\s*$/.test(cell);
}

export function preambleDecision(rows: readonly GridRow[], first: number, place: Place): Decision | undefined {
  const above = rows.slice(0, first);
  const beginning = above[0]?.cells.find(cell => cell.trim() !== '') ?? '';
  if (above.length === 0) return undefined;
  const measured = above.filter(({ cells }) => cells.some(cell => isMeasure(cellKind(cell))));
  const isTable = measured.length >= ROWS_OF_A_TABLE;
  const doubt = isTable ? `; ${measured.length} rows of it have numbers and may be a table of their own` : '';
  return {
    name: 'skip_rows',
    value: (rows[first] as GridRow).line - 1,
    confidence: isTable ? 0.4 : 0.8,
    reason: `what stands above the table is none of it, beginning with ${quoted(beginning)}${doubt}; skip_rows: 0 takes the first ${place} for the names`,
  };
}
