import { FEW, lengthOf, LONGEST_SECRET, LONGEST_WHOLE, MOST_LINES, MOST_SECRETS } from './secret-bounds.ts';
import { Matcher, SHORTEST, type Spans, union } from './matcher.ts';
import { Pieces, SHORTEST_PIECE } from './pieces.ts';
import { formsOf } from './secret-forms.ts';

/** Takes secrets out of texts and values. */
export interface Mask {
  /** More texts that must not be shown; those of fewer than 3 characters are left, masking them would garble everything. */
  add(texts: Iterable<string>): void;
  /**
   * The text with secrets, credentials in URLs and authorization headers replaced by `***`. Never throws: what can't be
   * masked isn't shown.
   */
  text(text: string): string;
  /**
   * A copy of anything as plain JSON values, masked: errors with their causes, cycles cut, at most 6 levels deep. Never
   * throws.
   */
  value(value: unknown): unknown;
}

const HIDDEN = '***';
/** Lines of a longer secret (a PEM key) are secrets of their own, because logs are read line by line. */
const SHORTEST_LINE = 4;
const DEEPEST = 6;
const MOST_ITEMS = 200;

const secretKey = /pass(word|wd|phrase)?$|secret|token$|api_?key$|authorization|credential|private_?key/i;
const urlCredentials = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/"'<>]+@/gi;
const authorization = /(authorization["']?\s*[:=]\s*["']?(?:basic|bearer|apikey)\s+)[^\s"',]+/gi;

/** Of secrets added later the newest are known: those that a configuration may have, twice. */
const MOST_ADDED = { texts: 2 * MOST_SECRETS.texts, characters: 2 * MOST_SECRETS.characters };
const UNMASKED = '(a text is not shown: its secrets could not be looked for)';

type Find = (text: string) => Spans;

/** What it costs grows with the text alone, not with the secrets. */
export function createMask(initial: Iterable<string> = []): Mask {
  const own = new Set<string>(initial);
  const added = new Set<string>();
  let find: Find | undefined;

  const mask: Mask = {
    add(texts) {
      for (const text of texts) {
        if (own.has(text)) continue;
        if (!added.delete(text)) find = undefined;
        added.add(text);
      }
      forgetOldest(added);
    },
    text(text) {
      try {
        find ??= finderOf([...own, ...added]);
        return withoutCredentials(hide(text, find(text)));
      } catch {
        return UNMASKED; // nor is the error: it may hold a secret
      }
    },
    value: value => plain(value, mask, 0, new Set()),
  };
  return mask;
}

function withoutCredentials(text: string): string {
  if (!text.includes('://') && !/authorization/i.test(text)) return text;
  return text.replace(urlCredentials, `$1${HIDDEN}@`).replace(authorization, `$1${HIDDEN}`);
}

function forgetOldest(added: Set<string>): void {
  let characters = 0;
  for (const text of added) characters += lengthOf(text);
  for (const text of added) {
    if (added.size <= MOST_ADDED.texts && characters <= MOST_ADDED.characters) return;
    added.delete(text);
    characters -= lengthOf(text);
  }
}

function finderOf(secrets: readonly string[]): Find {
  const isFew = secrets.reduce((sum, secret) => sum + secret.length, 0) <= FEW.characters;
  const longestWhole = isFew ? FEW.longestWhole : LONGEST_WHOLE;
  const formed = secrets.map(secret => textsOf(secret, longestWhole));
  const matcher = new Matcher([...new Set(formed.flatMap(({ whole }) => whole))]);
  const pieces = new Pieces([...new Set(formed.flatMap(({ inPieces }) => inPieces))]);
  return text => union(matcher.find(text), pieces.find(text));
}

function hide(text: string, spans: Spans): string {
  if (spans.length === 0) return text;
  const parts: string[] = [];
  let shown = 0;
  for (let index = 0; index < spans.length; index += 2) {
    parts.push(text.slice(shown, spans[index]), HIDDEN);
    shown = spans[index + 1]!;
  }
  return parts.join('') + text.slice(shown);
}

/**
 * What is looked for of a secret: as it is, in what programs make of it, in one line as a shell prints it unquoted, and
 * line by line. Of a long one each piece is, of many characters, and its first short lines.
 */
function textsOf(secret: string, longestWhole: number): { whole: string[]; inPieces: string[] } {
  const text = secret.slice(0, LONGEST_SECRET).trim();
  const lines = text.split(/\r?\n/).map(line => line.trim());
  const isLong = text.length > longestWhole;
  const forms = text.length < SHORTEST ? [] : formsOf(text);
  const all = [text, ...(lines.length > 1 ? [text.replace(/\s+/g, ' ')] : []), ...forms];
  const shortLines = lines.length > 1 ? lines.filter(line => isAlone(line, isLong)).slice(0, MOST_LINES) : [];
  const whole = [...(isLong ? [] : [secret, ...all]), ...shortLines.flatMap(line => [line, ...formsOf(line)])];
  return {
    whole: whole.filter(form => form.trim().length >= SHORTEST),
    inPieces: isLong ? all.filter(form => form.length >= SHORTEST_PIECE) : [],
  };
}

/** Whether a line is a secret of its own: a longer one of a long secret is a piece of it. */
function isAlone({ length }: string, isOfLong: boolean): boolean {
  return length >= SHORTEST_LINE && !(isOfLong && length > LONGEST_WHOLE);
}

function plain(value: unknown, mask: Mask, depth: number, above: Set<unknown>): unknown {
  if (typeof value === 'string') return mask.text(value);
  if (typeof value === 'number' || typeof value === 'bigint') return plainNumber(value, mask);
  if (value === null || value === undefined || typeof value === 'boolean') return value;
  if (typeof value !== 'object') return `[${typeof value}]`; // a function or a symbol
  if (above.has(value)) return '[circular]';
  if (depth >= DEEPEST) return '[deeper]';
  above.add(value);
  try {
    return plainObject(value, mask, depth, above);
  } catch {
    return '[unreadable]';
  } finally {
    above.delete(value);
  }
}

function plainNumber(value: number | bigint, mask: Mask): unknown {
  const text = String(value);
  if (mask.text(text) !== text) return HIDDEN;
  return typeof value === 'number' && Number.isFinite(value) ? value : text;
}

function plainObject(value: object, mask: Mask, depth: number, above: Set<unknown>): unknown {
  const inner = (item: unknown) => plain(item, mask, depth + 1, above);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof URL || value instanceof RegExp) return mask.text(String(value));
  if (value instanceof Error) return plainError(value, inner);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value) || value instanceof Set) return [...value].slice(0, MOST_ITEMS).map(inner);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(
    entries.slice(0, MOST_ITEMS).map(([key, item]) => {
      const name = mask.text(String(key));
      return [name, secretKey.test(name) && !isEmpty(item) ? HIDDEN : inner(item)];
    }),
  );
}

/** Nothing, or whether a secret is set: not secret itself. */
function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === '' || typeof value === 'boolean';
}

/** Only what is known of every error: other properties (a client's whole request, say) may hold what is nobody's business. */
function plainError(error: Error, inner: (item: unknown) => unknown): Record<string, unknown> {
  const { code, kind } = error as { code?: unknown; kind?: unknown };
  const causes = error instanceof AggregateError ? error.errors : undefined;
  return {
    type: inner(error.name),
    message: inner(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code: inner(code) } : {}),
    ...(typeof kind === 'string' ? { kind: inner(kind) } : {}),
    ...(error.stack === undefined ? {} : { stack_trace: inner(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: inner(error.cause) }),
    ...(causes === undefined ? {} : { errors: inner(causes) }),
  };
}
