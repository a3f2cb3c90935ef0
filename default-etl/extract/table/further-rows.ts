import type { Decision } from '../../contract/protocol.ts';
import { cellKind, isWord, measuredColumns, tableKinds } from './cell-kind.ts';
import { type GridRow, type Place, placesOf } from './grid.ts';
import { isPlainUnit, isUnit } from './units.ts';

const MOST_BODY = 100;
/** Further rows that a header may have. */
const MOST_ROWS = 8;

/** Rows below the header with words over columns of numbers, where nobody knows what they mean. */
export function furtherHeaderRows(table: readonly GridRow[], width: number): readonly GridRow[] {
  const further: GridRow[] = [];
  for (const row of table.slice(1, 1 + MOST_ROWS)) {
    if (!isAboveRows(row.cells, table.slice(2 + further.length), width)) break;
    further.push(row);
  }
  return further;
}

/**
 * Units alone, or words over all columns of numbers, two at least, or over periods in the first one: `idBank`, `Unité`,
 * `Période` over `2024-01`.
 */
function isAboveRows(cells: readonly string[], below: readonly GridRow[], width: number): boolean {
  const body = below.slice(0, MOST_BODY).map(row => row.cells);
  const measured = measuredColumns(tableKinds(body, width));
  if (measured.length > 1 && measured.every(column => isWord(cells[column] ?? ''))) return true;
  if (measured.length > 0 && hasUnitsAlone(cells, measured)) return true;
  const firsts = body.slice(MOST_ROWS).map(row => row[0] ?? '');
  return firsts.length > 1 && firsts.every(isPeriod) && isWord(cells[0] ?? '') && !isPeriod(cells[0] as string);
}

/** Units over numbers, a letter too, or one of the whole table, `en milliers`, beside empty cells. */
function hasUnitsAlone(cells: readonly string[], measured: readonly number[]): boolean {
  const filled = cells.flatMap((cell, column) => (cell.trim() === '' ? [] : [{ text: cell.trim(), column }]));
  if (filled.length === 0 || filled.length === cells.length) return false;
  return filled.every(({ text, column }) =>
    measured.includes(column) ? isUnit(text) : column === 0 && isPlainUnit(text),
  );
}

/** A year, or a month, quarter or half of one: `2024-01`, `2024-T1`; or a date. */
function isPeriod(cell: string): boolean {
  return /^\s*(19|20)\d\d([-/ ]?[TQSM]?\d{1,2})?\s*$/i.test(cell) || cellKind(cell) === 'date';
}

export function furtherRowsDecision(further: readonly GridRow[], place: Place): Decision | undefined {
  const last = further.at(-1)?.line;
  if (last === undefined) return undefined;
  return {
    name: 'header_rows',
    value: further.length + 1,
    confidence: 0.7,
    reason:
      `${placesOf(place, further)} ${further.length === 1 ? 'has' : 'have'} words or units where the columns have numbers or dates, as further ${place}s of a header have; they are loaded as rows. ` +
      `To leave them out set EXTRACT.skip_rows: ${last} and EXTRACT.header to the list of the names`,
  };
}
