import type { ByteStream } from '../../unpack/source.ts';
import { SyntaxFault } from '../syntax-fault.ts';
import { decodeAttribute, decodeCdata, decodeText, UnknownReference } from './references.ts';
import { INCOMPLETE, markupAt, markupEnd, nameEnd, StartTag } from './tags.ts';
import { openXmlText } from './xml-encoding.ts';
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

const CARRIAGE_RETURN = 13;
const SPACE = 32;
const EXCLAMATION = 33;
const AMPERSAND = 38;
const SLASH = 47;
const COLON = 58;
const LESS = 60;
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
 * Reads XML token by token out of a window of bytes: positions, no strings, so that a sheet of a million rows costs no
 * object a cell. Checks what keeps cells from being lost (every element is closed, tags are tags), not all of XML. No
 * document type is read, so that no entity is ever expanded but XML's own five.
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
  /** Of the element that starts. */
  readonly tag = new StartTag();
  private readonly ids: Map<number, number>;
  private readonly isPrefixFree: boolean;
  private isEmptyElement = false;
  private prefix: string | undefined;
  private readonly openHashes = new Int32Array(MAX_DEPTH);
  private readonly openNames = new Int32Array(MAX_DEPTH);

  /** XML in any encoding. */
  static open(label: string, open: () => Promise<ByteStream>, names: XmlNames): XmlScanner {
    return new XmlScanner(openXmlText(label, open), label, names);
  }

  /** `stream`: the text as UTF-8. `label`: what it is, for messages. */
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
      const token = this.scanAside();
      if (token !== PASSED) return token;
    }
    return NEEDS_MORE;
  }

  /** Of the text token. */
  text(): string {
    const { bytes, textStart, textEnd } = this;
    if (this.isPlainText) return bytes.toString('utf8', textStart, textEnd);
    return this.decoded(this.isRaw ? decodeCdata : decodeText, textStart, textEnd);
  }

  /** Of the element that starts: of that name as it is written, or of that name behind any prefix. */
  attribute(name: string): string | undefined {
    const { attributes, attributeCount } = this.tag;
    for (let index = 0; index < attributeCount * 4; index += 4) {
      const written = this.bytes.toString('latin1', attributes[index], attributes[index + 1]);
      if (written !== name && !written.endsWith(`:${name}`)) continue;
      return this.decoded(decodeAttribute, attributes[index + 2] as number, attributes[index + 3] as number);
    }
    return undefined;
  }

  private decoded(decode: typeof decodeText, from: number, to: number): string {
    try {
      return decode(this.bytes, from, to);
    } catch (error) {
      if (!(error instanceof UnknownReference)) throw error;
      const { reference } = error;
      throw this.damaged(
        reference.startsWith('&#')
          ? `it has ${reference}, which is no character`
          : `it has the entity ${reference}, and none but XML's own are expanded here`,
      );
    }
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
  private scanAside(): number {
    const { bytes, at, limit } = this;
    const end = this.endOfAside();
    if (end === INCOMPLETE) return NEEDS_MORE;
    this.at = end;
    if (markupAt(bytes, at, limit) !== 'cdata') return PASSED;
    this.at = at + '<![CDATA['.length;
    const textTo = end - ']]>'.length;
    return this.textToken(textTo, end, !bytes.subarray(this.at, textTo).includes(CARRIAGE_RETURN), true);
  }

  private endOfAside(): number {
    try {
      return markupEnd(this.bytes, this.at, this.limit);
    } catch (error) {
      throw this.damageOf(error);
    }
  }

  /** Where it is caught and not in scan(): a call more for each token took 6 % of the scanner's time (1 December 2026). */
  private damageOf(error: unknown): unknown {
    return error instanceof SyntaxFault ? this.damaged(error.message) : error;
  }

  private scanStart(): number {
    const { tag } = this;
    try {
      if (!tag.read(this.bytes, this.at, this.limit)) return NEEDS_MORE;
    } catch (error) {
      throw this.damageOf(error);
    }
    this.isEmptyElement = tag.isEmpty;
    this.openElement(this.at + 1, tag.nameTo);
    this.at = tag.end;
    return START;
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

/** FNV-1a, 32 bits: no two names of the formats read here have the same. */
function hashOf(bytes: Buffer, start = 0, end = bytes.length): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 16_777_619);
  return hash;
}
