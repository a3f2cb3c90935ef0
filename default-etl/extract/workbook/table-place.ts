import type { Decision } from '../../protocol.ts';
import { type CellKind, cellKind, isMeasure, quoted } from '../table/cell-kind.ts';
import { joinNames } from './joined-names.ts';

/** A row that has something in it. */
export interface SheetRow {
  /** From 0. */
  row: number;
  /** As many as the widest row has; empty where there is nothing. */
  cells: readonly string[];
}

/** Where a table begins in a sheet. */
export interface TablePlace {
  /** As they stand there; undefined where the first row is none of names. */
  names: readonly string[] | undefined;
  /** The first row that is no name, from 0. */
  firstRow: number;
  decisions: Decision[];
}

/** A title further down than that is no title. */
const MOST_ABOVE = 60;
/** Cells of a column of numbers may be words for what is missing: one in five. */
const MEASURE_SHARE = 0.8;
const MOST_HEADER_ROWS = 3;
/** Further down than that, numbers say nothing about where the names are. */
const MOST_ROWS_OF_WORDS = 10;
/** So many rows with numbers above a table may be another one. */
const ROWS_OF_A_TABLE = 3;
/** A column or two may have no name: the corner of a table with names on two sides. */
const NAMED_SHARE = 0.8;

const UNIT =
  /^(\((\d{1,2}|[a-z])\)|\(?(en |in )?(%|‰|[€$£]|[km]€|nb|nombre|effectifs?|milliers?|millions?|milliards?|euros?|km²?|ha|hab|tonnes?|kg|number|thousands?)\.?\)?)$/i;

type Family = 'number' | 'date' | 'time' | undefined;

/**
 * Where the names of the columns are: above the first row with numbers or dates in the columns of such, in the row that names most columns; where none names nearly
 * all, in the last ones with most cells filled, joined. Where no column has numbers or dates, in the first row with most cells filled. Titles and notes above are
 * left out; in doubt the first row has the names. `given`: not empty.
 */
export function findTable(given: readonly SheetRow[]): TablePlace {
  const rows = given.map(({ row, cells }) => ({ row, cells: cells.map(cell => (cell.trim() === '' ? '' : cell)) }));
  const found = placeIn(rows);
  return isAllAbove(rows, found) ? named(rows, 0, 0) : found;
}

/** Whether rows would be left out as titles, and none is left: a title has one cell. */
function isAllAbove(rows: readonly SheetRow[], { firstRow }: TablePlace): boolean {
  return rows.at(-1)!.row < firstRow && rows.slice(0, -1).some(({ cells }) => filled(cells) > 1);
}

function placeIn(rows: readonly SheetRow[]): TablePlace {
  const usual = usualFilled(rows);
  const first = firstDense(rows, usual);
  const dense = rows.slice(first).filter(({ cells }) => filled(cells) > usual / 2);
  const columns = familiesOf(dense);
  const data = rows.findIndex(
    (row, index) => index >= first && filled(row.cells) > usual / 2 && isRecord(row, columns),
  );
  if (data < 0 || data > first + MOST_ROWS_OF_WORDS || dense.length < 2) return named(rows, topOf(rows, first), first);
  const used = usedColumns(dense);
  const whole = bestNamed(
    rows.map(row => (hasMeasure(row, columns) ? 0 : namedColumns(row, used))),
    used.length,
    { from: first, to: data },
  );
  if (whole >= 0) return named(rows, topOf(rows, whole), hasUnits(rows, whole) ? whole + 1 : whole);
  const last = rows.findLastIndex(({ cells }, index) => index >= first && index < data && filled(cells) > usual / 2);
  if (last >= 0) return named(rows, topOf(rows, last), last);
  return isHeaderOf(rows, data) ? named(rows, topOf(rows, data - 1), data - 1) : unnamed(rows, data);
}

/** Whether hardly a row has more than one cell, as on a page of explanations. */
export function isPage(rows: readonly SheetRow[]): boolean {
  return rows.length > 0 && usualFilled(rows) < 2;
}

