import type { Decision } from '../../contract/protocol.ts';
import { footerDecision, footerLength, lastRowDecision } from '../table/footer.ts';
import type { GridRow } from '../table/grid.ts';

/** Where a table ends, if not with its sheet. */
export interface TableEnd {
  /** The first row that is none of the table, from 0. */
  row?: number;
  decisions: Decision[];
}

/** `rows`: all of the sheet from the header on, or from the first row of the table where it has none. */
export function findEnd(rows: readonly GridRow[]): TableEnd {
  const footer = footerLength(rows, rows[0]?.cells.length ?? 0);
  const table = rows.slice(0, rows.length - footer);
  const notes = rows.slice(table.length);
  const [first] = notes;
  const decisions = [
    first === undefined ? undefined : footerDecision(notes, { isWhole: true, place: 'row' }),
    lastRowDecision(table, footer),
  ].filter(decision => decision !== undefined);
  return first === undefined ? { decisions } : { row: first.line - 1, decisions };
}
