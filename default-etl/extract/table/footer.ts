import type { Decision } from '../../contract/protocol.ts';
import { type CellKind, cellKind, columnKinds, filledCells, isMeasure, measuredColumns, quoted } from './cell-kind.ts';
import { type GridRow, isSetApart, type Place, placesOf } from './grid.ts';
import { noteClues } from './note-clues.ts';
import { isMarked, isRowCount, isSentence, isSurelyMarked } from './note-marks.ts';

/** A longer stretch of single cells is a list, and no notes. */
const MOST_NOTES = 100;
/** So many single cells are a list, too, where most of them are neither sentences nor begin as notes do. */
const FEWEST_LISTED = 10;
/** Of the records above the notes so many must have all cells: in a table that is ragged, a short record says nothing. */
const WHOLE_SHARE = 0.9;
/** A text of so many characters, and twice as long as any cell of its column, is no name of what the others are. */
const LONG_TEXT = 30;
const TOTAL = /^\s*(sous[- ]|grand )?(total|totaux|totale|totals|ensemble|somme|sum|summe|gesamt)\b/i;

/** The last records of a table that are no rows: notes, and records of nothing. */
export interface Footer {
  length: number;
  /** By what the notes are told, in words; empty where nothing but empty records is there. */
  clues: readonly string[];
}

export const NO_FOOTER: Footer = { length: 0, clues: [] };

/** `records`: the end of a table of `width` columns, as far as it is looked at. Where in doubt there is no footer. */
export function findFooter(records: readonly GridRow[], width: number): Footer {
  if (width < 2 || records.length === 0 || !looksUnlikeRow(records.at(-1)!)) return NO_FOOTER;
  // In a sheet a note has as many cells as a row.
  const rows = records.filter(
    row => row.cells.length === width && filledCells(row.cells) > 1 && !isMarked(firstText(row)),
  );
  // Without the first, which may be a header.
  const kinds = columnKinds(
    rows.slice(1).map(({ cells }) => cells),
    width,
  );
  const first = firstThatCouldBeNote(records, kinds);
  const table = records.slice(0, first);
  const whole = table.filter(({ cells }) => cells.length === width);
  if (table.length < 2 || whole.length < table.length / 2) return NO_FOOTER;
  const asked = new Set([width - 1, ...records.slice(first).map(({ cells }) => firstFilled(cells))]);
  const usual: Usual = {
    columns: kinds.map((kind, column) => (asked.has(column) ? usualColumn(kind, columnOf(whole, column)) : undefined)),
    isRagged: whole.length < WHOLE_SHARE * table.length,
    hasThin: table.some(({ cells }) => filledCells(cells) === 1),
    hasGaps: table.slice(2).some(({ linesBefore, cells }) => linesBefore > 0 || filledCells(cells) === 0),
  };
  let begin = first;
  let clues: readonly string[] | undefined;
  for (; begin < records.length; begin++) {
    clues = isNothingBelow(records, begin) ? [] : cluesOf(records, begin, usual);
    if (clues !== undefined) break;
  }
  if (clues === undefined || isList(records.slice(begin))) return NO_FOOTER;
  while (begin > first && filledCells(records[begin - 1]!.cells) === 0) begin--;
  return { length: records.length - begin, clues };
}

/** What is said of the end of a table: what is left out, and a last row that may be none. `records`: with the footer. */
export function endDecisions(
  records: readonly GridRow[],
  footer: Footer,
  options: { isWhole: boolean; place: Place },
): Decision[] {
  const end = records.length - footer.length;
  return [
    footer.length > 0 ? footerDecision(records.slice(end), footer.clues, options) : undefined,
    lastRowDecision(records.slice(0, end), footer.length),
  ].filter(decision => decision !== undefined);
}

