import type { RowSink, Sheet } from './sheet.ts';
import { MAX_ROW_BYTES, rowTooLarge } from './sheet-limits.ts';
import type { SheetRow } from './table-place.ts';

/** Most tables of offices are shorter: of them the end is known, too. */
const MOST_ROWS = 1000;
const MOST_TEXT = 1 << 20;

/** The first rows that have something in them. */
export class HeadSink implements RowSink {
  isFull = false;
  private readonly found: Array<{ row: number; cells: string[] }> = [];
  private readonly sheet: Sheet;
  private readonly skipRows: number;
  private isWanted = false;
  private row = -1;
  private cells: string[] = [];
  private rowBytes = 0;
  private textBytes = 0;

  constructor(sheet: Sheet, skipRows: number) {
    this.sheet = sheet;
    this.skipRows = skipRows;
  }

  /** All as wide as the widest. */
  get rows(): SheetRow[] {
    const width = this.found.reduce((most, { cells }) => Math.max(most, cells.length), 0);
    return this.found.map(({ row, cells }) => ({
      row,
      cells: Array.from({ length: width }, (_, column) => cells[column] ?? ''),
    }));
  }

  beginRow(row: number): void {
    this.isWanted = row >= this.skipRows;
    this.row = row;
    this.cells = [];
    this.rowBytes = 0;
  }

  wants(): boolean {
    return this.isWanted;
  }

  addBytes(column: number, bytes: Buffer, start: number, end: number): void {
    if (this.isWanted) this.addText(column, bytes.toString('utf8', start, end));
  }

  addText(column: number, text: string): void {
    if (!this.isWanted || text === '') return;
    this.rowBytes += text.length;
    if (this.rowBytes > MAX_ROW_BYTES) throw rowTooLarge(this.sheet);
    this.cells[column] = text;
  }

  endRow(): void {
    if (this.cells.length === 0) return;
    this.found.push({ row: this.row, cells: this.cells });
    // A cell costs something, too: rows may be 16,384 wide.
    this.textBytes += this.rowBytes + this.cells.length;
    this.isFull = this.found.length >= MOST_ROWS || this.textBytes >= MOST_TEXT;
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
