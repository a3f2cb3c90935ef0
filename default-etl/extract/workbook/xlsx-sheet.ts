import { dateText, durationText } from './excel-date.ts';
import { numberText } from '../number-text.ts';
import { ByteText } from './byte-text.ts';
import { isoDateText } from './iso-date.ts';
import { DATE, NUMBER, SPAN } from './number-format.ts';
import { isUsualNumber, parseNumber } from './usual-number.ts';
import { MAX_COLUMNS, MAX_ROWS, type RowSink, type SheetScan } from './sheet.ts';
import type { SharedStrings } from './xlsx-strings.ts';
import { NEEDS_MORE, START, TEXT, type XmlScanner } from '../markup/xml-scanner.ts';

/** Names that XlsxSheetScan wants of its scanner, in this order. */
export const SHEET_NAMES = ['c', 'v', 't', 'is', 'row', 'rPh', 'sheetData', 'dimension'] as const;
const [CELL, VALUE, PLAIN_TEXT, INLINE, ROW, PHONETIC, SHEET_DATA, DIMENSION] = [0, 1, 2, 3, 4, 5, 6, 7];

/** Characters of what should be a number. */
const MOST_SHOWN = 40;

const LETTER_R = 114;
const LETTER_S = 115;
const LETTER_T = 116;

/** The types of cells by the last letter of their names, of which no two have the same: n, s, b, e, d, str, inlineStr. */
const TYPE_NUMBER = 110;
const TYPE_SHARED = 115;
const TYPE_BOOLEAN = 98;
const TYPE_DATE = 100;
const TYPE_STRING = 1;
const TYPE_INLINE = 2;

/** What the cells of a workbook's sheets need of the rest of it. */
export interface XlsxContext {
  strings: SharedStrings;
  /** What numbers are, by the style of their cell: NUMBER, DATE, SPAN. */
  kinds: Uint8Array;
  usesDatesOf1904: boolean;
}

/** Reads the XML of a sheet: of xlsx and xlsm, transitional and strict, with or without positions and prefixes. */
export class XlsxSheetScan implements SheetScan {
  declaredWidth: number | undefined;
  row = -1;
  private readonly xml: XmlScanner;
  private readonly context: XlsxContext;
  private readonly value = new ByteText();
  /** Whether the sink is in the middle of a row: one may come in several elements. */
  private isRowOpen = false;
  /** Row that was begun while the sink was full; -1 where there is none. */
  private nextRow = -1;
  private column = -1;
  private type = TYPE_NUMBER;
  private style = 0;
  private isInRows = false;
  private isInline = false;
  private isPhonetic = false;
  private isText = false;
  private isWanted = false;

  constructor(xml: XmlScanner, context: XlsxContext) {
    this.xml = xml;
    this.context = context;
  }

  async advance(sink: RowSink): Promise<boolean> {
    if (this.nextRow >= 0) this.beginRow(this.nextRow, sink);
    for (;;) {
      const token = this.xml.scan();
      if (token === NEEDS_MORE) {
        if (!(await this.xml.fill())) break;
      } else if (token === TEXT) {
        if (this.isText) this.value.add(this.xml);
      } else if (token === START) {
        this.start(sink);
        if (this.nextRow >= 0) return true;
      } else if (!this.end(sink)) {
        await this.xml.drain();
        break;
      }
    }
    this.endRow(sink);
    return false;
  }

  close(): void {
    this.xml.close();
  }

  private start(sink: RowSink): void {
    switch (this.xml.name) {
      case CELL:
        this.startCell();
        this.isWanted = sink.wants(this.column);
        break;
      case VALUE:
        this.isText = this.isWanted && this.type !== TYPE_INLINE;
        break;
      case PLAIN_TEXT:
        this.isText = this.isWanted && this.isInline && !this.isPhonetic;
        break;
      case INLINE:
        // A cell with both has its value here.
        this.isInline = true;
        this.type = TYPE_INLINE;
        this.value.clear();
        break;
      case PHONETIC:
        this.isPhonetic = true;
        break;
      case ROW:
        this.startRow(sink);
        break;
      case SHEET_DATA:
        this.isInRows = true;
        break;
      case DIMENSION:
        this.declaredWidth = widthOf(this.xml.attribute('ref') ?? '');
        break;
    }
  }

  /** Returns false where no more rows can come. */
  private end(sink: RowSink): boolean {
    switch (this.xml.name) {
      case CELL:
        if (this.value.length > 0) this.addCell(sink);
        break;
      case VALUE:
      case PLAIN_TEXT:
        this.isText = false;
        break;
      case INLINE:
        this.isInline = false;
        break;
      case PHONETIC:
        this.isPhonetic = false;
        break;
      case SHEET_DATA:
        return false;
    }
    return true;
  }

