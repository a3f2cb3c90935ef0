import { predefinedAt } from '../markup/references.ts';
import type { XmlScanner } from '../markup/xml-scanner.ts';
import { unescapeCharacters } from './xlsx-text.ts';

const CARRIAGE_RETURN = 13;
const AMPERSAND = 38;
const UNDERSCORE = 95;

/** Text of a cell, collected from the pieces it comes in. */
export class ByteText {
  bytes: Buffer = Buffer.allocUnsafeSlow(1 << 10);
  length = 0;
  private hasUnderscore = false;

  clear(): void {
    this.length = 0;
    this.hasUnderscore = false;
  }

  /** Adds the text of the token. By hand: for the few bytes of a cell, Buffer.copy() takes five times as long. */
  add(xml: XmlScanner): void {
    if (xml.isRaw && !xml.isPlainText) return this.addString(xml.text());
    const { bytes, textStart: start, textEnd: end } = xml;
    this.reserve(end - start);
    const target = this.bytes;
    let length = this.length;
    for (let at = start; at < end; at++) {
      let byte = bytes[at] as number;
      if (byte === UNDERSCORE) this.hasUnderscore = true;
      else if (byte === AMPERSAND && !xml.isPlainText) {
        // Those that are in every other text; characters by number are left to the scanner.
        const entity = predefinedAt(bytes, at + 1);
        if (entity === undefined) return this.addString(xml.text());
        byte = entity.byte;
        at += entity.bytes.length;
      } else if (byte === CARRIAGE_RETURN) return this.addString(xml.text());
      target[length++] = byte;
    }
    this.length = length;
  }

  /** Puts the characters that are written as `_x000D_` in their places. */
  unescape(): void {
    if (!this.hasUnderscore) return;
    const text = this.toString();
    const unescaped = unescapeCharacters(text);
    if (unescaped === text) return;
    this.clear();
    this.addString(unescaped);
  }

  toString(): string {
    return this.bytes.toString('utf8', 0, this.length);
  }

  private addString(text: string): void {
    this.reserve(text.length * 3);
    if (text.includes('_')) this.hasUnderscore = true;
    this.length += this.bytes.write(text, this.length);
  }

  private reserve(byteCount: number): void {
    if (this.length + byteCount <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow((this.length + byteCount) * 2);
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}