function named(rows: readonly SheetRow[], top: number, last: number): TablePlace {
  const header = rows.slice(top, last + 1);
  const decisions = top > 0 ? [preambleDecision(rows, top)] : [];
  const names = joinNames(header.map(({ cells }) => cells));
  if (header.length > 1) decisions.push(headerDecision(header, names));
  return {
    names,
    firstRow: rows[last]!.row + 1,
    decisions,
  };
}

function unnamed(rows: readonly SheetRow[], first: number): TablePlace {
  const row = rows[first]!.row;
  const reason = `row ${row + 1} has numbers or dates like the rows below; header: true makes names of it`;
  const header: Decision = { name: 'header', value: false, confidence: 0.75, reason };
  return {
    names: undefined,
    firstRow: row,
    decisions: first > 0 ? [preambleDecision(rows, first), header] : [header],
  };
}

/** Cells that three of four rows have at most. */
function usualFilled(rows: readonly SheetRow[]): number {
  const counts = rows.map(({ cells }) => filled(cells)).toSorted((a, b) => a - b);
  return counts[Math.floor(counts.length * 0.75)] ?? 0;
}

function firstDense(rows: readonly SheetRow[], usual: number): number {
  const first = rows.findIndex(({ cells }) => filled(cells) > usual / 2);
  if (first <= 0 || first > MOST_ABOVE || usual < 2) return 0;
  // In two columns one cell may be a value: what is set apart is a title.
  return usual > 2 || rows[first]!.row > rows[first - 1]!.row + 1 ? first : 0;
}

/** What most cells of each column are, names above them left out: of the last two thirds of the rows. */
function familiesOf(dense: readonly SheetRow[]): Family[] {
  const body = dense.slice(Math.ceil(dense.length / 3));
  const width = dense[0]?.cells.length ?? 0;
  return Array.from({ length: width }, (_, column) => {
    const written = body.map(({ cells }) => cells[column] as string).filter(cell => cell !== '');
    const found = written.map(cellKind).filter(kind => kind !== 'empty');
    const counts = Map.groupBy(found, familyOf);
    const [common] = [...counts].toSorted(([, a], [, b]) => b.length - a.length);
    return common !== undefined && common[1].length >= MEASURE_SHARE * found.length ? common[0] : undefined;
  });
}

function familyOf(kind: CellKind): Family {
  if (!isMeasure(kind)) return undefined;
  return kind === 'whole' || kind === 'decimal' ? 'number' : (kind as Family);
}

/** Whether at least half of its cells in columns of numbers or dates are such, or words for what is missing; names are not: years and numbers that count on. */
function isRecord({ cells }: SheetRow, columns: readonly Family[]): boolean {
  const measured = columns.flatMap((family, column) => (family !== undefined && cells[column] !== '' ? [column] : []));
  const kinds = measured.map(column => cellKind(cells[column] as string));
  if (kinds.length > 0 && kinds.every(kind => kind === 'empty')) return true;
  const alike = measured.filter((column, index) => familyOf(kinds[index] as CellKind) === columns[column]);
  if (alike.length === 0 || alike.length < measured.length / 2) return false;
  return !countsOn(alike.map(column => cells[column] as string));
}

/** 2019, 2020, 2021 · 1, 2, 3: columns that are called so. */
function countsOn(cells: readonly string[]): boolean {
  if (!cells.every(cell => /^\d{1,4}$/.test(cell))) return false;
  const numbers = cells.map(Number);
  const rises = numbers.every((number, index) => index === 0 || number >= (numbers[index - 1] as number));
  const isTold = new Set(numbers).size === numbers.length || (rises && numbers.length > 2);
  const isYears = isTold && numbers.every(number => number >= 1900 && number <= 2100);
  return (
    isYears ||
    (cells.length > 2 && numbers.every((number, index) => index === 0 || number === (numbers[index - 1] as number) + 1))
  );
}

