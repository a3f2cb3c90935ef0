import type { Decision } from '../../protocol.ts';
import { type CellKind, cellKind, filledCells, isMeasure, measuredColumns, quoted, tableKinds } from './cell-kind.ts';
import { commonWidth, type GridRow } from './grid.ts';
import { headerRowsDecision, joinHeader, moreHeaderRows } from './header-rows.ts';
import { commentsDecision, tablesDecision } from './other-tables.ts';

/** Where the table begins in the head of a text, and what its first record is. */
export interface TableShape {
  /** Lines of the file before the header, or before the rows where `header` is a list. */
  skipLines: number;
  /** Whether the first record is one; the names, where they are of several records that stand above `skipLines`, too. */
  header: boolean | string[];
  /** Columns: cells of the header, or more where most records have more. */
  width: number;
  /** Cells that most records have. */
  rowWidth: number;
  decisions: Decision[];
}

const MOST_BODY = 100;

export interface ShapeOptions {
  /** EXTRACT says where the table begins. */
  skipsNothing: boolean;
  /** What EXTRACT says of it. */
  hasHeader: boolean | undefined;
  /** Lines above the records. */
  linesAbove: number;
  /** No record follows these. */
  isWhole: boolean;
}

export function findShape(records: readonly GridRow[], given: ShapeOptions): TableShape {
  const width = commonWidth(records);
  const first = given.skipsNothing ? 0 : firstOfTable(records, width, given.hasHeader);
  const table = records.slice(first);
  const body = table.slice(1, 1 + MOST_BODY).map(record => record.cells);
  const columns = tableKinds(body, width);
  const joined = given.hasHeader === undefined ? joinHeader(table, width) : undefined;
  const header = table[0]?.cells ?? [];
  const decided = joined?.decision ?? decideHeader(header, columns, body.length);
  const hasHeader = given.hasHeader ?? decided.value !== false;
  const more = hasHeader && !joined ? moreHeaderRows(table, width) : [];
  const skipLines = first === 0 ? given.linesAbove : (table[0]?.line ?? 1) - 1;
  return {
    skipLines: joined?.skipLines ?? skipLines,
    header: joined?.names ?? hasHeader,
    width: hasHeader ? tableWidth(header, body, width) : Math.max(width, header.length),
    rowWidth: width,
    decisions: [
      first > 0 ? preambleDecision(records.slice(0, first), skipLines) : undefined,
      given.hasHeader === undefined ? decided : undefined,
      headerRowsDecision(more),
      hasHeader ? tablesDecision(table.slice(joined ? 1 : more.length), columns, given.isWhole) : undefined,
      commentsDecision(table, width),
    ].filter(decision => decision !== undefined),
  };
}

/** A short record right above rows that have no names is none of a preamble: it has the names of some columns, or is a row. */
function firstOfTable(records: readonly GridRow[], width: number, hasHeader: boolean | undefined): number {
  const first = preambleLength(records, width);
  const [header, ...body] = records.slice(first).map(({ cells }) => cells);
  if (first === 0 || header === undefined || hasHeader === true || records[first]!.linesBefore > 0) return first;
  if (filledCells(records[first - 1]!.cells) < 2) return first;
  const rows = body.slice(0, MOST_BODY);
  return decideHeader(header, tableKinds(rows, width), rows.length).value === false ? first - 1 : first;
}

/** How many records stand before the table: titles, notes, lines of nothing but delimiters. 0 where in doubt. */
function preambleLength(records: readonly GridRow[], width: number): number {
  if (width < 2) return 0;
  const first = firstWide(records, width);
  const rest = records.slice(first);
  const whole = rest.filter(record => record.cells.length === width).length;
  if (first === 0 || whole < 1 || whole < rest.length / 2) return 0;
  const isNarrow = records.slice(0, first).some(({ cells }) => cells.length < width || filledCells(cells) === 0);
  if (isNarrow || looksLikeHeader(rest[0]!.cells)) return first;
  return 0;
}

