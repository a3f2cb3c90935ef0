import type { ByteStream } from '../../source.ts';
import { decodeEntities } from '../workbook/xml-text.ts';
import { XmlWindow } from './xml-window.ts';

/** What scan() came to. */
export const NEEDS_MORE = 0;
export const START = 1;
export const END = 2;
export const TEXT = 3;
/** Something that is neither: scan() goes on behind it. */
const PASSED = 4;

/** `name` of an element that was not asked for. */
export const OTHER = -1;

const TAB = 9;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const EXCLAMATION = 33;
const QUOTE = 34;
const AMPERSAND = 38;
const APOSTROPHE = 39;
const SLASH = 47;
const COLON = 58;
const LESS = 60;
const EQUALS = 61;
const GREATER = 62;
const QUESTION = 63;

const MAX_DEPTH = 1000;

export interface XmlNames {
  /** Names of the elements that count: `name` is the position in this list. */
  names: readonly string[];
  /** Whether they are given without the prefix that the root element has, which all of them then must have. */
  isPrefixFree: boolean;
}

/**
 * Reads XML token by token out of a window of bytes: positions, no strings, so that a sheet of a million rows costs no object a cell.
 * Checks what keeps cells from being lost (every element is closed, tags are tags), not all of XML. No document type is read, so that no entity
 * is ever expanded but XML's own five.
 *
 *     for (;;) {
 *       const token = xml.scan();
 *       if (token === NEEDS_MORE && !(await xml.fill())) break;
 *       …
 *     }
 *
 * All positions are good until fill(). Throws EtlFailure 65 where the XML is damaged.
 */
export class XmlScanner extends XmlWindow {
  /** Of the element that starts or ends: its position in the list of names, or OTHER. */
  name = OTHER;
  depth = 0;
  /** Where the token's text is; what it says where it has entities or line ends to be decoded is text(). */
  textStart = 0;
  textEnd = 0;
  isPlainText = true;
  /** Whether it is CDATA, in which an & is an &. */
  isRaw = false;
  attributeCount = 0;
  /** Of the element that starts, four for each: its name is bytes[first, second), its value bytes[third, fourth). */
  attributes = new Int32Array(64);
  private readonly ids: Map<number, number>;
  private readonly isPrefixFree: boolean;
  private isEmptyElement = false;
  private prefix: string | undefined;
  private readonly openHashes = new Int32Array(MAX_DEPTH);
  private readonly openNames = new Int32Array(MAX_DEPTH);

  /** `label`: what the XML is, for messages. */
  constructor(stream: ByteStream, label: string, { names, isPrefixFree }: XmlNames) {
    super(stream, label);
    this.isPrefixFree = isPrefixFree;
    this.ids = new Map(names.map((name, id) => [hashOf(Buffer.from(name)), id]));
  }

  scan(): number {
    if (this.isEmptyElement) return this.endEmptyElement();
    while (this.at + 1 < this.limit) {
      if (this.bytes[this.at] !== LESS) return this.scanText();
      const next = this.bytes[this.at + 1] as number;
      if (next === SLASH) return this.scanEnd();
      if (next !== EXCLAMATION && next !== QUESTION) return this.scanStart();
      const token = this.scanAside(next);
      if (token !== PASSED) return token;
    }
    return NEEDS_MORE;
  }

  /** Of the text token. */
  text(): string {
    const text = this.bytes.toString('utf8', this.textStart, this.textEnd);
    return this.isPlainText ? text : this.decode(text, this.isRaw);
  }

  /** Of the element that starts: of that name as it is written, or of that name behind any prefix. */
  attribute(name: string): string | undefined {
    for (let index = 0; index < this.attributeCount * 4; index += 4) {
      const written = this.bytes.toString('latin1', this.attributes[index], this.attributes[index + 1]);
      if (written !== name && !written.endsWith(`:${name}`)) continue;
      return this.decode(this.bytes.toString('utf8', this.attributes[index + 2], this.attributes[index + 3]), false);
    }
    return undefined;
  }

