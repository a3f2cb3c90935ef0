import { cellKind } from '../table/cell-kind.ts';
import { type HeadRecord, headRecords, type TextHead } from './head.ts';
import { type Dialect, DOUBLE_QUOTE } from './marks.ts';

/** Delimiters that nearly all files have. */
export const USUAL: readonly string[] = [',', ';', '\t', '|'];

/** No byte: cells are not quoted, or nothing escapes. */
export const NONE = -1;
/** What is tried where EXTRACT and the text say nothing else. */
export const PLAIN = { quote: DOUBLE_QUOTE, escape: NONE, skipsBlanks: false };

/**
 * Of 1,100 real files (23 November 2026) each of which fewer than 60 % of the records agree on a width, every table had
 * at least this share of numbers, dates and words in the records that do, and texts and logs had less.
 */
export const FEWEST_KNOWN = 0.3;

/** A dialect that is tried, and what it makes of the head. */
export interface Trial {
  dialect: Dialect;
  records: HeadRecord[];
  /** The commonest number of cells. */
  width: number;
  /** The share of the records that have it. */
  share: number;
  score: number;
}

export function tryDialect(head: TextHead, dialect: Dialect): Trial {
  const records = headRecords(head, dialect);
  const counts = new Map<number, number>();
  const filled = records.filter(({ cells }) => cells.some(cell => cell.trim() !== ''));
  for (const { cells } of filled) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1);
  let [width, most] = [1, 0];
  for (const [cells, count] of counts) {
    if (cells > 1 && (count > most || (count === most && cells > width))) [width, most] = [cells, count];
  }
  const share = most / Math.max(filled.length, 1);
  return { dialect, records, width, share, score: share === 0 ? 0 : share * plausibility(records, width, dialect) };
}

/**
 * How much the cells look like such, from 0.55 to 1.05. A wrong delimiter stands in texts, amounts and coordinates, and
 * cuts all else in the wrong places.
 */
function plausibility(records: readonly HeadRecord[], width: number, { delimiter }: Dialect): number {
  const whole = records.filter(record => record.cells.length === width);
  const cells = whole.flatMap(record => record.cells);
  const others = USUAL.filter(other => other !== delimiter.toString());
  const worths = cells.map((cell): number => {
    if (cellKind(cell) !== 'text') return 1;
    return others.some(other => cell.includes(other)) ? 0 : 0.5;
  });
  // Of a title above the table a wrong delimiter may cut as many cells, but not of the header below it.
  const isHeaderWhole = records.slice(0, 2).every(record => record.cells.length === width);
  const worth = worths.reduce((sum, next) => sum + next, 0) / Math.max(cells.length, 1);
  return 0.65 + 0.2 * worth + (isHeaderWhole ? 0.15 : 0) - 0.1 * blankShare(whole) + Math.min(width, 50) / 1000;
}

/** Of the cells behind a delimiter, the share that begins with a blank, as the words of a sentence do. */
export function blankShare(records: readonly HeadRecord[]): number {
  const behind = records.flatMap(record => record.cells.slice(1));
  return behind.filter(cell => /^ \S/.test(cell)).length / Math.max(behind.length, 1);
}

/** Of the cells of records that have `width` of them, the share that is a number, a date, a word…. */
export function knownShare(records: readonly HeadRecord[], width: number): number {
  const cells = records.filter(record => record.cells.length === width).flatMap(record => record.cells);
  return cells.filter(cell => cellKind(cell) !== 'text').length / Math.max(cells.length, 1);
}

export function better(winner: Trial, next: Trial): Trial {
  return next.score > winner.score ? next : winner;
}
