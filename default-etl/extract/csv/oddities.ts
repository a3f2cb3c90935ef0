import type { Decision } from '../../contract.ts';
import { type CellKind, cellKind, filledCells, isMeasure } from './cell-kind.ts';
import type { HeadRecord } from './head.ts';

/** A table whose header has fewer names may be notes. */
const FEWEST_CELLS = 2;
const COMMENT = /^\s*(#|\/\/|--)\s*\S/;

/**
 * A record that repeats the header, or has names where the columns have numbers, or begins, behind a blank line, records of another width: another table. Its rows are read as
 * those of the first. `isWhole`: no record follows these.
 */
export function tablesDecision(
  table: readonly HeadRecord[],
  columns: ReadonlyArray<CellKind | undefined>,
  isWhole: boolean,
): Decision | undefined {
  const header = table[0]?.cells ?? [];
  const index = table.findIndex(
    (record, at) =>
      at > 1 && (repeats(record.cells, header) || hasNames(record, columns) || isOtherTable(table, at, columns.length)),
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

/** Lines within the table that look like comments: they stay rows. */
export function commentsDecision(table: readonly HeadRecord[], width: number): Decision | undefined {
  const found = table.slice(1).filter(({ cells }) => cells.length < width && COMMENT.test(cells[0] ?? ''));
  const [first] = found;
  if (first === undefined || width < 2) return undefined;
  const text = JSON.stringify((first.cells[0] as string).slice(0, 60));
  const reason = `line ${first.line}, ${text}, is shorter than a row and begins as comments do; such lines are loaded as rows: the step filter takes them out`;
  return { name: 'comments', value: found.length, confidence: 0.8, reason };
}

function repeats(cells: readonly string[], header: readonly string[]): boolean {
  const same = cells.filter((cell, column) => cell.trim() !== '' && cell === header[column]).length;
  return same >= Math.max(2, filledCells(header) * 0.7);
}

function hasNames({ cells, linesBefore }: HeadRecord, columns: ReadonlyArray<CellKind | undefined>): boolean {
  const measured = columns.flatMap((kind, column) => (kind !== undefined && isMeasure(kind) ? [column] : []));
  return measured.length > (linesBefore > 0 ? 0 : 2) && measured.every(column => isWord(cells[column] ?? ''));
}

/** Behind a blank line, or a record of nothing, records of another width: words, and below them one as wide. */
function isOtherTable(table: readonly HeadRecord[], index: number, width: number): boolean {
  const [before, record, next] = [table[index - 1]!, table[index]!, table[index + 1]];
  const isApart = record.linesBefore > 0 || filledCells(before.cells) === 0;
  const count = record.cells.length;
  return (
    isApart &&
    count !== width &&
    count >= FEWEST_CELLS &&
    next?.cells.length === count &&
    record.cells.every(isWord) &&
    filledCells(next.cells) > 1
  );
}

function isWord(cell: string): boolean {
  const kind = cellKind(cell);
  return kind === 'word' || kind === 'text';
}
