import { filledCells } from './cell-kind.ts';

/** A record of delimited text, or a row of a sheet: what a reader hands over so that the table in it is found. */
export interface GridRow {
  cells: readonly string[];
  /** Line of the text, or row of the sheet, from 1. */
  line: number;
  /** Blank lines, or rows with nothing in them, before it. */
  linesBefore: number;
}

/** So many of the first rows are looked at: then a text and a sheet with the same cells are the same table. */
export const MOST_ROWS = 200;

/** What people call a row of the grid by its number. */
export type Place = 'line' | 'row';

/** `line 3`, or `lines 3 to 5`. */
export function placesOf(place: Place, rows: readonly GridRow[]): string {
  const [first, last] = [rows[0]?.line, rows.at(-1)?.line];
  return first === last ? `${place} ${first}` : `${place}s ${first} to ${last}`;
}

/** Records of the same width below a preamble that are believed to be the table. */
const FEWEST_BELOW = 3;

/**
 * The commonest number of cells; of equally common ones the largest. One cell is what a long preamble has, where nearly
 * all records behind it have more.
 */
export function commonWidth(rows: readonly GridRow[]): number {
  const [width] = commonest(rows);
  const table = rows.slice(rows.findIndex(({ cells }) => cells.length > 1));
  if (width !== 1 || table.length < FEWEST_BELOW || table.length === rows.length) return width;
  const [below, count] = commonest(table);
  return count >= 0.9 * table.length ? below : width;
}

function commonest(rows: readonly GridRow[]): [width: number, count: number] {
  const counts = new Map<number, number>();
  for (const { cells } of rows) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1);
  return [...counts].toSorted(([widthA, a], [widthB, b]) => b - a || widthB - widthA)[0] ?? [0, 0];
}

/** Without the empty cells at the end. */
export function ownWidth(cells: readonly string[]): number {
  return cells.findLastIndex(cell => cell.trim() !== '') + 1;
}

/** Whether a blank line, or a row of nothing, is before the row at `index`. */
export function isSetApart(rows: readonly GridRow[], index: number): boolean {
  const before = rows[index - 1];
  return (rows[index]?.linesBefore ?? 0) > 0 || (before !== undefined && ownWidth(before.cells) === 0);
}

/** Cells that three of four rows have at most. */
export function usualFilled(rows: readonly GridRow[]): number {
  const counts = rows.map(({ cells }) => filledCells(cells)).toSorted((a, b) => a - b);
  return counts[Math.floor(counts.length * 0.75)] ?? 0;
}
