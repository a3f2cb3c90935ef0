import { SyntaxFault } from '../syntax-fault.ts';

/** The markup goes on behind the bytes at hand. */
export const INCOMPLETE = -1;

const LESS = 60;
const GREATER = 62;
const SLASH = 47;

export type Markup = 'start' | 'end' | 'cdata' | 'other';

/** What the `<` at this position begins; INCOMPLETE where that can't be seen yet. `other`: comments, instructions, a DOCTYPE. */
export function markupAt(bytes: Buffer, at: number, to: number): Markup | typeof INCOMPLETE {
  if (at + 1 >= to) return INCOMPLETE;
  const next = bytes[at + 1] as number;
  if (next === SLASH) return 'end';
  if (next === 63) return 'other';
  if (next !== 33) return 'start';
  if (at + 9 > to) return INCOMPLETE;
  return bytes.toString('latin1', at, at + 9) === '<![CDATA[' ? 'cdata' : 'other';
}

/** Position behind the markup that begins with the `<` at this position, or INCOMPLETE. Throws SyntaxFault. */
export function markupEnd(bytes: Buffer, at: number, to: number): number {
  const next = bytes[at + 1] as number;
  if (next === 63) return behind(bytes, '?>', at + 2, to);
  if (next !== 33) return tagEnd(bytes, at, to);
  if (at + 9 > to) return INCOMPLETE;
  const start = bytes.toString('latin1', at, at + 9);
  if (start.startsWith('<!--')) return behind(bytes, '-->', at + 4, to);
  if (start === '<![CDATA[') return behind(bytes, ']]>', at + 9, to);
  if (/^<!DOCTYPE/i.test(start)) return doctypeEnd(bytes, at, to);
  throw new SyntaxFault('<! begins neither a comment nor CDATA', at);
}

/** Position behind the `>` of a tag, or INCOMPLETE. */
function tagEnd(bytes: Buffer, from: number, to: number): number {
  let quote = 0;
  for (let at = from + 1; at < to; at++) {
    const byte = bytes[at] as number;
    if (quote !== 0) {
      if (byte === quote) quote = 0;
    } else if (byte === GREATER) return at + 1;
    else if (byte === 34 || byte === 39) quote = byte;
    if (byte === LESS) throw new SyntaxFault('a < stands within a tag', at);
  }
  return INCOMPLETE;
}

/** A DOCTYPE with what it declares in brackets, which is passed over: its entities are not expanded. */
function doctypeEnd(bytes: Buffer, from: number, to: number): number {
  let depth = 0;
  let quote = 0;
  for (let at = from + 2; at < to; at++) {
    const byte = bytes[at] as number;
    if (quote !== 0) {
      if (byte === quote) quote = 0;
    } else if (byte === 34 || byte === 39) quote = byte;
    else if (byte === LESS && /^<(!--|\?)/.test(bytes.toString('latin1', at, at + 4))) {
      // Quotes in a comment or an instruction are none.
      at = markupEnd(bytes, at, to) - 1;
      if (at < 0) return INCOMPLETE;
    } else if (byte === LESS || byte === 91) depth++;
    else if (byte === 93) depth--;
    else if (byte === GREATER && depth-- === 0) return at + 1;
  }
  return INCOMPLETE;
}

function behind(bytes: Buffer, mark: string, from: number, to: number): number {
  const found = bytes.subarray(0, to).indexOf(mark, from, 'latin1');
  return found < 0 ? INCOMPLETE : found + mark.length;
}

/** Position behind the name that begins here. Throws SyntaxFault where there is none. */
export function nameEnd(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && isNameByte(bytes[at] as number)) at++;
  if (at === from) throw new SyntaxFault('a name is missing', from);
  return at;
}

/** All but blanks and the signs of markup: which letters a name may have is not looked at. */
function isNameByte(byte: number): boolean {
  return byte > 32 && byte !== GREATER && byte !== SLASH && byte !== 61 && byte !== LESS && byte !== 34 && byte !== 39;
}

/** Position of the next `<`, or `to`. */
export function textEnd(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] !== LESS) at++;
  return at;
}

export function skipBlanks(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && (bytes[at] as number) <= 32) at++;
  return at;
}

/** Whether the same bytes stand at both places. */
export function isSame(bytes: Buffer, from: number, to: number, otherFrom: number, otherTo: number): boolean {
  if (to - from !== otherTo - otherFrom) return false;
  for (let index = 0; index < to - from; index++) if (bytes[from + index] !== bytes[otherFrom + index]) return false;
  return true;
}

/** The name without its namespace's prefix. */
export function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** A start tag that is whole in the window. */
export interface StartTag {
  nameTo: number;
  /** Behind the `>`. */
  end: number;
  isEmpty: boolean;
}

/**
 * Reads the start tag at `from` and tells each attribute: bytes[nameFrom, nameTo) and, between its quotes, bytes[valueFrom, valueTo). Returns
 * undefined where the tag is not complete. Throws SyntaxFault.
 */
export function readStartTag(
  bytes: Buffer,
  from: number,
  to: number,
  onAttribute: (nameFrom: number, nameTo: number, valueFrom: number, valueTo: number) => void,
): StartTag | undefined {
  const end = tagEnd(bytes, from, to);
  if (end === INCOMPLETE) return undefined;
  const nameTo = nameEnd(bytes, from + 1, end);
  const isEmpty = bytes[end - 2] === SLASH;
  const last = isEmpty ? end - 2 : end - 1;
  for (let at = skipBlanks(bytes, nameTo, last); at < last; ) {
    const attributeTo = nameEnd(bytes, at, last);
    const equals = skipBlanks(bytes, attributeTo, last);
    if (bytes[equals] !== 61) throw new SyntaxFault('an attribute has no value', at);
    const open = skipBlanks(bytes, equals + 1, last);
    const quote = bytes[open];
    if (quote !== 34 && quote !== 39) throw new SyntaxFault("an attribute's value is not in quotes", at);
    const close = bytes.indexOf(quote, open + 1);
    onAttribute(at, attributeTo, open + 1, close);
    at = skipBlanks(bytes, close + 1, last);
  }
  return { nameTo, end, isEmpty };
}
