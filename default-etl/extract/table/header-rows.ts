import { isMissing } from '../../types/text-cell.ts';
import { type CellKind, filledCells, isMeasure, isWord, measuredColumns, tableKinds } from './cell-kind.ts';
import type { GridRow } from './grid.ts';
import { countColumns, isInBrackets, isKnownUnit, isLetter, isUnit, isUnitLabel, withoutBrackets } from './units.ts';

/** The names that two or three rows make together. */
export interface JoinedHeader {
  names: string[];
  /** How many. */
  rows: number;
  /** What they are, for people: `groups of columns over the names`. */
  what: string;
  /**
   * Whether the first is one of groups, each of which goes on to the right, or of nothing that the next one has, too:
   * no title is like that.
   */
  isSurelyHeader: boolean;
}

const MOST_BODY = 100;
const MOST_ROWS = 3;
/** What database clients draw below the names. */
const RULE = /^(-{2,}|={2,})$/;

/**
 * A header in two or three rows, where that is beyond doubt: names of groups above names (`2019;;2020;` over
 * `nb;part;nb;part`), each group going on over the empty cells to its right; names of which each row has some; or
 * units, or dashes, below names. `table`: from the first row of the header on.
 */
export function joinHeader(table: readonly GridRow[], width: number): JoinedHeader | undefined {
  if (width < 2) return undefined;
  const whole = table.findIndex(({ cells, linesBefore }, at) => cells.length !== width || (at > 0 && linesBefore > 0));
  const most = Math.min(MOST_ROWS, whole < 0 ? table.length : whole, table.length - 1);
  for (let rows = most; rows > 1; rows--) {
    const found = joinRows(table.slice(0, rows), table.slice(rows, rows + MOST_BODY), width);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The lowest two first, and what they make with the one above. */
function joinRows(rows: readonly GridRow[], body: readonly GridRow[], width: number): JoinedHeader | undefined {
  const columns = tableKinds(
    body.map(({ cells }) => cells),
    width,
  );
  const used = columns.map((_, column) => body.some(({ cells }) => trimmed(cells[column] ?? '') !== ''));
  const [last, ...above] = rows.map(({ cells }) => cells.map(trimmed)).toReversed();
  let lower = last as string[];
  let found: Reading | undefined;
  for (const upper of above) {
    found = readingOf({ upper, lower, columns, used, recurs: recursIn(body, lower, columns) });
    if (found === undefined) return undefined;
    lower = found.names;
  }
  return found && { ...found, rows: rows.length };
}

interface Pair {
  upper: readonly string[];
  lower: readonly string[];
  columns: ReadonlyArray<CellKind | undefined>;
  /** Columns that have something in a row. */
  used: readonly boolean[];
  /**
   * A row has in a column of numbers the same text as the second one, which is then a row, too: they say why there is
   * no number. Or a row is the same.
   */
  recurs: boolean;
}

type Reading = Omit<JoinedHeader, 'rows'>;

/** What the second row is to the first. */
function readingOf(pair: Pair): Reading | undefined {
  const { upper, lower, recurs } = pair;
  const told = (names: string[], what: string, isSurelyHeader: boolean) => ({ names, what, isSurelyHeader });
  if (lower.every(cell => RULE.test(cell))) return told([...upper], 'the names, and dashes stand', true);
  if (recurs) return undefined;
  if (areUnits(pair)) return told(joined(upper, withoutLabel(lower)), 'the names, and units are', true);
  if (complete(pair)) return told(joined(upper, lower), 'some of the names, and the others are', true);
  if (!areGroups(pair) && !areRepeated(pair)) return undefined;
  return told(joined(groupsOver(pair), lower), 'groups of columns over the names', isSurelyOver(pair));
}

function recursIn(body: readonly GridRow[], lower: readonly string[], columns: Pair['columns']): boolean {
  if (measuredColumns(columns).some(column => isAmong(body, column, lower[column] as string))) return true;
  return (
    filledCells(lower) > 1 &&
    body.some(({ cells }) => lower.every((cell, column) => cell === trimmed(cells[column] ?? '')))
  );
}

/** Whether a row has this text in the column. */
export function isAmong(body: readonly GridRow[], column: number, text: string): boolean {
  return text !== '' && body.some(({ cells }) => trimmed(cells[column] ?? '') === text);
}

/** Whether it is written for a value that is missing. */
export function isMissingWord(cell: string): boolean {
  const bytes = Buffer.from(cell);
  return isMissing(bytes, 0, bytes.length);
}

/**
 * Every column has a name, in gaps between groups too; and the second record is no row: two of its names stand over
 * numbers, or one where it has names below groups alone. Where columns without a group have names in both, the lower
 * names do not tell enough: elsewhere names may be missing above a row of words.
 */
function areGroups(pair: Pair): boolean {
  const { upper, lower, columns } = pair;
  if (!areNames(pair)) return false;
  const gaps = gapsOf(upper);
  const named = measuredColumns(columns).filter(column => isWord(lower[column] as string)).length;
  if (!startGroups(pair)) return gaps.length > 1 && named > 1 && needsUpper(pair);
  return gaps.length > 0 && (named > 1 || (named === 1 && lower.includes('')));
}

/** Every group has the same names below it, words or years: no row of values repeats itself like that. */
function areRepeated(pair: Pair): boolean {
  const { upper, lower } = pair;
  if (!areNames(pair) || !startGroups(pair)) return false;
  const starts = upper.flatMap((cell, column) => (cell !== '' && upper[column + 1] === '' ? [column] : []));
  const below = starts.map(start => {
    const next = upper.findIndex((cell, column) => column > start && cell !== '');
    return lower.slice(start, next < 0 ? upper.length : next).join('\0');
  });
  return below.length > 1 && new Set(below).size === 1 && new Set(below[0]?.split('\0')).size > 1;
}

/** Two names at least in each, and one for each column that has something, but for the names of rows on the left. */
function areNames({ upper, lower, used }: Pair): boolean {
  if (filledCells(upper) < 2 || filledCells(lower) < 2) return false;
  const first = Math.max(...[upper, lower].map(cells => cells.findIndex(cell => cell !== '')));
  const isNamed = (column: number) => upper[column] !== '' || lower[column] !== '';
  if (!used.every((isUsed, column) => !isUsed || column < first || isNamed(column))) return false;
  return [...upper, ...lower].every(cell => cell === '' || isName(cell));
}

/** Columns without a name above, behind one that has one. */
function gapsOf(upper: readonly string[]): number[] {
  return upper.flatMap((cell, column) => (cell === '' && groupOf(upper, column) !== '' ? [column] : []));
}

/** Whether each column that has a name in both rows begins a group of several. */
function startGroups({ upper, lower }: Pair): boolean {
  const gaps = gapsOf(upper);
  return upper.every((cell, column) => cell === '' || lower[column] === '' || gaps.includes(column + 1));
}

/** A title begins over the first column, too, and goes over names that are told apart without it. */
function isSurelyOver(pair: Pair): boolean {
  const { upper, lower } = pair;
  return needsUpper(pair) || (startGroups(pair) && (upper[0] === '' || lower[0] === ''));
}

/** Whether the lower names alone do not tell the columns apart, or not all of them. */
function needsUpper({ upper, lower, used }: Pair): boolean {
  return isRepeating(lower) || used.some((isUsed, column) => isUsed && lower[column] === '' && upper[column] !== '');
}

function isRepeating(cells: readonly string[]): boolean {
  const given = cells.filter(cell => cell !== '');
  return new Set(given).size < given.length;
}

/**
 * Each column has a name in one of the rows, none in both, and those below are years, or words over numbers:
 * `Code;Nom;;` over `;;2019;2020`.
 */
function complete({ upper, lower, columns }: Pair): boolean {
  if (!upper.every((cell, column) => (cell === '') !== (lower[column] === ''))) return false;
  const below = lower.filter(cell => cell !== '');
  if (below.length < 2 || ![...upper, ...below].every(cell => cell === '' || isName(cell))) return false;
  return lower.every((cell, column) => cell === '' || isMeasure(columns[column] ?? 'text'));
}

/**
 * Every column has a name above, and what stands below some are units, all of numbers, dates or times. Text may have
 * one in brackets where all others are units beyond doubt. The first column may have its name below, or say what the
 * row is: `Unité`.
 */
function areUnits({ upper: above, lower: below, columns }: Pair): boolean {
  const isCorner = above[0] === '' && isWord(below[0] as string) && below.slice(1).every(isKnownUnit);
  const upper = isCorner ? [below[0] as string, ...above.slice(1)] : above;
  const lower = isCorner ? ['', ...below.slice(1)] : withoutLabel(below);
  const units = lower.flatMap((cell, column) => (cell === '' ? [] : [column]));
  const texts = units.map(column => lower[column] as string);
  if (texts.length === 0 || !upper.every(cell => isWord(cell) || isYear(cell))) return false;
  const textsOver = (isMeasured: boolean) =>
    units.filter(column => isMeasure(columns[column] ?? 'text') === isMeasured).map(column => lower[column] as string);
  const [measured, others] = [textsOver(true), textsOver(false)];
  if (countColumns(texts)) return measured.length > 1 || texts.length > 2;
  if (!texts.every(isUnit) || measured.length <= others.length || measured.every(isDoubtful)) return false;
  if (others.length > 0) return others.every(isInBrackets) && measured.every(isKnownUnit);
  return units.length > 1 || measured.every(isInBrackets) || (lower[0] === '' && measured.every(isSurelyUnit));
}

function withoutLabel(lower: readonly string[]): string[] {
  return lower.map((cell, column) => (column === 0 && isUnitLabel(cell) ? '' : cell));
}

/** A letter, or brackets around what is written for a missing value. */
function isDoubtful(cell: string): boolean {
  return isLetter(cell) || (isInBrackets(cell) && !isKnownUnit(cell) && isMissingWord(withoutBrackets(cell)));
}

/** No word that is written for a missing value, and none of a letter. */
function isSurelyUnit(cell: string): boolean {
  return !isLetter(cell) && !isMissingWord(cell);
}

function groupsOver({ upper, lower }: Pair): string[] {
  return upper.map((cell, column) => (cell === '' && lower[column] !== '' ? groupOf(upper, column) : cell));
}

/** The next name to the left; empty for none. */
function groupOf(upper: readonly string[], column: number): string {
  return upper.slice(0, column).findLast(cell => cell !== '') ?? '';
}

function joined(upper: readonly string[], lower: readonly string[]): string[] {
  return upper.map((cell, column) => (cell === lower[column] ? cell : `${cell} ${lower[column]}`.trim()));
}

function trimmed(cell: string): string {
  return cell.trim();
}

function isYear(cell: string): boolean {
  return /^(19|20)\d\d$/.test(cell);
}

/** Of a column or a group: a label with a colon names what is beside it, and `nc` stands where a number is missing. */
function isName(cell: string): boolean {
  return isYear(cell) || (isWord(cell) && !/[:：]$/.test(cell) && !isMissingWord(cell));
}
