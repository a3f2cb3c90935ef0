import type { RowSink, Sheet } from './sheet.ts';
import { MAX_ROW_BYTES, rowTooLarge } from './sheet-limits.ts';

/** The first row that has something in it. */
export class HeaderSink implements RowSink {
  row = -1;
  cells: string[] = [];
  isFull = false;
  private readonly sheet: Sheet;
  private readonly skipRows: number;
  private isWanted = false;
  private textBytes = 0;

  constructor(sheet: Sheet, skipRows: number) {
    this.sheet = sheet;
    this.skipRows = skipRows;
  }

  beginRow(row: number): void {
    this.isWanted = row >= this.skipRows;
    if (!this.isWanted) return;
    this.row = row;
    this.cells = [];
  }

  wants(): boolean {
    return this.isWanted;
  }

  addBytes(column: number, bytes: Buffer, start: number, end: number): void {
    if (this.isWanted) this.addText(column, bytes.toString('utf8', start, end));
  }

  addText(column: number, text: string): void {
    if (!this.isWanted || text === '') return;
    this.textBytes += text.length;
    if (this.textBytes > MAX_ROW_BYTES) throw rowTooLarge(this.sheet);
    this.cells[column] = text;
  }

  endRow(): void {
    this.isFull = this.cells.length > 0;
  }
}

/** How many columns the rows from `firstRow` on have. */
export class WidthSink implements RowSink {
  readonly isFull = false;
  width = 0;
  private readonly firstRow: number;
  private isWanted = false;

  constructor(firstRow: number) {
    this.firstRow = firstRow;
  }

  beginRow(row: number): void {
    this.isWanted = row >= this.firstRow;
  }

  wants(column: number): boolean {
    return this.isWanted && column >= this.width;
  }

  addBytes(column: number, _bytes: Buffer, start: number, end: number): void {
    if (this.isWanted && column >= this.width && end > start) this.width = column + 1;
  }

  addText(column: number, text: string): void {
    if (this.isWanted && column >= this.width && text !== '') this.width = column + 1;
  }

  endRow(): void {}
}
