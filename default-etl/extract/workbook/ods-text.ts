import type { XmlScanner } from '../markup/xml-scanner.ts';

/**
 * The paragraphs of a cell, a line each. Blanks in a row are one, and none at the beginning: those that count are
 * elements (ODF 1.3 part 3, 6.1.2). At the end one stays, against the standard: LibreOffice writes it, and reads it
 * back.
 */
export class OdsText {
  private text = '';
  private paragraph = '';
  private depth = 0;
  private count = 0;

  /** Characters of the cell so far: an element may stand for many. */
  get length(): number {
    return this.text.length + this.paragraph.length;
  }

  clear(): void {
    this.text = '';
    this.paragraph = '';
    this.count = 0;
    this.depth = 0;
  }

  begin(): void {
    if (this.depth++ === 0) this.paragraph = '';
  }

  end(): void {
    if (--this.depth > 0) return;
    const line = this.paragraph.replaceAll(KEPT_BLANK, ' ');
    this.text = this.count++ === 0 ? line : `${this.text}\n${line}`;
  }

  add(xml: XmlScanner): void {
    if (this.depth === 0) return;
    const text = xml.text().replaceAll(/[ \t\r\n]+/g, ' ');
    this.paragraph += text.startsWith(' ') && /^$|[ \t\n]$/.test(this.paragraph) ? text.slice(1) : text;
  }

  /** Of an element that stands for a tab, or a line end. */
  insert(text: string): void {
    if (this.depth > 0) this.paragraph += text;
  }

  /** Of an element that stands for blanks, which all count. */
  insertBlanks(count: number): void {
    if (this.depth > 0) this.paragraph += KEPT_BLANK.repeat(count);
  }

  toString(): string {
    return this.text;
  }
}

/** Stands for a blank that counts until the paragraph ends: a character that is in no text (Unicode's noncharacter). */
const KEPT_BLANK = '\ufdd0';
