/** A record of delimited text, or a row of a sheet: what a reader hands over so that the table in it is found. */
export interface GridRow {
  cells: readonly string[];
  /** Line of the text, or row of the sheet, from 1. */
  line: number;
  /** Blank lines, or rows with nothing in them, before it. */
  linesBefore: number;
}

/** Records of the same width below a preamble that are believed to be the table. */
const FEWEST_BELOW = 3;

/** The commonest number of cells; of equally common ones the largest. One cell is what a long preamble has, where nearly all records behind it have more. */
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
