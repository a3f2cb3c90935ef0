import type { Decision } from '../../contract/protocol.ts';
import {
  areDifferentWords,
  type CellKind,
  filledCells,
  isWord,
  measuredColumns,
  quoted,
  tableKinds,
} from './cell-kind.ts';
import { isMissingWord } from './header-rows.ts';
import { isSameName } from './repeated-header.ts';
import { type GridRow, isSetApart, ownWidth, type Place } from './grid.ts';

const MOST_BODY = 100;
/** With fewer names it may be a note. */
const FEWEST_NAMES = 2;
/** Rows above and below a header that no blank line sets apart. */
const FEWEST_AROUND = 3;
const COMMENT = /^\s*(#|\/\/|--)\s*\S/;

/**
 * A row that repeats the header, or has names where the columns have numbers, or begins, behind a blank line, rows of
 * another width: another table. Its rows are read as those of the first. `isWhole`: no row follows these.
 */
export function tablesDecision(
  table: readonly GridRow[],
  columns: ReadonlyArray<CellKind | undefined>,
  { isWhole, place }: { isWhole: boolean; place: Place },
): Decision | undefined {
  const header = table[0]?.cells ?? [];
  const index = table.findIndex(
    (row, at) =>
      at > 0 && (repeats(row.cells, header) || (at > 1 && hasRowBelow(table, at) && beginsTable(table, at, columns))),
  );
  const found = table[index];
  if (found === undefined) return undefined;
  if (!repeats(found.cells, header))
    return otherTableDecision(found, place, isWhole ? table.length - index : undefined);
  const reason = `${place} ${found.line} repeats the header, as where files were joined; it is loaded as a row: the step filter takes it out`;
  return { name: 'tables', value: 2, confidence: 0.8, reason };
}

/**
 * Whether the row at `at` is the header of another table: `table` has the first one's names, and rows above and below
 * that row.
 */
export function beginsOtherTable(table: readonly GridRow[], at: number): boolean {
  const above = table.slice(1, at).map(({ cells }) => cells);
  const columns = tableKinds(above, table[0]!.cells.length);
  return hasRowBelow(table, at) && (beginsTable(table, at, columns) || isOtherHeader(table, at, columns));
}

/** `below`: rows from its header on, where these are all. */
export function otherTableDecision({ line, cells }: GridRow, place: Place, below: number | undefined): Decision {
  const surplus = place === 'line' ? 'those with more cells are rejects' : 'those with more cells make columns';
  const advice = below === undefined ? '' : `, or leave it out with EXTRACT.skip_footer: ${below}`;
  const reason =
    `${place} ${line} looks like the header of another table, of ${ownWidth(cells)} columns; its rows are read as rows of the first, ` +
    `${surplus}; put it in a ${place === 'line' ? 'file' : 'sheet'} of its own${advice}`;
  return { name: 'tables', value: 2, confidence: 0.8, reason };
}

/** Lines between rows that look like comments: they stay rows. */
export function commentsDecision(table: readonly GridRow[], width: number, place: Place): Decision | undefined {
  const end = table.findLastIndex(({ cells }) => cells.length === width && filledCells(cells) > width / 2);
  const found = table
    .slice(1, Math.max(end, 1))
    .filter(({ cells }) => isShort(cells, width) && COMMENT.test(cells[0] ?? ''));
  const [first] = found;
  if (first === undefined || width < 2) return undefined;
  const reason = `${place} ${first.line}, ${quoted(first.cells[0] as string)}, is shorter than the others and begins as comments do; such ${place}s are loaded as rows: the step filter takes them out`;
  return { name: 'comments', value: found.length, confidence: 0.8, reason };
}

/** In a sheet, and in what one writes, all rows are as wide as the widest. */
function isShort(cells: readonly string[], width: number): boolean {
  return cells.length < width || (width > 2 && filledCells(cells) === 1);
}

/** Whatever stands before it: pages that were printed begin with a form feed. */
function repeats(cells: readonly string[], header: readonly string[]): boolean {
  const same = cells.filter(
    (cell, column) => cell.trim() !== '' && isSameName(cell.trim(), (header[column] ?? '').trim()),
  ).length;
  return same >= Math.max(2, filledCells(header) * 0.7);
}

function hasRowBelow(table: readonly GridRow[], index: number): boolean {
  const [found, next] = [table[index]!.cells, table[index + 1]?.cells ?? []];
  return next.length === found.length && filledCells(next) > 1 && ownWidth(next) <= ownWidth(found);
}

/**
 * Names where the columns have numbers, or, behind a blank line or a row of nothing, words that are more or fewer than
 * the columns.
 */
function beginsTable(table: readonly GridRow[], index: number, columns: ReadonlyArray<CellKind | undefined>): boolean {
  const { cells } = table[index]!;
  if (filledCells(cells) < FEWEST_NAMES) return false;
  const isApart = isSetApart(table, index);
  const width = Math.max(ownWidth(table[0]!.cells), ownWidth(table[1]?.cells ?? []));
  if (isApart && ownWidth(cells) !== width) return cells.slice(0, ownWidth(cells)).every(isWord);
  const measured = measuredColumns(columns);
  if (measured.length > (isApart ? 0 : 2) && measured.every(column => isWord(cells[column] ?? ''))) return true;
  return isApart && isOverNumbers(table, index, columns.length);
}

/**
 * Words, each another one, right between rows of other widths than those below, or over numbers both above and below in
 * two columns at least.
 */
function isOtherHeader(table: readonly GridRow[], at: number, columns: ReadonlyArray<CellKind | undefined>): boolean {
  const { cells } = table[at]!;
  const names = cells.slice(0, ownWidth(cells)).map(cell => cell.trim());
  if (names.length < FEWEST_NAMES || !areDifferentWords(names) || names.some(isMissingWord)) return false;
  const [above, below] = [table.slice(1, at), table.slice(at + 1)].map(rows => rows.map(row => row.cells));
  if (above!.length < FEWEST_AROUND || below!.length < FEWEST_AROUND) return false;
  const isNamed = (column: number) => column < names.length;
  const over = measuredColumns(tableKinds(below!, cells.length)).filter(isNamed);
  if (over.length === 0 || below!.some(row => ownWidth(row) > names.length)) return false;
  if (above!.every(row => ownWidth(row) !== names.length)) return below!.some(row => ownWidth(row) === names.length);
  return measuredColumns(columns).filter(isNamed).length > 1 && measuredColumns(columns).every(isNamed);
}

/**
 * Whether it has nothing but words, over a column of numbers at least: what stands above it may be titles, or a table
 * of something else.
 */
function isOverNumbers(table: readonly GridRow[], index: number, width: number): boolean {
  const { cells } = table[index]!;
  const below = table.slice(index + 1, index + 1 + MOST_BODY).map(row => row.cells);
  const measured = measuredColumns(tableKinds(below, width));
  return measured.length > 0 && cells.length === width && cells.every(isWord);
}