/** What is left out, for people. `isWhole`: lines are counted from the beginning of the file. */
function footerDecision(
  footer: readonly GridRow[],
  clues: readonly string[],
  { isWhole, place }: { isWhole: boolean; place: Place },
): Decision {
  const texts = footer.map(firstText).filter(text => text !== '');
  const lines = footer.at(-1)!.line - footer[0]!.line + 1;
  const found = isWhole ? placesOf(place, footer) : lines === 1 ? `the last ${place}` : `the last ${lines} ${place}s`;
  const what =
    texts.length === 0
      ? 'nothing in any cell'
      : `notes, beginning with ${quoted(texts[0] as string)}, which ${listed(clues)}`;
  return {
    name: 'skip_footer',
    value: footer.length,
    confidence: texts.length === 0 || texts.some(isMarked) ? 0.95 : 0.85,
    reason: `${found} ${lines === 1 ? 'is' : 'are'} no row of the table: ${what}; skip_footer: 0 makes rows of all`,
  };
}

/** Made where there are notes: the first one takes 20 ms and more (Node 24.21), which each file would wait for. */
function listed(clues: readonly string[]): string {
  return new Intl.ListFormat('en-GB').format(clues);
}

/**
 * A last row of totals, or one that begins as notes do, stays a row: only people know whether it may be left out.
 * `below`: records of the footer, which `records` are without.
 */
export function lastRowDecision(records: readonly GridRow[], below: number): Decision | undefined {
  const last = records.at(-1);
  if (last === undefined || records.length < 3) return undefined;
  const text = firstText(last);
  const isTotal = TOTAL.test(text);
  const isRow = filledCells(last.cells) > 1 && !isSetApart(records, records.length - 1);
  const couldBe = isRow ? isSurelyMarked(text) : isMarked(text);
  if (!isTotal && !couldBe) return undefined;
  const others = records.slice(0, -1).map(firstText);
  const isLikeOthers = isSurelyMarked(text) ? isSurelyMarked : isMarked;
  if (others.includes(text) || (!isTotal && others.slice(1).some(isLikeOthers))) return undefined;
  const advice = `EXTRACT.skip_footer: ${below + 1} leaves it out`;
  if (isTotal) {
    const reason = `the last row begins with ${quoted(text)} and is loaded; if it sums up the others, ${advice}`;
    return { name: 'totals', value: 1, confidence: 0.7, reason };
  }
  const reason = `the last row begins with ${quoted(text)} and is loaded; if it is a note, ${advice}`;
  return { name: 'notes', value: 1, confidence: 0.5, reason };
}

/** What the rows are like. */
interface Usual {
  /** The last, and those in which something is that could be a note. */
  columns: ReadonlyArray<UsualColumn | undefined>;
  /** Many have fewer cells, or more. */
  isRagged: boolean;
  /** Rows with one cell filled. */
  hasThin: boolean;
  /** Blank lines, or records of nothing, between rows. */
  hasGaps: boolean;
}

type Kinds = ReadonlyArray<CellKind | undefined>;

/** What the cells of a column are like. */
interface UsualColumn {
  /** Numbers, dates or times, and not even one text. */
  isMeasured: boolean;
  /** Some begin as notes do, or as rows never do. */
  hasMarks: boolean;
  hasSureMarks: boolean;
  /** Some are three words and more. */
  hasSentences: boolean;
  /** Most are, each another one. */
  isProse: boolean;
  /** Characters of the longest. */
  longest: number;
}

function usualColumn(kind: CellKind | undefined, cells: readonly string[]): UsualColumn {
  const sentences = new Set(cells.filter(isSentence)).size;
  return {
    isMeasured: kind !== undefined && isMeasure(kind) && !cells.slice(1).some(cell => cellKind(cell) === 'text'),
    hasMarks: cells.some(isMarked),
    hasSureMarks: cells.some(isSurelyMarked),
    hasSentences: sentences > 0,
    isProse: sentences > cells.length / 2,
    longest: cells.reduce((longest, cell) => Math.max(longest, cell.length), 0),
  };
}

function columnOf(records: readonly GridRow[], column: number): string[] {
  return records.map(({ cells }) => (cells[column] as string).trim());
}

