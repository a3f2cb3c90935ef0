import type { Decision } from '../../contract.ts';
import { type CellKind, cellKind, columnKinds, filledCells, isMeasure } from './cell-kind.ts';
import { commonWidth, type HeadRecord } from './head.ts';

/** Where the table begins in the head of a text, and what its first record is. */
export interface TableShape {
  /** Lines before the header. */
  skipLines: number;
  hasHeader: boolean;
  /** Columns: cells of the header, or more where most records have more. */
  width: number;
  /** Cells that most records have. */
  rowWidth: number;
  decisions: Decision[];
}

const MOST_BODY = 100;

/** `given`: what EXTRACT says. */
export function findShape(
  records: readonly HeadRecord[],
  given: { skipsNothing: boolean; hasHeader?: boolean | undefined },
): TableShape {
  const width = commonWidth(records);
  const first = given.skipsNothing ? 0 : preambleLength(records, width);
  const table = records.slice(first);
  const header = table[0]?.cells ?? [];
  const body = table.slice(1, 1 + MOST_BODY).map(record => record.cells);
  const columns = columnKinds(
    body.filter(cells => cells.length === width && (width < 3 || filledCells(cells) > 1)),
    width,
  );
  const decisions: Decision[] = [];
  const skipLines = first === 0 ? 0 : (records[first]?.line ?? 1) - 1;
  if (skipLines > 0) decisions.push(preambleDecision(records.slice(0, first), skipLines));
  const headerDecision = given.hasHeader === undefined ? decideHeader(header, columns, body.length) : undefined;
  if (headerDecision) decisions.push(headerDecision);
  const hasHeader = given.hasHeader ?? headerDecision?.value === true;
  const second = hasHeader ? secondTable(table, columns) : undefined;
  if (second) decisions.push(second);
  return {
    skipLines,
    hasHeader,
    width: hasHeader ? tableWidth(header, body, width) : Math.max(width, header.length),
    rowWidth: width,
    decisions,
  };
}

/** How many records stand before the table: titles, notes, lines of nothing but delimiters. 0 where in doubt. */
function preambleLength(records: readonly HeadRecord[], width: number): number {
  if (width < 2) return 0;
  const first = firstOfTable(records, width);
  const rest = records.slice(first);
  const whole = rest.filter(record => record.cells.length === width).length;
  if (first === 0 || whole < 1 || whole < rest.length / 2) return 0;
  const isNarrow = records.slice(0, first).some(({ cells }) => cells.length < width || filledCells(cells) === 0);
  if (isNarrow || looksLikeHeader(rest[0]!.cells)) return first;
  return 0;
}

function firstOfTable(records: readonly HeadRecord[], width: number): number {
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

function preambleDecision(skipped: readonly HeadRecord[], lines: number): Decision {
  const beginning = skipped[0]?.cells.find(cell => cell.trim() !== '') ?? '';
  return {
    name: 'skip_rows',
    value: lines,
    confidence: 0.9,
    reason: `fewer cells than the table below, beginning with ${JSON.stringify(beginning.slice(0, 60))}`,
  };
}

/** The first record is data where it has numbers, dates or times in columns of such, and nothing speaks for names. */
function decideHeader(
  header: readonly string[],
  columns: ReadonlyArray<CellKind | undefined>,
  bodyLength: number,
): Decision {
  const kinds = header.map(cellKind);
  const measured = columns.flatMap((kind, column) =>
    kind !== undefined && isMeasure(kind) && column < header.length ? [column] : [],
  );
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

/** A record that repeats the header, or has names where the columns have numbers: another table begins. Its rows are read as those of the first. */
function secondTable(table: readonly HeadRecord[], columns: ReadonlyArray<CellKind | undefined>): Decision | undefined {
  const header = table[0]?.cells ?? [];
  const measured = columns.flatMap((kind, column) => (kind !== undefined && isMeasure(kind) ? [column] : []));
  const repeats = (cells: readonly string[]) =>
    cells.filter((cell, column) => cell.trim() !== '' && cell === header[column]).length;
  const found = table.slice(2).find(({ cells }) => {
    if (repeats(cells) >= Math.max(2, filledCells(header) * 0.7)) return true;
    return measured.length > 2 && measured.every(column => ['word', 'text'].includes(cellKind(cells[column] ?? '')));
  });
  if (!found) return undefined;
  const reason = `line ${found.line} looks like the header of another table; its rows are read as rows of the first`;
  return { name: 'tables', value: 2, confidence: 0.8, reason };
}
