import { numberText } from '../number-text.ts';
import { isoDateText } from './iso-date.ts';
import { OdsText } from './ods-text.ts';
import { MAX_COLUMNS, MAX_ROWS, type RowSink, type SheetScan } from './sheet.ts';
import { MAX_ROW_BYTES } from './sheet-limits.ts';
import { NEEDS_MORE, START, TEXT, type XmlScanner } from '../markup/xml-scanner.ts';

/** Names that OdsSheetScan wants of its scanner, in this order. */
export const ODS_NAMES = [
  'table:table-cell',
  'text:p',
  'text:s',
  'text:tab',
  'text:line-break',
  'table:covered-table-cell',
  'table:table-row',
  'table:table',
  'office:annotation',
  'table:tracked-changes',
  'table:shapes',
  'draw:frame',
  'draw:g',
  'draw:custom-shape',
  'draw:control',
  'text:ruby-text',
] as const;
const [CELL, PARAGRAPH, SPACES, TAB, LINE_BREAK, COVERED, ROW] = [0, 1, 2, 3, 4, 5, 6];
const TABLE = 7;
/** Everything from this one on has text that is not the cell's: notes, drawings, what was there before. */
const FIRST_ASIDE = 8;

interface OdsCell {
  column: number;
  text: string;
}

/**
 * Reads the XML of one sheet of an OpenDocument spreadsheet. Rows and cells may stand for many: those with nothing in
 * them cost nothing.
 */
export class OdsSheetScan implements SheetScan {
  readonly declaredWidth = undefined;
  row = -1;
  private readonly xml: XmlScanner;
  /** Tables until the one that is wanted ends. */
  private tablesBefore: number;
  private asideDepth = 0;
  private readonly paragraphs = new OdsText();
  private cells: OdsCell[] = [];
  private rowRepeats = 1;
  private repeatsLeft = 0;
  private cellsLeft: number;
  private column = 0;
  private cellRepeats = 1;
  private isInCell = false;
  private value: string | undefined;

  /** `mostCells`: that repeated rows may make. */
  constructor(xml: XmlScanner, position: number, mostCells: number) {
    this.xml = xml;
    this.cellsLeft = mostCells;
    this.tablesBefore = position;
  }

  async advance(sink: RowSink): Promise<boolean> {
    this.repeatRow(sink);
    while (!sink.isFull) {
      const token = this.xml.scan();
      if (token === NEEDS_MORE) {
        if (!(await this.xml.fill())) return false;
      } else if (this.isAside(token)) continue;
      else if (token === TEXT) {
        if (this.isInCell) this.paragraphs.add(this.xml);
      } else if (token === START) this.start();
      else if (!this.end(sink)) {
        await this.xml.drain();
        return false;
      }
    }
    return true;
  }

  close(): void {
    this.xml.close();
  }

  private isAside(token: number): boolean {
    if (this.asideDepth === 0) {
      if (token !== START || this.xml.name < FIRST_ASIDE) return false;
      this.asideDepth = this.xml.depth;
    } else if (this.xml.depth < this.asideDepth) this.asideDepth = 0;
    return true;
  }

  private start(): void {
    switch (this.xml.name) {
      case CELL:
      case COVERED:
        this.startCell();
        break;
      case PARAGRAPH:
        this.paragraphs.begin();
        break;
      case SPACES:
        this.paragraphs.insertBlanks(repeatsOf(this.xml, 'text:c', MAX_COLUMNS));
        if (this.paragraphs.length > MAX_ROW_BYTES)
          throw this.xml.damaged(`row ${this.row + 2} has a cell of more than ${MAX_ROW_BYTES} characters`);
        break;
      case TAB:
        this.paragraphs.insert('\t');
        break;
      case LINE_BREAK:
        this.paragraphs.insert('\n');
        break;
      case ROW:
        this.rowRepeats = repeatsOf(this.xml, 'table:number-rows-repeated', Number.MAX_SAFE_INTEGER);
        this.column = 0;
        break;
    }
  }

  /** Returns false where the sheet ends. */
  private end(sink: RowSink): boolean {
    switch (this.xml.name) {
      case CELL:
      case COVERED:
        this.addCell(this.value ?? this.paragraphs.toString());
        break;
      case PARAGRAPH:
        this.paragraphs.end();
        break;
      case ROW:
        this.endRow(sink);
        break;
      case TABLE:
        this.tablesBefore--;
        return this.tablesBefore >= 0;
    }
    return true;
  }

