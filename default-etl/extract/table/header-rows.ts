import type { Decision } from '../../protocol.ts';
import { type CellKind, cellKind, filledCells, isMeasure, isWord, measuredColumns, tableKinds } from './cell-kind.ts';
import type { GridRow } from './grid.ts';
import { isMissing } from '../../types/text-cell.ts';

/** The names that two records make together. */
export interface JoinedHeader {
  names: string[];
  /** Lines before the first row, as those of the header's records are counted. */
  skipLines: number;
  decision: Decision;
}

const MOST_BODY = 100;
/** Further records that a header may have. */
const MOST_ROWS = 8;
/** What database clients draw below the names. */
const RULE = /^(-{2,}|={2,})$/;
/** What stands below names as their unit: `(km²)`, `%`, `€`, `ml/min`. In brackets it may be any text that is no number: `(100)` is one of bookkeepers. */
const UNIT =
  /^([([](?!\s*[\d.,\s]+[)\]])[^)\]]+[)\]]|%|‰|nb|nombre|number|(k|m|md)?[€$£]|([kcmµu]?m[²³23]?|°|°?c|deg ?c|[kmgt]?(wh?|hz|b|o)|[kmµu]?[gs]|[mckh]?l|t|ha|[hkm]?pa|m?bar|m?[va]|k|h|d|min|ppm|db)(\/(m[²³23]?|h|s|min|l|ha))?)$/i;
/** A lone letter is a class or a size, too, and says of a value that it is secret. */
const LETTER = /^\p{L}$/u;

/**
 * A header in two records, where that is beyond doubt: names of groups above names (`2019;;2020;` over `nb;part;nb;part`), each group going on
 * over the empty cells to its right; or units, or dashes, below names. `table`: from the first record of the header on.
 */
export function joinHeader(table: readonly GridRow[], width: number): JoinedHeader | undefined {
  const [upper, lower, row] = table;
  if (upper === undefined || lower === undefined || row === undefined || lower.linesBefore > 0 || width < 2)
    return undefined;
  if (upper.cells.length !== width || lower.cells.length !== width) return undefined;
  const body = table.slice(2, 2 + MOST_BODY);
  const columns = bodyKinds(body, width);
  const pair = {
    upper: upper.cells.map(trimmed),
    lower: lower.cells.map(trimmed),
    columns,
    recurs: measuredColumns(columns).some(column => isAmong(body, column, trimmed(lower.cells[column] as string))),
  };
  const found = readingOf(pair);
  if (found === undefined) return undefined;
  const { names, what } = found;
  const reason = `line ${upper.line} has ${what} on line ${lower.line}; header: true takes line ${upper.line} alone`;
  return {
    names,
    skipLines: row.line - 1 - row.linesBefore,
    decision: { name: 'header', value: names, confidence: 0.9, reason },
  };
}

/** Records below the header with words over columns of numbers, where nobody knows what they mean. */
export function moreHeaderRows(table: readonly GridRow[], width: number): readonly GridRow[] {
  const more: GridRow[] = [];
  for (const record of table.slice(1, 1 + MOST_ROWS)) {
    if (!isAboveRows(record.cells, table.slice(2 + more.length), width)) break;
    more.push(record);
  }
  return more;
}

/** Words over all columns of numbers, two at least, or over periods in the first one: `idBank`, `Unité`, `Période` over `2024-01`. */
function isAboveRows(cells: readonly string[], below: readonly GridRow[], width: number): boolean {
  const measured = measuredColumns(bodyKinds(below, width));
  if (measured.length > 1 && measured.every(column => isWord(cells[column] ?? ''))) return true;
  const firsts = below.slice(MOST_ROWS, MOST_BODY).map(row => row.cells[0] ?? '');
  return firsts.length > 1 && firsts.every(isPeriod) && isWord(cells[0] ?? '') && !isPeriod(cells[0] as string);
}

export function headerRowsDecision(more: readonly GridRow[]): Decision | undefined {
  const last = more.at(-1)?.line;
  if (last === undefined) return undefined;
  const lines = more.length === 1 ? `line ${last} has` : `lines ${more[0]?.line} to ${last} have`;
  return {
    name: 'header_rows',
    value: more.length + 1,
    confidence: 0.7,
    reason:
      `${lines} words where the columns have numbers or dates, as further lines of a header have; they are loaded as rows. ` +
      `To leave them out set EXTRACT.skip_rows: ${last} and EXTRACT.header to the list of the names`,
  };
}

