import { configFailure } from '../failure.ts';
import type { Extract } from '../settings.ts';
import { CsvTokenizer, type Dialect } from './csv-tokenizer.ts';

const CANDIDATES = [',', ';', '\t', '|'];
const ROWS_LOOKED_AT = 100;
const NAMES: Record<string, string> = { '\\t': '\t', tab: '\t', comma: ',', semicolon: ';', pipe: '|', space: ' ' };

/** The dialect that EXTRACT declares; what it leaves open is found in the first bytes of the text. */
export function findDialect(head: Buffer, extract: Extract, fallback: string): { dialect: Dialect; found: boolean } {
  const quote = quoteByte(extract.quote);
  const escape = escapeByte(extract.escape, quote);
  if (extract.delimiter !== undefined) {
    if (extract.delimiter === '') throw configFailure('EXTRACT.delimiter is empty; give a character such as ; or \\t');
    const delimiter = Buffer.from(NAMES[extract.delimiter] ?? extract.delimiter);
    return { dialect: { delimiter, quote, escape, skipsBlanks: false }, found: false };
  }
  const dialects = CANDIDATES.map(delimiter => ({
    delimiter: Buffer.from(delimiter),
    quote,
    escape,
    skipsBlanks: false,
  }));
  const best = dialects
    .map(dialect => ({ dialect, score: consistency(head, dialect) }))
    .reduce((winner, next) => (next.score > winner.score ? next : winner));
  if (best.score > 0) return { dialect: best.dialect, found: true };
  return { dialect: { delimiter: Buffer.from(fallback), quote, escape, skipsBlanks: false }, found: false };
}

function quoteByte(quote: string | false | undefined): number {
  if (quote === false || quote === '') return -1;
  if (quote === undefined) return 34;
  return oneByte('EXTRACT.quote', quote);
}

function escapeByte(escape: string | undefined, quote: number): number {
  if (escape === undefined || escape === '') return -1;
  const byte = oneByte('EXTRACT.escape', escape);
  return byte === quote ? -1 : byte;
}

function oneByte(key: string, character: string): number {
  const bytes = Buffer.from(character);
  if (bytes.length !== 1) throw configFailure(`${key} ${JSON.stringify(character)} must be one ASCII character`);
  return bytes[0] as number;
}

/**
 * How well a delimiter fits: the share of the first records that have the commonest number of cells, of which there must be two,
 * and a little for more cells; 0 where it never occurs.
 */
function consistency(head: Buffer, dialect: Dialect): number {
  const widths = recordWidths(head, dialect);
  const counts = new Map<number, number>();
  for (const width of widths) counts.set(width, (counts.get(width) ?? 0) + 1);
  let best = 0;
  for (const [width, count] of counts) {
    if (width > 1) best = Math.max(best, count / widths.length + Math.min(width, 50) / 1000);
  }
  return best;
}

function recordWidths(head: Buffer, dialect: Dialect): number[] {
  const tokenizer = new CsvTokenizer(dialect);
  const widths: number[] = [];
  for (let position = 0; position < head.length && widths.length < ROWS_LOOKED_AT; ) {
    const next = tokenizer.parse(head, position, head.length, false);
    if (tokenizer.firstWidth > 0) widths.push(tokenizer.firstWidth);
    if (next === position) break;
    position = next;
  }
  // A head of one unfinished line still has a delimiter.
  if (widths.length === 0) {
    tokenizer.parse(head, 0, head.length, true);
    if (tokenizer.firstWidth > 0) widths.push(tokenizer.firstWidth);
  }
  return widths;
}
