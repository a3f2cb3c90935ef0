import type { Decision } from '../../contract.ts';
import { type CellKind, cellKind, columnKinds, filledCells, isMeasure } from './cell-kind.ts';
import type { HeadRecord } from './head.ts';

/** A longer stretch of single cells is a list, and no notes. */
const MOST_NOTES = 100;
/** Of the records above the notes so many must have all cells: in a table that is ragged, a short record says nothing. */
const WHOLE_SHARE = 0.9;

/** Characters of a cell: what a note is, its beginning says. */
const MOST_LOOKED_AT = 200;

/** How notes begin: `Source : Insee`, `* provisoire`, `(1) …`, `-- fin --`, `Mis à jour le 3 mai`. */
const MARKS: readonly RegExp[] = [
  /^\s*(sources?|notes?|nota( bene)?|n\.?b\.?|lecture|champ|légende|avertissement|remarques?|unités?|précisions?|définitions?|méthodologie|traitements?|copyright|disclaimer|footnotes?|quelle|fuente|fonte)\s*(\(\w*\)\s*)?(\s*:|\.\s|\s[–—-]\s)/i,
  /^\s*(mise? à jour|date d['’](extraction|édition|export)|extraits? (le|du)|(exporté|édité|généré)e?s? (le|par|depuis|à)|données (au|du|extraites|provisoires))(?!\p{L})/iu,
  /^\s*(p|r|e|nd|n\.d\.?|ns|so|s)\s*[:=]\s*\p{L}/iu,
  /^\s*(last updated|(updated|generated|exported|extracted) (on|by|at|from)|report (run|generated|date)|data (from|source|as of|extracted|downloaded))\b/i,
  /^\s*(\*+|[†‡©¹²³⁴⁵]|\((\*+|\d{1,2}|[a-z]{1,3})\)|\[(\*+|\d{1,2}|[a-z])\])\s*\S/i,
  /^\s*(([#=*_-])\2{2,}|(#|\/\/|--)\s+\S)/,
  /^\s*(fin (de|du) (fichier|tableau|document)|end of (file|report|document|table|data)|eof\s*$)/i,
];
/** What database clients write below a result. */
const ROW_COUNT =
  /^\s*\(?\d[\d .,]* (rows?|records?|lignes?|enregistrements?)(\(s\))?( (affected|selected|returned|affectée?s?|sélectionnée?s?|retournée?s?|exportée?s?))?( in .*)?\)?\.?\s*$/i;
const TOTAL = /^\s*(sous[- ]|grand )?(total|totaux|totale|totals|ensemble|somme|sum|summe|gesamt)\b/i;

/**
 * How many of the last records are no rows: notes, and records of nothing. 0 where in doubt. `records`: the end of a table of `width` columns, as far as it is
 * looked at.
 */
export function footerLength(records: readonly HeadRecord[], width: number): number {
  if (width < 2) return 0;
  const rows = records.filter(({ cells }) => cells.length === width && filledCells(cells) > 1);
  // Without the first, which may be a header.
  const columns = columnKinds(
    rows.slice(1).map(({ cells }) => cells),
    width,
  );
  let first = records.length;
  for (let notes = 0; first > 1 && notes < MOST_NOTES && couldBeNote(records[first - 1]!, columns); first--)
    if (filledCells(records[first - 1]!.cells) > 0) notes++;
  const table = records.slice(0, first);
  const whole = table.filter(({ cells }) => cells.length === width);
  if (table.length < 2 || whole.length < table.length / 2) return 0;
  const usual: Usual = {
    columns,
    isRagged: whole.length < WHOLE_SHARE * table.length,
    hasThin: table.some(({ cells }) => filledCells(cells) === 1),
    hasMarks: whole.some(({ cells }) => isMarked(cells.find(cell => cell.trim() !== '') ?? '')),
    hasGaps: table.slice(2).some(({ linesBefore, cells }) => linesBefore > 0 || filledCells(cells) === 0),
  };
  let begin = first;
  while (begin < records.length && !beginsNotes(records, begin, usual)) begin++;
  while (begin > first && filledCells(records[begin - 1]!.cells) === 0) begin--;
  return records.length - begin;
}

/** What is left out, for people. `isWhole`: lines are counted from the beginning of the file. */
export function footerDecision(footer: readonly HeadRecord[], isWhole: boolean): Decision {
  const texts = footer.flatMap(({ cells }) => cells.filter(cell => cell.trim() !== '').slice(0, 1));
  const [first, last] = [footer[0]!.line, footer.at(-1)!.line];
  const lines = last - first + 1;
  const place = isWhole ? (lines === 1 ? `line ${first} is` : `lines ${first} to ${last} are`) : lastLines(lines);
  const what = texts.length === 0 ? 'nothing in any cell' : `notes, beginning with ${quoted(texts[0] as string)}`;
  return {
    name: 'skip_footer',
    value: footer.length,
    confidence: texts.length === 0 || texts.some(isMarked) ? 0.95 : 0.85,
    reason: `${place} no row of the table: ${what}; skip_footer: 0 makes rows of all`,
  };
}

/** A last row of totals stays a row: only people know whether it may be left out. `below`: records of the footer, which `records` are without. */
export function totalsDecision(records: readonly HeadRecord[], below: number): Decision | undefined {
  const labels = records.map(({ cells }) => cells.find(cell => cell.trim() !== '') ?? '');
  const label = labels.at(-1) ?? '';
  if (!TOTAL.test(label) || records.length < 3 || labels.indexOf(label) < labels.length - 1) return undefined;
  const reason = `the last row begins with ${quoted(label)} and is loaded; if it sums up the others, EXTRACT.skip_footer: ${below + 1} leaves it out`;
  return { name: 'totals', value: 1, confidence: 0.7, reason };
}

/** What the rows are like. */
interface Usual {
  columns: ReadonlyArray<CellKind | undefined>;
  /** Many have fewer cells, or more. */
  isRagged: boolean;
  /** Rows with one cell filled. */
  hasThin: boolean;
  /** Rows that begin as notes do. */
  hasMarks: boolean;
  /** Blank lines, or records of nothing, between rows. */
  hasGaps: boolean;
}

/** Nothing at all, one text, or a sentence that the delimiter cuts; a lone number may be a sum, or a row cut off. */
function couldBeNote({ cells }: HeadRecord, columns: Usual['columns']): boolean {
  const [text = ''] = cells.filter(cell => cell.trim() !== '');
  const filled = filledCells(cells);
  if (filled > 1) return isMarked(text) && !fits(cells, columns);
  if (columns.length > 2) return filled === 0 || !isMeasure(cellKind(text));
  return cells.length === 1 && !isMeasure(cellKind(text));
}

/** Whether the notes begin with this record, beyond doubt. */
function beginsNotes(records: readonly HeadRecord[], index: number, usual: Usual): boolean {
  const { cells } = records[index]!;
  const column = cells.findIndex(cell => cell.trim() !== '');
  if (column < 0) return isNothingBelow(records, index);
  const text = cells[column] as string;
  const isApart = isSetApart(records, index);
  const isTold = isApart && !usual.hasGaps;
  const isMark = isMarked(text) && !usual.hasMarks;
  if (usual.isRagged) return isMark && isTold;
  // A row whose text holds the delimiter has more cells, too.
  if (filledCells(cells) > 1) return isMark && (isTold || isOdd(text, usual.columns[column]));
  if (usual.columns.length === 2) return isMark && (isTold || ROW_COUNT.test(text));
  if (isMark && (column === 0 || isSentence(text))) return isTold || !usual.hasThin || (isApart && isSentence(text));
  return !usual.hasThin && isSentence(text) && (isTold || isOdd(text, usual.columns[column]));
}

function isMarked(cell: string): boolean {
  const text = cell.slice(0, MOST_LOOKED_AT);
  return ROW_COUNT.test(text) || MARKS.some(mark => mark.test(text));
}

function isNothingBelow(records: readonly HeadRecord[], index: number): boolean {
  return records.slice(index).every(({ cells }) => filledCells(cells) === 0);
}

function isSetApart(records: readonly HeadRecord[], index: number): boolean {
  const before = records[index - 1];
  return records[index]!.linesBefore > 0 || (before !== undefined && filledCells(before.cells) === 0);
}

/** Three words at least: fewer may be a row whose rest was cut off. */
function isSentence(text: string): boolean {
  return /\S\s+\S+\s+\S/.test(text.slice(0, MOST_LOOKED_AT));
}

/** Whether it is a text in a column of numbers, dates or times. */
function isOdd(text: string, kind: CellKind | undefined): boolean {
  return kind !== undefined && isMeasure(kind) && cellKind(text) === 'text';
}

/** Whether the record may be a row: all cells, and numbers where there are such. */
function fits(cells: readonly string[], columns: Usual['columns']): boolean {
  if (cells.length !== columns.length) return false;
  return !columns.some((kind, column) => isOdd(cells[column] ?? '', kind));
}

function quoted(text: string): string {
  return JSON.stringify(text.trim().slice(0, 60));
}

function lastLines(lines: number): string {
  return lines === 1 ? 'the last line is' : `the last ${lines} lines are`;
}