  private startRow(sink: RowSink): void {
    if (!this.isInRows) return;
    const number = Number(this.xml.attribute('r') ?? 0);
    const row = number >= 1 ? number - 1 : this.row + 1;
    if (row >= MAX_ROWS) throw this.xml.damaged(`it has a row ${row + 1}, which no sheet has`);
    this.column = -1;
    // Some programs write an element for each cell.
    if (this.isRowOpen && row === this.row) return;
    this.endRow(sink);
    if (sink.isFull) this.nextRow = row;
    else this.beginRow(row, sink);
  }

  private beginRow(row: number, sink: RowSink): void {
    this.nextRow = -1;
    this.row = row;
    this.isRowOpen = true;
    sink.beginRow(row);
  }

  private endRow(sink: RowSink): void {
    if (this.isRowOpen) sink.endRow();
    this.isRowOpen = false;
  }

  private startCell(): void {
    const { bytes, tag } = this.xml;
    const { attributes, attributeCount } = tag;
    this.value.clear();
    this.type = TYPE_NUMBER;
    this.style = 0;
    this.column++;
    for (let index = 0; index < attributeCount * 4; index += 4) {
      const name = attributes[index] as number;
      if ((attributes[index + 1] as number) - name !== 1) continue;
      const start = attributes[index + 2] as number;
      const end = attributes[index + 3] as number;
      if (bytes[name] === LETTER_R) this.column = columnOf(bytes, start, end, this.column);
      else if (bytes[name] === LETTER_S) this.style = wholeOf(bytes, start, end);
      else if (bytes[name] === LETTER_T) this.type = typeOf(bytes, start, end);
    }
    if (this.column >= MAX_COLUMNS)
      throw this.xml.damaged(`row ${this.row + 1} has a cell beyond column ${MAX_COLUMNS}, which no sheet has`);
  }

  private addCell(sink: RowSink): void {
    const { value, column } = this;
    switch (this.type) {
      case TYPE_NUMBER:
        this.addNumber(sink);
        break;
      case TYPE_SHARED:
        this.addShared(sink);
        break;
      case TYPE_BOOLEAN:
        sink.addText(column, /^(1|true)$/.test(value.toString()) ? 'True' : 'False');
        break;
      case TYPE_DATE:
        sink.addText(column, isoDateText(value.toString()));
        break;
      default:
        value.unescape();
        sink.addBytes(column, value.bytes, 0, value.length);
    }
  }

  private addNumber(sink: RowSink): void {
    const { value, column } = this;
    const kind = this.context.kinds[this.style] ?? NUMBER;
    if (kind === NUMBER && isUsualNumber(value.bytes, value.length)) {
      sink.addBytes(column, value.bytes, 0, value.length);
      return;
    }
    const number = parseNumber(value.bytes, value.length);
    // What is no number stays what it is.
    if (!Number.isFinite(number)) sink.addBytes(column, value.bytes, 0, value.length);
    else if (kind === DATE) sink.addText(column, dateText(number, this.context.usesDatesOf1904));
    else sink.addText(column, kind === SPAN ? durationText(number) : numberText(number));
  }

  private addShared(sink: RowSink): void {
    const { strings } = this.context;
    const index = wholeOf(this.value.bytes, 0, this.value.length);
    if (index >= strings.count) throw this.unknownString();
    sink.addBytes(this.column, strings.bytes, strings.startOf(index), strings.endOf(index));
  }

  private unknownString(): Error {
    const named = this.value.toString().slice(0, MOST_SHOWN);
    const shown = /^-?\d+$/.test(named) ? named : JSON.stringify(named);
    return this.xml.damaged(
      `row ${this.row + 1} names shared string ${shown}, and there are ${this.context.strings.count} of them`,
    );
  }
}

function typeOf(bytes: Buffer, start: number, end: number): number {
  // n, s, b, e, d have one letter; str, inlineStr and e are text as it is written.
  return end - start === 1 && bytes[start] !== 101 ? (bytes[start] as number) : TYPE_STRING;
}

/** Position from 0 of the column in a reference such as `AB12`; `otherwise` where it has no letters. */
function columnOf(bytes: Buffer, start: number, end: number, otherwise: number): number {
  let column = 0;
  for (let at = start; at < end; at++) {
    const letter = (bytes[at] as number) & 0xdf;
    if (letter < 65 || letter > 90 || column > MAX_COLUMNS) break;
    column = column * 26 + letter - 64;
  }
  return column === 0 ? otherwise : column - 1;
}

/** Infinity where it is no whole number. */
function wholeOf(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return Infinity;
    value = value * 10 + digit;
  }
  return value;
}

/** `B2:J100` → 10. */
function widthOf(reference: string): number | undefined {
  const last = Buffer.from(reference.slice(reference.indexOf(':') + 1));
  const column = columnOf(last, 0, last.length, -1);
  return column < 0 ? undefined : column + 1;
}
