import { SyntaxFault } from '../syntax-fault.ts';

/** The markup goes on behind the bytes at hand. */
export const INCOMPLETE = -1;

const SPACE = 32;
const EXCLAMATION = 33;
const QUOTE = 34;
const APOSTROPHE = 39;
const SLASH = 47;
const LESS = 60;
const EQUALS = 61;
const GREATER = 62;
const QUESTION = 63;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;

const OPEN_TAG = 'a tag in it does not end: a < stands within it';

export type Markup = 'start' | 'end' | 'cdata' | 'other';

/** What the `<` at this position begins; INCOMPLETE where that can't be seen yet. `other`: comments, instructions, a DOCTYPE. */
export function markupAt(bytes: Buffer, at: number, to: number): Markup | typeof INCOMPLETE {
  if (at + 1 >= to) return INCOMPLETE;
  const next = bytes[at + 1] as number;
  if (next === SLASH) return 'end';
  if (next === QUESTION) return 'other';
  if (next !== EXCLAMATION) return 'start';
  if (at + 9 > to) return INCOMPLETE;
  return bytes.toString('latin1', at, at + 9) === '<![CDATA[' ? 'cdata' : 'other';
}

/** Position behind the markup that begins with the `<` at this position, or INCOMPLETE. Throws SyntaxFault. */
export function markupEnd(bytes: Buffer, at: number, to: number): number {
  const next = bytes[at + 1] as number;
  if (next === QUESTION) return behind(bytes, '?>', at + 2, to);
  if (next !== EXCLAMATION) return tagEnd(bytes, at, to);
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
    else if (byte === QUOTE || byte === APOSTROPHE) quote = byte;
    if (byte === LESS) throw new SyntaxFault(OPEN_TAG, at);
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
    } else if (byte === QUOTE || byte === APOSTROPHE) quote = byte;
    else if (byte === LESS && /^<(!--|\?)/.test(bytes.toString('latin1', at, at + 4))) {
      // Quotes in a comment or an instruction are none.
      at = markupEnd(bytes, at, to) - 1;
      if (at < 0) return INCOMPLETE;
    } else if (byte === LESS || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACKET) depth--;
    else if (byte === GREATER && depth-- === 0) return at + 1;
  }
  return INCOMPLETE;
}

function behind(bytes: Buffer, mark: string, from: number, to: number): number {
  const found = bytes.subarray(0, to).indexOf(mark, from, 'latin1');
  return found < 0 ? INCOMPLETE : found + mark.length;
}

/**
 * All but blanks and the signs of markup: which letters a name may have is not looked at. In a table, as a sheet has a
 * name every ten bytes.
 */
const IS_NAME = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte > SPACE && ![GREATER, SLASH, EQUALS, LESS, QUOTE, APOSTROPHE].includes(byte) ? 1 : 0,
);

/** Position behind the name that begins here, if any. */
export function nameEnd(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && IS_NAME[bytes[at] as number] === 1) at++;
  return at;
}

/** Position of the next `<`, or `to`. */
export function textEnd(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] !== LESS) at++;
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

/** A start tag that is whole in the window, as read() found it. One object serves a whole pass: a sheet has millions of tags. */
export class StartTag {
  /** Behind the name. */
  nameTo = 0;
  /** Behind the `>`. */
  end = 0;
  isEmpty = false;
  attributeCount = 0;
  /** Four positions for each: its name is bytes[first, second), its value, between the quotes, bytes[third, fourth). */
  attributes = new Int32Array(64);

  /** Reads the tag whose `<` is at `from`. Returns false where it is not complete. Throws SyntaxFault. */
  read(bytes: Buffer, from: number, to: number): boolean {
    let at = nameEnd(bytes, from + 1, to);
    this.nameTo = at;
    if (at === from + 1) at = refuse(bytes, from, to, 'a name is missing', at);
    for (let count = 0; ; count++) {
      while (at < to && (bytes[at] as number) <= SPACE) at++;
      if (at >= to) return false;
      const byte = bytes[at] as number;
      if (byte === SLASH && at + 1 >= to) return false;
      const isEmpty = byte === SLASH && bytes[at + 1] === GREATER;
      if (isEmpty || byte === GREATER) {
        this.attributeCount = count;
        this.isEmpty = isEmpty;
        this.end = isEmpty ? at + 2 : at + 1;
        return true;
      }
      at = this.readAttribute(bytes, from, to, at, count * 4);
    }
  }

  /** Returns where the attribute ends, or `to` where it is not complete. */
  private readAttribute(bytes: Buffer, tagFrom: number, to: number, from: number, index: number): number {
    let at = nameEnd(bytes, from, to);
    if (at === from) return refuse(bytes, tagFrom, to, 'a name is missing', from);
    const nameTo = at;
    while (at < to && (bytes[at] as number) <= SPACE) at++;
    if (at >= to) return to;
    if (bytes[at] !== EQUALS) return refuse(bytes, tagFrom, to, 'an attribute has no value', from);
    at++;
    while (at < to && (bytes[at] as number) <= SPACE) at++;
    if (at >= to) return to;
    const quote = bytes[at++];
    if (quote !== QUOTE && quote !== APOSTROPHE)
      return refuse(bytes, tagFrom, to, "an attribute's value is not in quotes", from);
    const valueFrom = at;
    while (at < to && bytes[at] !== quote && bytes[at] !== LESS) at++;
    if (at >= to) return to;
    if (bytes[at] === LESS) throw new SyntaxFault(OPEN_TAG, at);
    if (index === this.attributes.length) this.grow();
    const { attributes } = this;
    attributes[index] = from;
    attributes[index + 1] = nameTo;
    attributes[index + 2] = valueFrom;
    attributes[index + 3] = at;
    return at + 1;
  }

  private grow(): void {
    const grown = new Int32Array(this.attributes.length * 2);
    grown.set(this.attributes);
    this.attributes = grown;
  }
}

/** Throws where the tag is complete, or can never be, and returns `to` where it is not: of a tag that goes on nothing is said. */
function refuse(bytes: Buffer, from: number, to: number, message: string, at: number): number {
  if (tagEnd(bytes, from, to) === INCOMPLETE) return to;
  throw new SyntaxFault(message, at);
}