/** What the second record is to the first. */
function readingOf(pair: Pair): { names: string[]; what: string } | undefined {
  const { upper, lower, recurs } = pair;
  if (lower.every(cell => RULE.test(cell))) return { names: [...upper], what: 'the names, and dashes stand' };
  if (recurs) return undefined;
  if (areUnits(pair)) return { names: joined(upper, lower), what: 'the names, and units are' };
  if (!areGroups(pair)) return undefined;
  return { names: joined(groupsOver(pair), lower), what: 'groups of columns over the names' };
}

interface Pair {
  upper: readonly string[];
  lower: readonly string[];
  columns: ReadonlyArray<CellKind | undefined>;
  /** A row has in a column of numbers the same text as the second record, which is then a row, too: they say why there is no number. */
  recurs: boolean;
}

function isAmong(body: readonly GridRow[], column: number, text: string): boolean {
  return text !== '' && body.some(({ cells }) => trimmed(cells[column] ?? '') === text);
}

function isMissingWord(cell: string): boolean {
  const bytes = Buffer.from(cell);
  return isMissing(bytes, 0, bytes.length);
}

/**
 * Every column has a name, in gaps between groups too; and the second record is no row: two of its names stand over numbers, or one where it has names below
 * groups alone. One gap is no proof where other columns have names in both: a name may be missing above a row of words.
 */
function areGroups({ upper, lower, columns }: Pair): boolean {
  if (filledCells(upper) < 2 || filledCells(lower) < 2) return false;
  if (!upper.every((cell, column) => cell !== '' || lower[column] !== '')) return false;
  if (![...upper, ...lower].every(cell => cell === '' || isName(cell))) return false;
  const gaps = upper.flatMap((cell, column) => (cell === '' && groupOf(upper, column) !== '' ? [column] : []));
  const isShared = upper.every((cell, column) => cell === '' || lower[column] === '' || gaps.includes(column + 1));
  const named = measuredColumns(columns).filter(column => isWord(lower[column] as string)).length;
  if (!isShared) return gaps.length > 1 && named > 1;
  return gaps.length > 0 && (named > 1 || (named === 1 && lower.includes('')));
}

/** Every column has a name above, and what stands below some are units, all of numbers, dates or times. Text may have one in brackets where all others are units beyond doubt. */
function areUnits({ upper, lower, columns }: Pair): boolean {
  const units = lower.flatMap((cell, column) => (cell === '' ? [] : [column]));
  if (units.length === 0 || !upper.every(isWord) || !units.every(column => UNIT.test(lower[column] as string)))
    return false;
  const textsOver = (isMeasured: boolean) =>
    units.filter(column => isMeasure(columns[column] ?? 'text') === isMeasured).map(column => lower[column] as string);
  const [measured, others] = [textsOver(true), textsOver(false)];
  if (measured.length <= others.length || measured.every(isDoubtful)) return false;
  if (others.length > 0) return others.every(isInBrackets) && measured.every(isKnownUnit);
  return units.length > 1 || measured.every(isInBrackets);
}

function isInBrackets(cell: string): boolean {
  return /^[([]/.test(cell);
}

/** Whether it is a unit without its brackets, too. */
function isKnownUnit(cell: string): boolean {
  return UNIT.test(withoutBrackets(cell));
}

/** A letter, or brackets around what is written for a missing value. */
function isDoubtful(cell: string): boolean {
  return LETTER.test(cell) || (isInBrackets(cell) && !isKnownUnit(cell) && isMissingWord(withoutBrackets(cell)));
}

function withoutBrackets(cell: string): string {
  return cell.replace(/^[([]\s*|\s*[)\]]$/g, '');
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

function bodyKinds(body: readonly GridRow[], width: number): Array<CellKind | undefined> {
  return tableKinds(
    body.slice(0, MOST_BODY).map(({ cells }) => cells),
    width,
  );
}

/** A year, or a month, quarter or half of one: `2024-01`, `2024-T1`; or a date. */
function isPeriod(cell: string): boolean {
  return /^\s*(19|20)\d\d([-/ ]?[TQSM]?\d{1,2})?\s*$/i.test(cell) || cellKind(cell) === 'date';
}

/** Of a column or a group: a label with a colon names what is beside it, and `nc` stands where a number is missing. */
function isName(cell: string): boolean {
  return /^(19|20)\d\d$/.test(cell) || (isWord(cell) && !/[:：]$/.test(cell) && !isMissingWord(cell));
}
