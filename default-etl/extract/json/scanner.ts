import { SyntaxFault } from '../syntax-fault.ts';

/** The value goes on behind the bytes at hand. */
export const INCOMPLETE = -1;

const QUOTE = 34;
const BACKSLASH = 92;
/** RFC 8259, and what Python and JavaScript write for numbers that it has no sign for. */
const LITERAL = /^(?:true|false|null|NaN|-?Infinity|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)$/;

/**
 * Where the JSON value (RFC 8259) ends that begins at `from`; INCOMPLETE where that is at `to` or behind. With `final`
 * nothing follows `to`. Brackets are matched and strings passed over; what stands between them is checked where it is
 * read.
 */
export function valueEnd(bytes: Buffer, from: number, to: number, final: boolean): number {
  const first = bytes[from];
  if (first === QUOTE) return stringEnd(bytes, from, to);
  if (first !== 123 && first !== 91) return literalEnd(bytes, from, to, final);
  let depth = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      at = stringEnd(bytes, at, to) - 1;
      if (at < 0) return INCOMPLETE;
    } else if (byte === 123 || byte === 91) depth++;
    else if ((byte === 125 || byte === 93) && --depth === 0) return at + 1;
  }
  if (final) throw new SyntaxFault('a bracket is not closed', to);
  return INCOMPLETE;
}

/** Whether brackets are open within each other more than so many times in a value. */
export function isDeeperThan(most: number, bytes: Buffer, from: number, to: number): boolean {
  // Each takes two bytes at least.
  if (to - from <= 2 * most) return false;
  let depth = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = stringEnd(bytes, at, to) - 1;
    else if (byte === 123 || byte === 91) {
      if (++depth > most) return true;
    } else if (byte === 125 || byte === 93) depth--;
  }
  return false;
}

/** Position behind the closing quote, or INCOMPLETE. */
export function stringEnd(bytes: Buffer, from: number, to: number): number {
  for (let at = from + 1; at < to; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at++;
  }
  return INCOMPLETE;
}

/** Position behind a number, true, false or null. */
export function literalEnd(bytes: Buffer, from: number, to: number, final: boolean): number {
  let at = from;
  while (at < to && isLiteralByte(bytes[at] as number)) at++;
  if (at === to && !final) return INCOMPLETE;
  const text = bytes.toString('latin1', from, Math.min(at, from + 400));
  if (!LITERAL.test(text)) throw unexpected(bytes, from, to, 'a value');
  return at;
}

/** The error where something else stands than what is wanted. */
export function unexpected(bytes: Buffer, at: number, to: number, wanted: string): SyntaxFault {
  const start = bytes.toString('utf8', at, Math.min(to, at + 20));
  const isComment = /^\/[/*]|^#/.test(start);
  if (isComment) return new SyntaxFault(`a comment stands where ${wanted} is wanted, and JSON has none`, at);
  return new SyntaxFault(`${JSON.stringify(start)} stands where ${wanted} is wanted`, at);
}

function isLiteralByte(byte: number): boolean {
  return (
    (byte >= 48 && byte <= 57) ||
    (byte >= 97 && byte <= 122) ||
    byte === 73 ||
    byte === 78 ||
    byte === 43 ||
    byte === 45 ||
    byte === 46 ||
    byte === 69
  );
}

/** Behind blanks, and control characters, which count as such. */
export function skipSpace(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && (bytes[at] as number) <= 32) at++;
  return at;
}

/** Where the value ends that begins at `from` in the head of a text; INCOMPLETE where it goes on behind it, or is no JSON. */
export function endInHead(head: Buffer, from: number): number {
  try {
    return valueEnd(head, from, head.length, false);
  } catch (error) {
    if (error instanceof SyntaxFault) return INCOMPLETE;
    throw error;
  }
}
