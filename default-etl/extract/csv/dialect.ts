import type { Decision } from '../../contract.ts';
import { configFailure } from '../../failure.ts';
import type { Extract } from '../../settings.ts';
import { cellKind } from './cell-kind.ts';
import { commonWidth, type HeadRecord, headRecords, type TextHead } from './head.ts';
import type { Dialect } from './marks.ts';

const USUAL = [',', ';', '\t', '|'];
/** Taken only where every record has as many cells: these stand in texts, times and names, too. */
const UNUSUAL = [':', ' ', '~', '^', '#', '!', '*', '§', '¦', '¬', '\x01', '\x1e', '\x1f'];
/** For a file of one column: the first that its text does not hold. */
const NOT_IN_TEXT = ['\t', '|', ';', '\x1f'];
const DECIMAL_COMMA = /^\s*[-+]?\d[\d \u00a0\u202f]*(,\d+)?\s*$/;
const NAMES: Record<string, string> = { '\\t': '\t', tab: '\t', comma: ',', semicolon: ';', pipe: '|', space: ' ' };
const DOUBLE_QUOTE = 34;
const SINGLE_QUOTE = 39;
const NONE = -1;
const BACKSLASH = 92;

/** A dialect that is tried, and what it makes of the head. */
interface Trial {
  dialect: Dialect;
  records: HeadRecord[];
  /** The commonest number of cells. */
  width: number;
  /** The share of the records that have it. */
  share: number;
  score: number;
}

/** The dialect that EXTRACT declares; what it leaves open is found in the first bytes of the text, which are cut into `records` with it. Throws EtlFailure 78. */
export function findDialect(
  head: TextHead,
  extract: Extract,
  fallback: string,
): { dialect: Dialect; records: HeadRecord[]; decisions: Decision[] } {
  const declared = declaredParts(extract);
  const first = declared.delimiter
    ? tryDialect(head, { ...PLAIN, ...declared, delimiter: declared.delimiter })
    : bestDelimiter(head, declared, fallback);
  const refined = [withQuote, withEscape, withDoubledDelimiter, withSkippedBlanks].reduce(
    (trial, refine) => refine(head, trial, declared),
    first,
  );
  const { dialect, width } = refined;
  return { dialect, records: headRecords(head, dialect, width), decisions: decisionsOf(refined, declared) };
}

const PLAIN = { quote: DOUBLE_QUOTE, escape: NONE, skipsBlanks: false };

function declaredParts(extract: Extract): Partial<Dialect> {
  const quote = quoteByte(extract.quote);
  const escape = escapeByte(extract.escape, quote ?? DOUBLE_QUOTE);
  return {
    ...(extract.delimiter === undefined ? {} : { delimiter: delimiterBytes(extract.delimiter) }),
    ...(quote === undefined ? {} : { quote }),
    ...(escape === undefined ? {} : { escape }),
    ...(extract.skip_blanks === undefined ? {} : { skipsBlanks: extract.skip_blanks }),
  };
}

function delimiterBytes(delimiter: string): Buffer {
  if (delimiter === '') throw configFailure('EXTRACT.delimiter is empty; give a character such as ; or \\t');
  return Buffer.from(NAMES[delimiter] ?? delimiter);
}

function quoteByte(quote: string | false | undefined): number | undefined {
  if (quote === undefined) return undefined;
  return quote === false || quote === '' ? NONE : oneByte('EXTRACT.quote', quote);
}

function escapeByte(escape: string | undefined, quote: number): number | undefined {
  if (escape === undefined) return undefined;
  const byte = escape === '' ? NONE : oneByte('EXTRACT.escape', escape);
  return byte === quote ? NONE : byte;
}

function oneByte(key: string, character: string): number {
  const bytes = Buffer.from(character);
  if (bytes.length !== 1) throw configFailure(`${key} ${JSON.stringify(character)} must be one ASCII character`);
  return bytes[0] as number;
}