/** Those that have something in half of the rows. */
function usedColumns(dense: readonly SheetRow[]): number[] {
  const counts = (dense[0]?.cells ?? []).map((_, column) => dense.filter(({ cells }) => cells[column] !== '').length);
  return counts.flatMap((count, column) => (count >= dense.length / 2 ? [column] : []));
}

/** `counts`: names in each row. The one with nearly all of them; of several the one with most, or the first; -1 where there is none. */
function bestNamed(counts: readonly number[], width: number, { from, to }: { from: number; to: number }): number {
  const most = Math.max(...counts.slice(from, to), 0);
  return most > 0 && most >= NAMED_SHARE * width ? counts.indexOf(most, from) : -1;
}

/** Whether it has a number or date in a column of such that is no name. */
function hasMeasure({ cells }: SheetRow, columns: readonly Family[]): boolean {
  const alike = cells.filter((cell, column) => {
    const family = familyOf(cellKind(cell));
    return family !== undefined && family === columns[column];
  });
  return alike.length > 0 && !countsOn(alike);
}

function namedColumns({ cells }: SheetRow, used: readonly number[]): number {
  if (cells.every(cell => cell === '' || isUnit(cell))) return 0;
  return used.filter(column => cells[column] !== '').length;
}

/** Whether the next row has nothing but units of these names. */
function hasUnits(rows: readonly SheetRow[], index: number): boolean {
  const below = rows[index + 1];
  if (below === undefined || below.row !== (rows[index] as SheetRow).row + 1) return false;
  const units = below.cells.filter(cell => cell !== '');
  return units.length > 1 && units.every(isUnit);
}

/** Whether the row above is one of names, though it has few: they stand right above. */
function isHeaderOf(rows: readonly SheetRow[], data: number): boolean {
  const above = rows[data - 1];
  if (above === undefined || above.row + 1 !== rows[data]!.row) return false;
  return filled(above.cells) > 1 && above.cells.every(cell => familyOf(cellKind(cell)) === undefined);
}

/** The uppermost of the rows that name the columns: the next one above counts as long as those below do not say all. */
function topOf(rows: readonly SheetRow[], last: number): number {
  const width = rows[last]!.cells.findLastIndex(cell => cell !== '') + 1;
  let top = last;
  while (top > 0 && last - top < MOST_HEADER_ROWS - 1 && needsAbove(rows[top]!, rows[top - 1]!, width)) top--;
  return top;
}

function needsAbove({ row, cells }: SheetRow, above: SheetRow, width: number): boolean {
  if (above.row + 1 !== row || filled(above.cells) < 2) return false;
  if (above.cells.some((cell, column) => cell !== '' && cells[column] === '' && column < width)) return true;
  const names = cells.filter(cell => cell !== '');
  return new Set(names).size < names.length || names.every(isUnit);
}

/** `en milliers`, `%`, `(km²)`; or a number or letter of the column in brackets. */
function isUnit(name: string): boolean {
  return UNIT.test(name.trim());
}

function filled(cells: readonly string[]): number {
  return cells.reduce((count, cell) => (cell === '' ? count : count + 1), 0);
}

function preambleDecision(rows: readonly SheetRow[], first: number): Decision {
  const above = rows.slice(0, first);
  const beginning = above[0]?.cells.find(cell => cell !== '') ?? '';
  const measured = above.filter(({ cells }) => cells.some(cell => isMeasure(cellKind(cell))));
  const isTable = measured.length >= ROWS_OF_A_TABLE;
  const doubt = isTable ? `; ${measured.length} rows of it have numbers and may be a table of their own` : '';
  return {
    name: 'skip_rows',
    value: (rows[first] as SheetRow).row,
    confidence: isTable ? 0.4 : 0.8,
    reason: `what stands above the table is none of it, beginning with ${quoted(beginning)}${doubt}; skip_rows: 0 takes the first row for the names`,
  };
}

function headerDecision(header: readonly SheetRow[], names: readonly string[]): Decision {
  const lines = header.map(({ row }) => row + 1).join(' and ');
  const reason = `rows ${lines} make the names together; skip_rows with a list as header gives others`;
  return { name: 'header', value: names, confidence: 0.7, reason };
}
