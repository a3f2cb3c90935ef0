import type { Decision } from '../../protocol.ts';
import { filledCells, isMeasure, isWord, tableKinds } from './cell-kind.ts';
import { type GridRow, ownWidth, type Place } from './grid.ts';

/** A header with a name less than the rows have cells. */
export interface ShortHeader {
  /** With an empty one for the first column, where that has none; undefined where the last one is left without. */
  names?: string[];
  decision: Decision;
}

const MOST_BODY = 100;
const FEWEST_ROWS = 2;

/**
 * R's `write.table` gives the names of the rows no name: with a name less than each row has cells, the first column may be that without one, or the last. It is the first where each row says
 * something else there, and the last column has numbers; or where the first counts the rows. `table`: from the header on.
 */
export function shortHeader(table: readonly GridRow[], width: number, place: Place): ShortHeader | undefined {
  const [header, ...below] = table;
  const rows = below.slice(0, MOST_BODY).filter(({ cells }) => cells.length === width && filledCells(cells) > 1);
  if (header === undefined || width < 2 || rows.length < FEWEST_ROWS || ownWidth(header.cells) !== width - 1)
    return undefined;
  if (header.cells.some((cell, column) => column < width - 1 && cell.trim() === '')) return undefined;
  const isFilled = rows.every(
    ({ cells }) => (cells[width - 1] as string).trim() !== '' && (cells[0] as string).trim() !== '',
  );
  if (!isFilled) return undefined;
  const said = `${place} ${header.line} has one name less than the rows have cells`;
  const advice = `EXTRACT.skip_rows: ${header.line} with the list of the names as EXTRACT.header says otherwise`;
  // Where the delimiter is there the last name is empty, and no other.
  if (header.cells.length === width || !areRowNames(rows, width)) {
    const reason = `${said}: the last column has none, unless it is the first, as R writes names of rows; ${advice}`;
    return { decision: { name: 'header', value: true, confidence: 0.5, reason } };
  }
  const names = ['', ...header.cells];
  const reason = `${said}: the first column has none, as R writes names of rows; ${advice}`;
  return { names, decision: { name: 'header', value: names, confidence: 0.7, reason } };
}

function areRowNames(rows: readonly GridRow[], width: number): boolean {
  const firsts = rows.map(({ cells }) => (cells[0] as string).trim());
  if (firsts.every((cell, index) => cell === String(index + 1))) return true;
  if (new Set(firsts).size < firsts.length || !firsts.every(isWord)) return false;
  const kinds = tableKinds(
    rows.map(({ cells }) => cells),
    width,
  );
  return isMeasure(kinds[width - 1] ?? 'text');
}
