import type { Decision } from '../../contract/protocol.ts';
import { type CellKind, tableKinds } from './cell-kind.ts';
import { furtherHeaderRows, furtherRowsDecision } from './further-rows.ts';
import { commonWidth, type GridRow, isSetApart, type Place } from './grid.ts';
import { decideHeader, isSureOfNames } from './header.ts';
import { joinHeader } from './header-rows.ts';
import { commentsDecision, tablesDecision } from './other-tables.ts';
import { preambleDecision, preambleLength } from './preamble.ts';
import { shortHeader } from './short-header.ts';

/** Where a table begins among the first rows of a text or a sheet, and what its columns are called. */
export interface TablePlace {
  /** How many rows stand above the header, or above the first row of the table where it has none. */
  above: number;
  /** How many rows make the names. */
  headerRows: number;
  /** What they make, where that is something else than the cells of one row. */
  names?: readonly string[];
  /** Columns: cells of the header, or more where most rows have more. */
  width: number;
  /** Cells that most rows have. */
  rowWidth: number;
  decisions: Decision[];
}

const MOST_BODY = 100;

export interface TableOptions {
  /** EXTRACT says where the table begins. */
  skipsNothing: boolean;
  /** What EXTRACT says of it. */
  hasHeader: boolean | undefined;
  /** No row follows these. */
  isWhole: boolean;
  /** Blanks are the delimiter. */
  isCutByBlanks?: boolean;
  place: Place;
}

/** `rows`: not empty. */
export function findTable(rows: readonly GridRow[], given: TableOptions): TablePlace {
  const { place } = given;
  const width = commonWidth(rows);
  const isNamed = given.isCutByBlanks === true && rows[0]?.cells.length === width - 1;
  const above = given.skipsNothing || isNamed ? 0 : preambleLength(rows, width, given.hasHeader);
  const table = rows.slice(above);
  const body = table.slice(1, 1 + MOST_BODY).map(({ cells }) => cells);
  const columns = tableKinds(body, width);
  const header = headerOf(table, columns, width, given);
  const further = header.rows === 1 ? furtherHeaderRows(table, width) : [];
  const cells = table[0]?.cells ?? [];
  return {
    above,
    headerRows: header.rows,
    ...(header.names === undefined ? {} : { names: header.names }),
    width: header.rows > 0 ? tableWidth(cells, body, width) : Math.max(width, cells.length),
    rowWidth: width,
    decisions: [
      preambleDecision(rows, above, place),
      header.decision,
      furtherRowsDecision(further, place),
      header.rows > 0
        ? tablesDecision(table.slice(Math.max(header.rows - 1, further.length)), columns, given)
        : undefined,
      commentsDecision(table, width, place),
    ].filter(decision => decision !== undefined),
  };
}

interface Header {
  rows: number;
  names?: readonly string[];
  decision?: Decision;
}

function headerOf(
  table: readonly GridRow[],
  columns: ReadonlyArray<CellKind | undefined>,
  width: number,
  options: TableOptions,
): Header {
  const { hasHeader, place } = options;
  if (hasHeader !== undefined) return { rows: hasHeader ? 1 : 0 };
  const joined = joinHeader(table, width);
  if (joined !== undefined) {
    const [first, ...others] = table.slice(0, joined.rows).map(({ line }) => `${place} ${line}`);
    const reason = `${first} has ${joined.what} on ${others.join(' and ')}; header: true takes ${first} alone`;
    const { names, rows } = joined;
    return { rows, names, decision: { name: 'header', value: names, confidence: 0.9, reason } };
  }
  const bodyLength = Math.min(table.length - 1, MOST_BODY);
  const decision = decideHeader(table[0]?.cells ?? [], columns, { bodyLength, place });
  if (decision.value === false) return { rows: 0, decision };
  const short = shortHeader(table, width, options);
  if (short !== undefined) return { rows: 1, ...short };
  return { rows: 1, decision: isSetApart(table, 1) ? inDoubt(decision, table[0] as GridRow, place) : decision };
}

/** A title that is as wide as the table stands apart from it, too; numbers below names would tell. */
function inDoubt(decision: Decision, { line }: GridRow, place: Place): Decision {
  if (isSureOfNames(decision)) return decision;
  const reason = `${place} ${line} stands apart from what is below it, and the columns are text; if it is a title set EXTRACT.skip_rows: ${line}`;
  return { ...decision, confidence: 0.5, reason };
}

/** Cells of the header; more where at least half of the records have something beyond. */
function tableWidth(header: readonly string[], body: ReadonlyArray<readonly string[]>, width: number): number {
  const wider = body.filter(cells => cells.slice(header.length, width).some(cell => cell !== ''));
  return body.length > 0 && wider.length >= body.length / 2 ? Math.max(width, header.length) : header.length;
}
