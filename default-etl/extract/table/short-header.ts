import type { Decision } from '../../contract/protocol.ts';
import { areDifferentWords, filledCells, isMeasure, tableKinds } from './cell-kind.ts';
import { type GridRow, ownWidth, type Place } from './grid.ts';
import { isMarked } from './note-marks.ts';

/** A header with a name less than the rows have cells. */
export interface ShortHeader {
  /** With an empty one for the first column, where that has none; undefined where the last one is left without. */
  names?: string[];
  decision: Decision;
}

const MOST_BODY = 100;
/** What counts the rows has such a name, where it has one. */
const COUNTING = /^(#|id\w*|\w*_id|n|n°|no|nr|num\w*|numéro|rang|rank|row|ligne|index|key|clé|code\w*)$/i;

/**
 * R's `write.table` gives the names of the rows no name: with a name less than each row has cells, the first column may
 * be that without one, or the last. It is the first where each row says something else there, and the last column has
 * numbers; or where the first counts the rows, or blanks are the delimiter, as R alone writes it. `table`: from the
 * header on.
 */
export function shortHeader(
  table: readonly GridRow[],
  width: number,
  { place, isCutByBlanks }: { place: Place; isCutByBlanks?: boolean },
): ShortHeader | undefined {
  const [header, ...below] = table;
  const rows = wholeRows(below, width);
  if (header === undefined || width < 2 || rows.length === 0 || ownWidth(header.cells) !== width - 1) return undefined;
  if (filledCells(header.cells) < width - 1 || header.cells.some(isMarked)) return undefined;
  const filled = rows.filter(({ cells }) => (cells[width - 1] as string).trim() !== '').length;
  if (filled < rows.length / 2) return undefined;
  const said = `${place} ${header.line} has one name less than the rows have cells`;
  const advice = `EXTRACT.skip_rows: ${header.line} with the list of the names as EXTRACT.header says otherwise`;
  // Where the delimiter is there the last name is empty, and no other.
  if (header.cells.length === width || (isCutByBlanks !== true && !hasRowNames(table, width))) {
    const reason = `${said}: the last column has none, unless it is the first, as R writes names of rows; ${advice}`;
    return { decision: { name: 'header', value: true, confidence: 0.5, reason } };
  }
  const names = ['', ...header.cells];
  const reason = `${said}: the first column has none, as R writes names of rows; ${advice}`;
  return { names, decision: { name: 'header', value: names, confidence: 0.7, reason } };
}

/** Whether the first cells of the rows are names of them, and the header, the first of `table`, has none for these. */
export function hasRowNames([header, ...below]: readonly GridRow[], width: number): boolean {
  const rows = wholeRows(below, width);
  const firsts = rows.map(({ cells }) => (cells[0] as string).trim());
  if (firsts.length > 1 && firsts.every((cell, index) => cell === String(index + 1)))
    return !COUNTING.test(header?.cells[0]?.trim() ?? '');
  if (firsts.length === 0 || !areDifferentWords(firsts)) return false;
  const kinds = tableKinds(
    rows.map(({ cells }) => cells),
    width,
  );
  return isMeasure(kinds[width - 1] ?? 'text');
}

function wholeRows(rows: readonly GridRow[], width: number): GridRow[] {
  return rows.slice(0, MOST_BODY).filter(({ cells }) => cells.length === width && filledCells(cells) > 1);
}