/** Where the stretch begins, at the end, that could be notes and nothing else. */
function firstThatCouldBeNote(records: readonly GridRow[], kinds: Kinds): number {
  let first = records.length;
  for (let notes = 0; first > 1 && notes < MOST_NOTES && couldBeNote(records[first - 1]!, kinds); first--)
    if (filledCells(records[first - 1]!.cells) > 0) notes++;
  return first;
}

/** Whether it may be worth looking closer: most tables end with a row. */
function looksUnlikeRow(record: GridRow): boolean {
  return filledCells(record.cells) < 2 || isMarked(firstText(record));
}

/** Nothing at all, one text, or a sentence that the delimiter cuts; a lone number may be a sum, or a row cut off. */
function couldBeNote(record: GridRow, kinds: Kinds): boolean {
  const { cells } = record;
  const text = firstText(record);
  const filled = filledCells(cells);
  if (filled > 1) return isMarked(text) && !fits(cells, kinds);
  if (kinds.length > 2) return filled === 0 || !isMeasure(cellKind(text));
  return filled === 1 && firstFilled(cells) === 0 && !isMeasure(cellKind(text));
}

/** By what the notes begin with this record; undefined where they do not, or not beyond doubt. */
function cluesOf(records: readonly GridRow[], index: number, usual: Usual): string[] | undefined {
  const record = records[index]!;
  const at = firstFilled(record.cells);
  const column = usual.columns[at];
  if (column === undefined) return undefined;
  const text = firstText(record);
  const isSure = isSurelyMarked(text);
  const isMark = isSure ? !column.hasSureMarks : isMarked(text) && !column.hasMarks;
  return noteClues({
    mark: isMark ? (isSure ? 'sure' : 'usual') : undefined,
    isRowCount: isRowCount(text),
    isSentence: isSentence(text),
    isSetApart: isSetApart(records, index),
    isForeign: isForeign(text, column) && (isSure || !couldGoOn(record, usual)),
    isInFirstColumn: at === 0,
    hasSeveralCells: filledCells(record.cells) > 1,
    isColumnProse: column.isProse,
    columns: usual.columns.length,
    isRagged: usual.isRagged,
    hasThinRows: usual.hasThin,
    hasGaps: usual.hasGaps,
  });
}

/** Whether it can't be what the other cells of the column are: a text among numbers, or one far longer than all. */
function isForeign(text: string, { isMeasured, longest }: UsualColumn): boolean {
  if (isMeasured && cellKind(text) === 'text') return true;
  return text.length >= LONG_TEXT && text.length > 2 * longest;
}

/** Whether it may be the second line of a text at the end of the row before, around which nobody put quotes. */
function couldGoOn({ cells }: GridRow, { columns }: Usual): boolean {
  return cells.length !== columns.length && columns.at(-1)?.hasSentences === true;
}

function isList(notes: readonly GridRow[]): boolean {
  const texts = notes.map(firstText).filter(text => text !== '');
  const told = texts.filter(text => isSentence(text) || isMarked(text));
  return texts.length >= FEWEST_LISTED && told.length < texts.length / 2;
}

function isNothingBelow(records: readonly GridRow[], index: number): boolean {
  return records.slice(index).every(({ cells }) => filledCells(cells) === 0);
}

/**
 * Whether the record may be a row: all cells, and numbers where there are such; above the first one may stand a mark,
 * `*2023`.
 */
function fits(cells: readonly string[], kinds: Kinds): boolean {
  if (cells.length !== kinds.length) return false;
  const measured = measuredColumns(kinds);
  const odd = measured.filter(column => cellKind(cells[column] as string) === 'text');
  if (odd.length === 0) return true;
  const isFirst = odd.length === 1 && odd[0] === firstFilled(cells);
  return isFirst && measured.some(column => isMeasure(cellKind(cells[column] as string)));
}

/** -1 where none is. */
function firstFilled(cells: readonly string[]): number {
  return cells.findIndex(cell => cell.trim() !== '');
}

/** What stands in the first cell that is filled, without blanks around it; empty where none is. */
function firstText({ cells }: GridRow): string {
  return cells[firstFilled(cells)]?.trim() ?? '';
}