  private decode(text: string, isRaw: boolean): string {
    const unknown = (entity: string) =>
      this.damaged(`it has the entity ${entity}, and none but XML's own are expanded here`);
    return isRaw ? text.replaceAll(/\r\n?/g, '\n') : decodeEntities(text, unknown);
  }

  protected assertWhole(): void {
    if (this.depth > 0) throw this.damaged('it ends in the middle');
    if (this.prefix === undefined) throw this.damaged('there is nothing in it');
  }

  private scanText(): number {
    const { bytes, limit } = this;
    let isPlain = true;
    let at = this.at;
    for (; at < limit; at++) {
      const byte = bytes[at] as number;
      if (byte === LESS) break;
      if (byte === AMPERSAND || byte === CARRIAGE_RETURN) isPlain = false;
    }
    if (at >= limit) return NEEDS_MORE;
    return this.textToken(at, at, isPlain, false);
  }

  private textToken(end: number, next: number, isPlain: boolean, isRaw: boolean): number {
    this.textStart = this.at;
    this.textEnd = end;
    this.isPlainText = isPlain;
    this.isRaw = isRaw;
    this.at = next;
    return TEXT;
  }

  /** Comments, instructions, a document type: passed over. CDATA is text. */
  private scanAside(next: number): number {
    if (next === QUESTION) return this.skipTo('?>', 2);
    if (this.limit - this.at < 9) return NEEDS_MORE;
    if (this.startsWith('<!--')) return this.skipTo('-->', 4);
    if (this.startsWith('<![CDATA[')) return this.scanCdata();
    if (this.startsWith('<!DOCTYPE')) return this.skipDocumentType();
    throw this.damaged('it has a tag that begins with <!');
  }

  private scanCdata(): number {
    const end = this.find(']]>', this.at + 9);
    if (end < 0) return NEEDS_MORE;
    this.at += 9;
    const hasReturn = this.bytes.subarray(this.at, end).includes(CARRIAGE_RETURN);
    return this.textToken(end, end + 3, !hasReturn, true);
  }

