import type { Decision } from '../../protocol.ts';
import { type CellKind, filledCells, isWord, measuredColumns, quoted } from './cell-kind.ts';
import type { GridRow } from './grid.ts';

/** With fewer names it may be a note. */
const FEWEST_NAMES = 2;
const COMMENT = /^\s*(#|\/\/|--)\s*\S/;

/**
 * A record that repeats the header, or has names where the columns have numbers, or begins, behind a blank line, records of another width: another table. Its rows are read as
 * those of the first. `isWhole`: no record follows these.
 */
export function tablesDecision(
  table: readonly GridRow[],
  columns: ReadonlyArray<CellKind | undefined>,
  isWhole: boolean,
): Decision | undefined {
  const header = table[0]?.cells ?? [];
  const index = table.findIndex(
    (record, at) =>
      at > 1 && (repeats(record.cells, header) || (hasRowBelow(table, at) && beginsTable(table, at, columns))),
  );
  const found = table[index];
  if (found === undefined) return undefined;
  const below = isWhole ? `, or leave it out with EXTRACT.skip_footer: ${table.length - index}` : '';
  return {
    name: 'tables',
    value: 2,
    confidence: 0.8,
    reason:
      `line ${found.line} looks like the header of another table, of ${found.cells.length} columns; its rows are read as rows of the first, ` +
      `those with more cells are rejects; put it in a file of its own${below}`,
  };
}

/** Lines between rows that look like comments: they stay rows. */
export function commentsDecision(table: readonly GridRow[], width: number): Decision | undefined {
  const end = table.findLastIndex(({ cells }) => cells.length === width);
  const found = table
    .slice(1, Math.max(end, 1))
    .filter(({ cells }) => cells.length < width && COMMENT.test(cells[0] ?? ''));
  const [first] = found;
  if (first === undefined || width < 2) return undefined;
  const reason = `line ${first.line}, ${quoted(first.cells[0] as string)}, is shorter than a row and begins as comments do; such lines are loaded as rows: the step filter takes them out`;
  return { name: 'comments', value: found.length, confidence: 0.8, reason };
}

function repeats(cells: readonly string[], header: readonly string[]): boolean {
  const same = cells.filter((cell, column) => cell.trim() !== '' && cell === header[column]).length;
  return same >= Math.max(2, filledCells(header) * 0.7);
}

function hasRowBelow(table: readonly GridRow[], index: number): boolean {
  const cells = table[index + 1]?.cells ?? [];
  return cells.length === table[index]!.cells.length && filledCells(cells) > 1;
}

/** Names where the columns have numbers, or, behind a blank line or a record of nothing, words that are more or fewer than the columns. */
function beginsTable(
  table: readonly GridRow[],
  index: number,
  columns: ReadonlyArray<CellKind | undefined>,
): boolean {
  const { cells, linesBefore } = table[index]!;
  if (filledCells(cells) < FEWEST_NAMES) return false;
  const isApart = linesBefore > 0 || filledCells(table[index - 1]!.cells) === 0;
  if (isApart && cells.length !== columns.length) return cells.every(isWord);
  const measured = measuredColumns(columns);
  return measured.length > (isApart ? 0 : 2) && measured.every(column => isWord(cells[column] ?? ''));
}
