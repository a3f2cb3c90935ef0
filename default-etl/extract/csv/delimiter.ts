import { commonWidth } from '../table/grid.ts';
import { cellKind, isMeasure, isWord, measuredColumns, tableKinds } from '../table/cell-kind.ts';
import type { HeadRecord, TextHead } from './head.ts';
import type { Dialect } from './marks.ts';
import { better, blankShare, FEWEST_KNOWN, knownShare, PLAIN, type Trial, tryDialect, USUAL } from './trial.ts';

/** Taken only where every record has as many cells: these stand in texts, times and names, too. */
const UNUSUAL = [':', ' ', '~', '^', '#', '!', '*', '§', '¦', '¬', '\x01', '\x1e', '\x1f'];
/** For a file of one column: the first that its text does not hold. */
const NOT_IN_TEXT = ['\t', '|', ';', '\x1f'];
const DECIMAL_COMMA = /^\s*[-+]?\d[\d \u00a0\u202f]*(,\d+)?\s*$/;
/** Of the words behind a delimiter that stands in texts so many may be numbers. */
const MOST_NUMBERS = 0.1;
/** Where fewer records agree on a width, and their cells are not FEWEST_KNOWN, it is a text. */
const AGREED = 0.6;
/**
 * Where blanks cut cells in quotes, so many records have their quotes where they should be, and so many as many cells
 * as the names: of others a text without quotes has blanks.
 */
const CLEAN_SHARE = 0.95;
const QUOTED_SHARE = 0.4;

/**
 * The delimiter that cuts the head most evenly into cells that look like such; one that the text does not hold where it
 * is a text, or one column. `fallback` where nothing says anything.
 */
export function bestDelimiter(head: TextHead, declared: Partial<Dialect>, fallback: string): Trial {
  // Any number of blanks is one delimiter.
  const attempt = (delimiter: string) =>
    tryDialect(head, { ...PLAIN, skipsBlanks: delimiter === ' ', ...declared, delimiter: Buffer.from(delimiter) });
  const text = head.bytes.toString();
  const quoted = text.startsWith('"') ? attempt(' ') : undefined;
  if (quoted !== undefined && areQuotedCells(quoted, text)) return quoted;
  const oneColumn = () => attempt(NOT_IN_TEXT.find(delimiter => !text.includes(delimiter)) ?? fallback);
  const usual = USUAL.map(attempt).reduce(better);
  const blanks = usual.records[0]?.cells.length === 1 && text.includes(' "') ? attempt(' ') : undefined;
  if (blanks !== undefined && hasQuotedCells(blanks, text)) return blanks;
  if (isOneColumn(usual)) return oneColumn();
  const isKnown = knownShare(usual.records, usual.width) >= FEWEST_KNOWN;
  if (usual.share >= 0.5 && isKnown) return usual;
  const unusual = UNUSUAL.filter(delimiter => text.includes(delimiter))
    .map(attempt)
    .filter(trial => isUnmistakable(trial) || beginsWithRowNames(trial, text));
  if (unusual.length > 0) return unusual.reduce(better);
  if (usual.share > 0 && usual.share < AGREED && !isKnown) return oneColumn();
  return usual.score > 0 ? usual : attempt(fallback);
}

/**
 * Whether the delimiter stands in the texts or amounts of the one column that the first record names: a title would
 * stand over a header.
 */
function isOneColumn({ dialect, records, width, share }: Trial): boolean {
  const [first, ...rest] = records;
  if (share === 0 || first?.cells.length !== 1) return false;
  const delimiter = dialect.delimiter.toString();
  if (rest.every(({ cells }) => DECIMAL_COMMA.test(cells.join(delimiter)))) return true;
  if (commonWidth(records) === 1) return true;
  if (rest[0]?.line !== first.line + 1 || blankShare(rest) <= 0.9) return false;
  return knownShare(rest, width) < 0.5 || areTexts(rest);
}

/** `Dupont, Jean`, `12, rue de la Paix`: words behind the delimiter, and hardly a number. */
function areTexts(records: readonly HeadRecord[]): boolean {
  const behind = records.flatMap(({ cells }) => cells.slice(1));
  return behind.filter(cell => isMeasure(cellKind(cell))).length <= MOST_NUMBERS * behind.length;
}

/**
 * Every record, the first too, has as many cells, and most are numbers, dates or words; a blank or a colon makes three
 * of them.
 */
function isUnmistakable({ dialect, records, width, share }: Trial): boolean {
  const fewest = /^[ :]$/.test(dialect.delimiter.toString()) ? 3 : 2;
  return (
    records.length >= 3 &&
    width >= fewest &&
    share >= 0.98 &&
    records[0]?.cells.length === width &&
    knownShare(records, width) >= 0.8
  );
}

/**
 * Cells cut by blanks, the first of each record in quotes, and none with a quote where none should be: all have as
 * many, or the header has one less.
 */
function areQuotedCells({ records, width }: Trial, text: string): boolean {
  const [header, ...rows] = records;
  if (rows.length === 0 || width < 2 || !records.every(({ isClean }) => isClean)) return false;
  if (rows.some(({ cells }) => cells.length !== width)) return false;
  return width - (header?.cells.length ?? 0) <= 1 && areQuoted(text, records.length, ' ');
}

/**
 * Whether blanks cut names, and the most records into as many cells, where in nearly every line a cell in quotes stands
 * between blanks, and no quote elsewhere: no text has that line by line.
 */
function hasQuotedCells({ records, width, share }: Trial, text: string): boolean {
  const names = records[0]?.cells ?? [];
  if (width < 3 || share < QUOTED_SHARE || names.length !== width || !names.every(isWord)) return false;
  if (records.filter(({ isClean }) => isClean).length < CLEAN_SHARE * records.length) return false;
  const lines = text.split(/\r\n|\r|\n/, records.length);
  return lines.filter(line => / "[^"]*"(?= |$)/.test(line)).length >= CLEAN_SHARE * lines.length;
}

/**
 * As R writes a table: each row begins with its name, for which the header has none. In quotes any text is a name;
 * without them the columns have numbers.
 */
function beginsWithRowNames({ dialect, records, width }: Trial, text: string): boolean {
  const [header, ...rows] = records;
  if (header?.cells.length !== width - 1 || rows.length === 0 || rows.some(({ cells }) => cells.length !== width))
    return false;
  if (width > 2 && areQuoted(text, records.length, dialect.delimiter.toString())) return true;
  const columns = tableKinds(
    rows.map(({ cells }) => cells),
    width,
  );
  const hasNumbers = measuredColumns(columns).some(column => column > 0);
  return rows.length > 1 && width > 2 && hasNumbers && knownShare(records, width) >= 0.8;
}

/** Whether each line begins with a cell in quotes. */
function areQuoted(text: string, count: number, delimiter: string): boolean {
  const lines = text.split(/\r\n|\r|\n/, count);
  return lines.every(
    line => line.startsWith('"') && ['', delimiter].includes(/^"(?:[^"]|"")*"(.?)/s.exec(line)?.[1] ?? 'none'),
  );
}