  private startCell(): void {
    this.cellRepeats = repeatsOf(this.xml, 'table:number-columns-repeated', Number.MAX_SAFE_INTEGER);
    if (this.tablesBefore > 0) return;
    this.value = valueOf(this.xml);
    this.paragraphs.clear();
    this.isInCell = true;
  }

  private addCell(text: string): void {
    const end = this.column + this.cellRepeats;
    if (text !== '' && this.isInCell) {
      if (end > MAX_COLUMNS)
        throw this.xml.damaged(`row ${this.row + 2} has cells beyond column ${MAX_COLUMNS}, which no sheet has`);
      for (let column = this.column; column < end; column++) this.cells.push({ column, text });
    }
    this.column = end;
    this.isInCell = false;
  }

  private endRow(sink: RowSink): void {
    if (this.tablesBefore > 0) return;
    const { cells, rowRepeats } = this;
    if (cells.length === 0) {
      this.row += rowRepeats;
      return;
    }
    if (this.row + rowRepeats >= MAX_ROWS)
      throw this.xml.damaged(`it has more than ${MAX_ROWS} rows, by one that is repeated ${rowRepeats} times`);
    this.repeatsLeft = rowRepeats;
    this.repeatRow(sink);
  }

  private tooMany(): Error {
    return this.xml.tooLarge(
      `up to row ${this.row + 1} its repeated rows make more cells than a file of its size may have; set EXTRACT.limits.cells if they are rows`,
    );
  }

  /** The row that was read last, as often as it stands for; until the sink is full. */
  private repeatRow(sink: RowSink): void {
    while (this.repeatsLeft > 0 && !sink.isFull) {
      this.repeatsLeft--;
      // A row of one cell costs something, too.
      this.cellsLeft -= this.cells.length + 1;
      if (this.cellsLeft < 0) throw this.tooMany();
      sink.beginRow(++this.row);
      for (const { column, text } of this.cells) sink.addText(column, text);
      sink.endRow();
    }
    if (this.repeatsLeft === 0) this.cells = [];
  }
}

/** The value of the cell that starts; undefined where it is its text. */
function valueOf(xml: XmlScanner): string | undefined {
  switch (xml.attribute('office:value-type')) {
    case 'float':
    case 'percentage':
    case 'currency':
      return numberOf(xml.attribute('office:value'));
    case 'date':
      return mapped(xml.attribute('office:date-value'), isoDateText);
    case 'time':
      return mapped(xml.attribute('office:time-value'), timeText);
    case 'boolean':
      return mapped(xml.attribute('office:boolean-value'), text => (text === 'true' ? 'True' : 'False'));
    case 'string':
      return xml.attribute('office:string-value');
    default:
      return undefined;
  }
}

function mapped(value: string | undefined, map: (text: string) => string): string | undefined {
  return value === undefined ? undefined : map(value);
}

function numberOf(value: string | undefined): string | undefined {
  const number = Number(value);
  return value === undefined || value.trim() === '' || !Number.isFinite(number) ? value : numberText(number);
}

/** `PT30H05M00S`, a span of time (ISO 8601), as `30:05:00`; anything else as it is. */
function timeText(value: string): string {
  const parts = /^(-?)P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d+))?S)?$/.exec(value);
  if (parts === null) return value;
  const [, sign = '', days = '0', hours = '0', minutes = '00', seconds = '00', fraction = ''] = parts;
  const digits = fraction.slice(0, 6).padEnd(6, '0');
  const clock = [Number(days) * 24 + Number(hours), minutes, seconds].map(part => String(part).padStart(2, '0'));
  return `${sign}${clock.join(':')}${digits === '000000' ? '' : `.${digits}`}`;
}

/** How many the element stands for: 1 where it does not say. */
function repeatsOf(xml: XmlScanner, attribute: string, most: number): number {
  const text = xml.attribute(attribute);
  if (text === undefined) return 1;
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 0) throw xml.damaged(`${attribute} ${text} is no number`);
  return Math.min(count, most);
}