  /** What it declares is passed over with it: entities that are not declared can't grow. */
  private skipDocumentType(): number {
    const end = this.find('>', this.at);
    if (end < 0) return NEEDS_MORE;
    const open = this.find('[', this.at);
    if (open < 0 || open > end) return this.skipTo('>', 9);
    const close = /\]\s*>/.exec(this.bytes.toString('latin1', open, this.limit));
    if (close === null) return NEEDS_MORE;
    this.at = open + close.index + close[0].length;
    return PASSED;
  }

  private skipTo(end: string, from: number): number {
    const found = this.find(end, this.at + from);
    if (found < 0) return NEEDS_MORE;
    this.at = found + end.length;
    return PASSED;
  }

  private find(text: string, from: number): number {
    const found = this.bytes.indexOf(text, from, 'latin1');
    return found + text.length <= this.limit ? found : -1;
  }

  private startsWith(text: string): boolean {
    return this.bytes.toString('latin1', this.at, this.at + text.length) === text;
  }

  private scanStart(): number {
    const { bytes, limit } = this;
    let at = nameEnd(bytes, this.at + 1, limit);
    const end = at;
    let count = 0;
    for (;;) {
      while (at < limit && (bytes[at] as number) <= SPACE) at++;
      if (at + 1 >= limit) return NEEDS_MORE;
      const byte = bytes[at] as number;
      if (byte === GREATER || (byte === SLASH && bytes[at + 1] === GREATER)) break;
      if (count * 4 === this.attributes.length) this.growAttributes();
      at = this.scanAttribute(at, count++);
      if (at >= limit) return NEEDS_MORE;
    }
    this.attributeCount = count;
    this.isEmptyElement = bytes[at] === SLASH;
    this.openElement(this.at + 1, end);
    this.at = at + (this.isEmptyElement ? 2 : 1);
    return START;
  }

  /** Returns where the attribute ends, or the limit where it does not end in the window. */
  private scanAttribute(from: number, count: number): number {
    const { bytes, limit, attributes } = this;
    let at = from;
    while (at < limit && isNameByte(bytes[at] as number)) at++;
    const end = at;
    while (at < limit && (bytes[at] as number) <= SPACE) at++;
    if (at >= limit) return limit;
    if (bytes[at] !== EQUALS || end === from) throw this.damaged('a tag in it is broken');
    at++;
    while (at < limit && (bytes[at] as number) <= SPACE) at++;
    if (at >= limit) return limit;
    const quote = bytes[at++];
    if (quote !== QUOTE && quote !== APOSTROPHE) throw this.damaged('a value of an attribute in it has no quotes');
    const start = at;
    while (at < limit && bytes[at] !== quote && bytes[at] !== LESS) at++;
    if (at >= limit) return limit;
    if (bytes[at] === LESS) throw this.damaged('a tag in it does not end');
    const index = count * 4;
    attributes[index] = from;
    attributes[index + 1] = end;
    attributes[index + 2] = start;
    attributes[index + 3] = at;
    return at + 1;
  }

  private growAttributes(): void {
    const grown = new Int32Array(this.attributes.length * 2);
    grown.set(this.attributes);
    this.attributes = grown;
  }

  private scanEnd(): number {
    const { bytes, limit } = this;
    const start = this.at + 2;
    const end = nameEnd(bytes, start, limit);
    let at = end;
    while (at < limit && (bytes[at] as number) <= SPACE) at++;
    if (at >= limit) return NEEDS_MORE;
    const isMatching = this.depth > 0 && hashOf(bytes, start, end) === this.openHashes[this.depth - 1];
    if (bytes[at] !== GREATER || !isMatching)
      throw this.damaged(`</${bytes.toString('utf8', start, Math.min(end, start + 80))}> closes what is not open`);
    this.at = at + 1;
    return this.endElement();
  }

  private endEmptyElement(): number {
    this.isEmptyElement = false;
    return this.endElement();
  }

  private endElement(): number {
    this.depth--;
    this.name = this.openNames[this.depth] as number;
    return END;
  }

  private openElement(start: number, end: number): void {
    if (this.depth === MAX_DEPTH) throw this.damaged(`its elements are nested more than ${MAX_DEPTH} deep`);
    if (start === end) throw this.damaged('a tag in it has no name');
    this.prefix ??= this.rootPrefix(start, end);
    const hash = hashOf(this.bytes, start, end);
    this.name = this.ids.get(this.prefix === '' ? hash : this.localHash(start, end)) ?? OTHER;
    this.openHashes[this.depth] = hash;
    this.openNames[this.depth] = this.name;
    this.depth++;
  }

  private rootPrefix(start: number, end: number): string {
    if (!this.isPrefixFree) return '';
    const name = this.bytes.toString('latin1', start, end);
    return name.slice(0, name.indexOf(':') + 1);
  }

  private localHash(start: number, end: number): number {
    const prefix = this.prefix as string;
    const local = start + prefix.length;
    if (local >= end || this.bytes[local - 1] !== COLON || this.bytes.toString('latin1', start, local) !== prefix)
      return 0;
    return hashOf(this.bytes, local, end);
  }
}

function nameEnd(bytes: Buffer, from: number, limit: number): number {
  let at = from;
  while (at < limit && isNameByte(bytes[at] as number)) at++;
  return at;
}

function isNameByte(byte: number): boolean {
  return byte > SPACE && byte !== GREATER && byte !== SLASH && byte !== EQUALS && byte !== LESS && byte !== TAB;
}

/** FNV-1a, 32 bits: no two names of the formats read here have the same. */
function hashOf(bytes: Buffer, start = 0, end = bytes.length): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 16_777_619);
  return hash;
}
