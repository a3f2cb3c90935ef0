import type { GridRow } from '../table/grid.ts';
import type { RowSink, Sheet } from './sheet.ts';
import { MAX_ROW_BYTES, rowTooLarge } from './sheet-limits.ts';

/** Most tables of offices are shorter: of them the end is known, too. */
const MOST_ROWS = 1000;
const MOST_TEXT = 1 << 20;
/**
 * Of all rows as wide as the widest: one cell far to the right makes 16 million of 1,000 rows, which took 3 s and 485
 * MB (23 November 2026).
 */
const MOST_CELLS = 1 << 19;
const FEWEST_ROWS = 20;

/** The first rows that have something in them. */
export class HeadSink implements RowSink {
  isFull = false;
  /** Whether the last row that came is none of them. */
  isCut = false;
  private width = 0;
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
  get rows(): GridRow[] {
    return this.found.map(({ row, cells }, index) => ({
      cells: Array.from({ length: this.width }, (_, column) => cells[column] ?? ''),
      line: row + 1,
      linesBefore: row - (this.found[index - 1]?.row ?? this.skipRows - 1) - 1,
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
    const width = Math.max(this.width, this.cells.length);
    this.isCut = this.found.length >= FEWEST_ROWS && this.found.length * width > MOST_CELLS;
    this.isFull = this.isCut;
    if (this.isCut) return;
    this.width = width;
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
