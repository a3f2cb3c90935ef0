import type { Decision } from '../../contract/protocol.ts';
import { configFailure } from '../../contract/failure.ts';
import type { Extract } from '../../contract/settings.ts';
import { bestDelimiter } from './delimiter.ts';
import { type HeadRecord, headRecords, type TextHead } from './head.ts';
import { BACKSLASH, type Dialect, DOUBLE_QUOTE, SINGLE_QUOTE } from './marks.ts';
import { FEWEST_KNOWN, knownShare, NONE, PLAIN, type Trial, tryDialect } from './trial.ts';

const NAMES: Record<string, string> = { '\\t': '\t', tab: '\t', comma: ',', semicolon: ';', pipe: '|', space: ' ' };

/**
 * The dialect that EXTRACT declares; what it leaves open is found in the first bytes of the text, which are cut into
 * `records` with it. Throws EtlFailure 78.
 */
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

/** Of the cells that begin with a `'` so many may not end with one, or the other way round. */
const MOST_UNEVEN = 0.05;
/** Of the records that have all cells where it is text so many must have them where it is the quote of most cells. */
const FEWEST_WHOLE = 0.75;

type Refinement = (head: TextHead, trial: Trial, declared: Partial<Dialect>) => Trial;

/**
 * `'` where hardly a cell begins with `"`, none ends with it, and whole cells stand in it; none where `"` only breaks
 * records apart, or never closes a cell.
 */
const withQuote: Refinement = (head, trial, declared) => {
  if (declared.quote !== undefined) return trial;
  const bare = tryDialect(head, { ...trial.dialect, quote: NONE });
  const cells = bare.records.flatMap(record => record.cells.map(cell => cell.trim()));
  const doubleOpened = cells.filter(cell => cell.startsWith('"'));
  const whole = doubleOpened.filter(cell => isQuoted(cell, '"')).length;
  const single = hardlyAny(doubleOpened, cells) ? withSingleQuote(head, trial, { bare, cells }) : trial;
  if (single !== trial) return single;
  if (trial.records.every(record => record.isClean)) return trial;
  const isNeverClosed = doubleOpened.length > 1 && !cells.some(cell => cell.endsWith('"'));
  if (isNeverClosed && bare.share >= trial.share) return bare;
  return bare.share > trial.share + 0.05 && whole < 0.5 * doubleOpened.length ? bare : trial;
};

/**
 * Where as many cells end with a `'` as begin with one, in nearly all of these both do, or more records have all their
 * cells only then. Where most cells are like that a record or two with a quote too many say nothing.
 */
function withSingleQuote(
  head: TextHead,
  trial: Trial,
  { bare, cells }: { bare: Trial; cells: readonly string[] },
): Trial {
  const opened = cells.filter(cell => cell.startsWith("'"));
  const closed = cells.filter(cell => cell.endsWith("'")).length;
  const whole = opened.filter(cell => isQuoted(cell, "'")).length;
  const areMost = whole > cells.filter(cell => cell !== '').length / 2;
  const uneven = Math.max(MOST_UNEVEN * opened.length, areMost ? 1 : 0);
  if (opened.length < 2 || whole === 0 || Math.abs(opened.length - closed) > uneven) return trial;
  const quoted = tryDialect(head, { ...trial.dialect, quote: SINGLE_QUOTE });
  const isSure = whole >= opened.length - uneven;
  const least = areMost ? FEWEST_WHOLE * bare.share : bare.share;
  return quoted.share > bare.share || (isSure && quoted.share >= least) ? quoted : trial;
}

/** Whether next to no cell begins with a `"`: one may where most are in `'`. */
function hardlyAny(doubleOpened: readonly string[], cells: readonly string[]): boolean {
  const singles = cells.filter(cell => isQuoted(cell, "'")).length;
  return doubleOpened.length <= Math.max(MOST_UNEVEN * singles, singles > cells.length / 2 ? 1 : 0);
}

function isQuoted(cell: string, quote: string): boolean {
  return cell.length > 1 && cell.startsWith(quote) && cell.endsWith(quote);
}

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

function decisionsOf(trial: Trial, declared: Partial<Dialect>): Decision[] {
  const { dialect } = trial;
  const decide = (name: string, value: unknown, isDeclared: boolean, confidence: number, reason: string): Decision =>
    isDeclared
      ? { name, value, confidence: 1, reason: `as EXTRACT.${name} says` }
      : { name, value, confidence: Number(confidence.toFixed(2)), reason };
  const [sureness, reason] = delimiterSureness(trial);
  const inSingle = trial.records.flatMap(({ cells }) => cells.filter(cell => isQuoted(cell, "'"))).length;
  const areDoubtful = dialect.quote === DOUBLE_QUOTE && inSingle > 1;
  const decisions = [
    decide('delimiter', dialect.delimiter.toString(), declared.delimiter !== undefined, sureness, reason),
    decide(
      'quote',
      characterOf(dialect.quote),
      declared.quote !== undefined,
      areDoubtful ? 0.6 : dialect.quote === DOUBLE_QUOTE ? 0.99 : 0.9,
      areDoubtful ? `as usual; ${inSingle} cells stand in ', and keep it` : (QUOTE_REASONS[dialect.quote] ?? ''),
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

/** What stands above the table says nothing about the delimiter. */
function delimiterSureness({ records, share, width }: Trial): [confidence: number, reason: string] {
  if (width < 2 || share === 0) {
    const words = knownShare(records, 1);
    return [words > 0.9 ? 0.9 : 0.5, 'no delimiter cuts the lines alike: one column, or the usual one'];
  }
  const table = records.slice(records.findIndex(({ cells }) => cells.length === width));
  const whole = table.filter(({ cells }) => cells.length === width).length / table.length;
  const isSeen = table.length > 2 && knownShare(table, width) >= FEWEST_KNOWN;
  return [
    Math.min(0.99, whole * (isSeen ? 1 : 0.8)),
    `${Math.round(100 * whole)} % of the ${table.length} records from line ${table[0]?.line} on have ${width} cells`,
  ];
}

const QUOTE_REASONS: Record<number, string> = {
  [DOUBLE_QUOTE]: 'as usual',
  [SINGLE_QUOTE]: 'whole cells stand in it, and none in "',
  [NONE]: 'quotes stand in the text, not around cells',
};

function characterOf(byte: number): string | false {
  return byte === NONE ? false : String.fromCharCode(byte);
}
