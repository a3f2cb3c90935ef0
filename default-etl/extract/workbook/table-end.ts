import type { Decision } from '../../protocol.ts';
import { footerDecision, footerLength, lastRowDecision } from '../table/footer.ts';
import type { GridRow } from '../table/grid.ts';
import type { SheetRow, TablePlace } from './table-place.ts';

/** Where a table ends, if not with its sheet. */
export interface TableEnd {
  /** The first row that is none of the table, from 0. */
  row?: number;
  decisions: Decision[];
}

/** `rows`: all of the sheet. */
export function findEnd(rows: readonly SheetRow[], { names, firstRow }: TablePlace): TableEnd {
  const begin = rows.findIndex(({ row }) => row >= firstRow);
  if (begin < 0) return { decisions: [] };
  // The names are looked at like a row, as in delimited text.
  const records = rows.slice(names === undefined ? begin : Math.max(begin - 1, 0)).map(recordOf);
  const footer = footerLength(records, records[0]?.cells.length ?? 0);
  const table = records.slice(0, records.length - footer);
  const notes = records.slice(table.length);
  const decisions = [
    ...(footer === 0 ? [] : [footerDecision(notes, true)]),
    ...[lastRowDecision(table, footer)].filter(decision => decision !== undefined),
  ];
  return footer === 0 ? { decisions } : { row: (notes[0] as GridRow).line - 1, decisions };
}

function recordOf({ row, cells }: SheetRow, index: number, rows: readonly SheetRow[]): GridRow {
  const linesBefore = index === 0 ? 0 : row - (rows[index - 1] as SheetRow).row - 1;
  return { cells, line: row + 1, linesBefore };
}
