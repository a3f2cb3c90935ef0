import { formsOf } from './secret-forms.ts';

/** Takes secrets out of texts and values. */
export interface Mask {
  /** More texts that must not be shown; those of fewer than 3 characters are left, masking them would garble everything. */
  add(texts: Iterable<string>): void;
  /** The text with secrets, credentials in URLs and authorization headers replaced by `***`. */
  text(text: string): string;
  /** A copy of anything as plain JSON values, masked: errors with their causes, cycles cut, at most 6 levels deep. Never throws. */
  value(value: unknown): unknown;
}

const HIDDEN = '***';
const SHORTEST = 3;
/** Lines of a longer secret (a PEM key) are secrets of their own, because logs are read line by line. */
const SHORTEST_LINE = 8;
const DEEPEST = 6;
const MOST_ITEMS = 200;

const secretKey = /pass(word|wd|phrase)?$|secret|token$|api_?key$|authorization|credential|private_?key/i;
const urlCredentials = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/"'<>]+@/gi;
const authorization = /(authorization["']?\s*[:=]\s*["']?(?:basic|bearer|apikey)\s+)[^\s"',]+/gi;

export function createMask(initial: Iterable<string> = []): Mask {
  const known = new Set<string>();
  let pattern: RegExp | null = null;

  const mask: Mask = {
    add(texts) {
      const before = known.size;
      for (const text of texts) for (const form of textsOf(text)) known.add(form);
      if (known.size > before) pattern = patternOf(known);
    },
    text(text) {
      const clean = pattern === null ? text : text.replace(pattern, HIDDEN);
      if (!clean.includes('://') && !/authorization/i.test(clean)) return clean;
      return clean.replace(urlCredentials, `$1${HIDDEN}@`).replace(authorization, `$1${HIDDEN}`);
    },
    value: value => plain(value, mask, 0, new Set()),
  };
  mask.add(initial);
  return mask;
}

/** As it is, in what programs make of it, in one line as a shell prints it unquoted, and line by line. */
function textsOf(secret: string): string[] {
  const trimmed = secret.trim();
  const lines = trimmed.split(/\r?\n/).map(line => line.trim());
  const longLines = lines.length > 1 ? lines.filter(line => line.length >= SHORTEST_LINE) : [];
  const texts = [secret, trimmed, ...(lines.length > 1 ? [trimmed.replace(/\s+/g, ' ')] : []), ...longLines];
  const forms = [trimmed, ...longLines].filter(text => text.length >= SHORTEST).flatMap(formsOf);
  return [...texts, ...forms].filter(text => text.trim().length >= SHORTEST);
}

/** Longest first, so that a secret which contains another is hidden whole. */
function patternOf(secrets: Set<string>): RegExp {
  const longestFirst = [...secrets].toSorted((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map(escapePattern).join('|'), 'g');
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
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
  } catch (error) {
    return `[unreadable: ${mask.text(String(error))}]`;
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
  const code = (error as { code?: unknown }).code;
  const causes = error instanceof AggregateError ? error.errors : undefined;
  return {
    type: inner(error.name),
    message: inner(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code: inner(code) } : {}),
    ...(error.stack === undefined ? {} : { stack_trace: inner(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: inner(error.cause) }),
    ...(causes === undefined ? {} : { errors: inner(causes) }),
  };
}