function tryDialect(head: TextHead, dialect: Dialect): Trial {
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

/** How much the cells look like such, from 0.55 to 1.05. A wrong delimiter stands in texts, amounts and coordinates, and cuts all else in the wrong places. */
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
function blankShare(records: readonly HeadRecord[]): number {
  const behind = records.flatMap(record => record.cells.slice(1));
  return behind.filter(cell => /^ \S/.test(cell)).length / Math.max(behind.length, 1);
}

/** Of the cells of records that have `width` of them, the share that is a number, a date, a word…. */
function knownShare(records: readonly HeadRecord[], width: number): number {
  const cells = records.filter(record => record.cells.length === width).flatMap(record => record.cells);
  return cells.filter(cell => cellKind(cell) !== 'text').length / Math.max(cells.length, 1);
}

function bestDelimiter(head: TextHead, declared: Partial<Dialect>, fallback: string): Trial {
  // Any number of blanks is one delimiter.
  const attempt = (delimiter: string) =>
    tryDialect(head, { ...PLAIN, skipsBlanks: delimiter === ' ', ...declared, delimiter: Buffer.from(delimiter) });
  const usual = USUAL.map(attempt).reduce(better);
  const text = head.bytes.toString();
  if (isOneColumn(usual)) return attempt(NOT_IN_TEXT.find(delimiter => !text.includes(delimiter)) ?? fallback);
  if (usual.share >= 0.5) return usual;
  const unusual = UNUSUAL.filter(delimiter => text.includes(delimiter))
    .map(attempt)
    .filter(isUnmistakable);
  if (unusual.length > 0) return unusual.reduce(better);
  return usual.score > 0 ? usual : attempt(fallback);
}

/** Whether the delimiter stands in the texts or amounts of the one column that the first record names: a title would stand over a header. */
function isOneColumn({ dialect, records, width, share }: Trial): boolean {
  const [first, ...rest] = records;
  if (share === 0 || first?.cells.length !== 1) return false;
  const delimiter = dialect.delimiter.toString();
  if (rest.every(({ cells }) => DECIMAL_COMMA.test(cells.join(delimiter)))) return true;
  const isProse = rest[0]?.line === first.line + 1 && blankShare(rest) > 0.9 && knownShare(rest, width) < 0.5;
  return isProse || commonWidth(records) === 1;
}

function better(winner: Trial, next: Trial): Trial {
  return next.score > winner.score ? next : winner;
}

/** Every record, the first too, has as many cells, and most are numbers, dates or words; a blank or a colon makes three of them. */
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

type Refinement = (head: TextHead, trial: Trial, declared: Partial<Dialect>) => Trial;

/** `'` where no cell begins with `"` and whole cells stand in it; none where `"` only breaks records apart, or never closes a cell. */
const withQuote: Refinement = (head, trial, declared) => {
  if (declared.quote !== undefined) return trial;
  const bare = tryDialect(head, { ...trial.dialect, quote: NONE });
  const cells = bare.records.flatMap(record => record.cells.map(cell => cell.trim()));
  const isQuoted = (cell: string, quote: string) => cell.length > 1 && cell.startsWith(quote) && cell.endsWith(quote);
  const doubleOpened = cells.filter(cell => cell.startsWith('"'));
  if (doubleOpened.length === 0) {
    const opened = cells.filter(cell => cell.startsWith("'")).length;
    const closed = cells.filter(cell => cell.endsWith("'")).length;
    if (opened < 2 || opened !== closed || !cells.some(cell => isQuoted(cell, "'"))) return trial;
    const quoted = tryDialect(head, { ...trial.dialect, quote: SINGLE_QUOTE });
    return quoted.share >= bare.share ? quoted : trial;
  }
  const whole = doubleOpened.filter(cell => isQuoted(cell, '"')).length;
  if (trial.records.every(record => record.isClean)) return trial;
  const isNeverClosed = doubleOpened.length > 1 && !cells.some(cell => cell.endsWith('"'));
  if (isNeverClosed && bare.share >= trial.share) return bare;
  return bare.share > trial.share + 0.05 && whole < 0.5 * doubleOpened.length ? bare : trial;
};

/** A backslash, where quotes within quoted cells have one before them, and none of these is doubled. */
const withEscape: Refinement = (head, trial, declared) => {
  const { quote, delimiter } = trial.dialect;
  if (declared.escape !== undefined || quote === NONE) return trial;
  const behind = textsBehind(head.bytes, Buffer.from([BACKSLASH, quote])).map(text => text.toString('latin1'));
  const endsCell = (text: string) =>
    text === '' || /^[\r\n]/.test(text) || text.startsWith(delimiter.toString('latin1'));
  const mark = String.fromCharCode(quote);
  const isDoubled = behind.some(text => text.startsWith(mark) && !endsCell(text.slice(1)));
  if (isDoubled || !behind.some(text => !text.startsWith(mark) && !endsCell(text))) return trial;
  const escaped = tryDialect(head, { ...trial.dialect, escape: BACKSLASH });
  return escaped.share >= trial.share ? escaped : trial;
};

const MOST_LOOKED_AT = 1000;

/** The few bytes behind each place where `bytes` has `part`. */
function textsBehind(bytes: Buffer, part: Buffer): Buffer[] {
  const texts: Buffer[] = [];
  for (let at = bytes.indexOf(part); at >= 0 && texts.length < MOST_LOOKED_AT; at = bytes.indexOf(part, at + 1)) {
    texts.push(bytes.subarray(at + part.length, at + part.length + 8));
  }
  return texts;
}

/** `;;` where every other cell is empty, and every column has a name then. */
const withDoubledDelimiter: Refinement = (head, trial, declared) => {
  const { dialect, records, width, share } = trial;
  if (declared.delimiter || dialect.skipsBlanks || width < 3 || width % 2 === 0 || share < 0.9 || records.length < 2)
    return trial;
  const isDoubled = records.every(record => record.cells.every((cell, position) => position % 2 === 0 || cell === ''));
  const isNamed = records[0]?.cells.every((cell, position) => position % 2 === 1 || cell !== '');
  const doubled = { ...dialect, delimiter: Buffer.concat([dialect.delimiter, dialect.delimiter]) };
  return isDoubled && isNamed ? tryDialect(head, doubled) : trial;
};

/** Where every delimiter has a blank behind it, and some blank a quote: without one the blanks are the cells' own, and stay. */
const withSkippedBlanks: Refinement = (head, trial, declared) => {
  const { dialect, records } = trial;
  if (declared.skipsBlanks !== undefined || dialect.skipsBlanks || records.length < 2 || dialect.delimiter[0] === 32)
    return trial;
  const quote = characterOf(dialect.quote);
  if (!records.some(record => record.cells.some(cell => /^ +/.test(cell) && cell.trimStart()[0] === quote)))
    return trial;
  const behind = records.flatMap(record =>
    record.cells.slice(1).filter((cell, index, all) => cell !== '' || index < all.length - 1),
  );
  if (behind.length < 2 || !behind.every(cell => cell.startsWith(' '))) return trial;
  const skipping = tryDialect(head, { ...dialect, skipsBlanks: true });
  return skipping.share >= trial.share ? skipping : trial;
};

function decisionsOf({ dialect, records, share, width }: Trial, declared: Partial<Dialect>): Decision[] {
  const found = Math.min(0.99, share * (records.length > 2 ? 1 : 0.8));
  const sampled = `${Math.round(share * 100)} % of the first ${records.length} records have ${width} cells`;
  const decide = (name: string, value: unknown, isDeclared: boolean, confidence: number, reason: string): Decision =>
    isDeclared
      ? { name, value, confidence: 1, reason: `as EXTRACT.${name} says` }
      : { name, value, confidence: Number(confidence.toFixed(2)), reason };
  const hasOneColumn = width < 2 || share === 0;
  const decisions = [
    decide(
      'delimiter',
      dialect.delimiter.toString(),
      declared.delimiter !== undefined,
      hasOneColumn ? 0.5 : found,
      hasOneColumn ? 'no delimiter occurs: one column, or the usual one' : sampled,
    ),
    decide(
      'quote',
      characterOf(dialect.quote),
      declared.quote !== undefined,
      dialect.quote === DOUBLE_QUOTE ? 0.99 : 0.9,
      QUOTE_REASONS[dialect.quote] ?? '',
    ),
    decide(
      'escape',
      characterOf(dialect.escape),
      declared.escape !== undefined,
      0.95,
      dialect.escape === NONE ? 'a quote within quotes is doubled' : 'quotes within quotes have it before them',
    ),
  ];
  if (dialect.skipsBlanks || declared.skipsBlanks !== undefined) {
    decisions.push(
      decide(
        'skip_blanks',
        dialect.skipsBlanks,
        declared.skipsBlanks !== undefined,
        0.95,
        'every delimiter has a blank behind it, some a quote',
      ),
    );
  }
  return decisions;
}

const QUOTE_REASONS: Record<number, string> = {
  [DOUBLE_QUOTE]: 'as usual',
  [SINGLE_QUOTE]: 'whole cells stand in it, and none in "',
  [NONE]: 'quotes stand in the text, not around cells',
};

function characterOf(byte: number): string | false {
  return byte === NONE ? false : String.fromCharCode(byte);
}