function firstWide(records: readonly GridRow[], width: number): number {
  const first = records.findIndex(({ cells }) => !isPreamble(cells, width));
  if (first > 0 || width > 2) return Math.max(first, 0);
  // In two columns one filled cell may be a value: what ends with a record of nothing is a preamble.
  const thick = records.findIndex(({ cells }) => filledCells(cells) > 1);
  return records.slice(0, Math.max(thick, 0)).findLastIndex(({ cells }) => filledCells(cells) === 0) + 1;
}

function isPreamble(cells: readonly string[], width: number): boolean {
  const filled = filledCells(cells);
  if (cells.length < width) return filled <= width / 2;
  return filled === 0 || (filled === 1 && width > 2);
}

function looksLikeHeader(cells: readonly string[]): boolean {
  return filledCells(cells) > cells.length / 2 && !cells.some(cell => isMeasure(cellKind(cell)));
}

function preambleDecision(skipped: readonly GridRow[], lines: number): Decision {
  const beginning = skipped[0]?.cells.find(cell => cell.trim() !== '') ?? '';
  return {
    name: 'skip_rows',
    value: lines,
    confidence: 0.9,
    reason: `fewer cells than the table below, beginning with ${quoted(beginning)}`,
  };
}

/** The first record is data where it has numbers, dates or times in columns of such, and nothing speaks for names. */
function decideHeader(
  header: readonly string[],
  columns: ReadonlyArray<CellKind | undefined>,
  bodyLength: number,
): Decision {
  const kinds = header.map(cellKind);
  const measured = measuredColumns(columns).filter(column => column < header.length);
  // The corner of a table with names on two sides is empty; elsewhere a value is missing.
  const isName = (column: number) => ['word', 'text', ...(column === 0 ? ['empty'] : [])].includes(kinds[column] ?? '');
  const named = measured.filter(isName);
  const alike = measured.filter(column => kinds[column] === columns[column] && !couldBeName(header, column));
  if (bodyLength === 0 && kinds.some(isFraction)) {
    const reason = 'the only record has decimals or times, which no name has';
    return { name: 'header', value: false, confidence: 0.6, reason };
  }
  const isAlike = bodyLength > 1 ? alike.length > 0 : alike.some(column => isFraction(kinds[column] as CellKind));
  if (named.length === 0 && isAlike) {
    const reason = `the first record has numbers, dates or times in ${columnCount(alike.length)}, like the records below`;
    return { name: 'header', value: false, confidence: alike.length > 1 && bodyLength > 1 ? 0.9 : 0.75, reason };
  }
  if (named.length === 0)
    return { name: 'header', value: true, confidence: 0.6, reason: 'as usual: the columns are text' };
  const reason = `the first record has names over ${columnCount(named.length)} of numbers, dates or times`;
  return { name: 'header', value: true, confidence: named.length > 1 ? 0.99 : 0.9, reason };
}

function isFraction(kind: CellKind): boolean {
  return kind === 'decimal' || kind === 'time';
}

function columnCount(count: number): string {
  return count === 1 ? '1 column' : `${count} columns`;
}

/** Whole numbers that count on from column to column, and years, are names too. */
function couldBeName(header: readonly string[], column: number): boolean {
  const number = Number(header[column]);
  if (!Number.isInteger(number)) return false;
  const neighbours = [header[column - 1], header[column + 1]].map(Number);
  return (number >= 1900 && number <= 2100) || neighbours.some(other => Math.abs(other - number) === 1);
}

/** Cells of the header; more where at least half of the records have something beyond. */
function tableWidth(header: readonly string[], body: ReadonlyArray<readonly string[]>, width: number): number {
  const wider = body.filter(cells => cells.slice(header.length, width).some(cell => cell !== ''));
  return body.length > 0 && wider.length >= body.length / 2 ? Math.max(width, header.length) : header.length;
}
