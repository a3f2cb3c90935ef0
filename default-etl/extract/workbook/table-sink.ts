import { type Batch, NULL } from '../../batch/batch.ts';
import { BatchBuilder } from '../../batch/batch-builder.ts';
import { SharedBuffer } from '../../batch/shared-buffer.ts';
import { rejectInvalidCells } from '../reject-invalid.ts';
import type { RowSink, Sheet } from './sheet.ts';
import { MAX_ROW_BYTES, rowTooLarge, textTooLarge } from './sheet-limits.ts';

const ROWS_PER_BATCH = 2000;
const BYTES_PER_BATCH = 1 << 20;

/** Rows of a sheet, from 0. */
export interface RowRange {
  from: number;
  /** Behind the last one; undefined for the end of the sheet. */
  to?: number | undefined;
}

/**
 * Writes the cells into batches. A row with something in it beyond the last column is a reject: nothing is left out in
 * silence.
 */
export class TableSink implements RowSink {
  private readonly builder = new BatchBuilder();
  private readonly spare: Buffer[] = [];
  private readonly sheet: Sheet;
  private readonly from: number;
  private readonly to: number;
  private readonly width: number;
  private rowBytes = 0;
  private textBytes = 0;
  private number: number;
  private row = -1;
  private isWanted = false;
  private isBlank = true;
  private surplus: Array<[column: number, text: string]> = [];

  constructor(sheet: Sheet, header: readonly string[], { from, to = Infinity }: RowRange, firstNumber: number) {
    this.sheet = sheet;
    this.from = from;
    this.to = to;
    this.width = header.length;
    this.number = firstNumber;
    for (const name of header) this.builder.addColumn(name);
  }

  get isEmpty(): boolean {
    return this.builder.isEmpty;
  }

  get isFull(): boolean {
    return this.builder.rows >= ROWS_PER_BATCH || this.builder.byteLength >= BYTES_PER_BATCH;
  }

  beginRow(row: number): void {
    this.isWanted = row >= this.from && row < this.to;
    if (!this.isWanted) return;
    this.row = row;
    this.isBlank = true;
    this.rowBytes = 0;
    this.builder.beginRow(this.number, row + 1, NULL);
  }

  wants(): boolean {
    return this.isWanted;
  }

  addBytes(column: number, bytes: Buffer, start: number, end: number): void {
    if (!this.isWanted || start === end) return;
    this.isBlank = false;
    this.countBytes(end - start);
    if (column < this.width) this.builder.copy(column, bytes, start, end);
    else this.surplus.push([column, bytes.toString('utf8', start, end)]);
  }

  addText(column: number, text: string): void {
    if (!this.isWanted || text === '') return;
    this.isBlank = false;
    this.countBytes(text.length);
    if (column < this.width) this.builder.text(column, text);
    else this.surplus.push([column, text]);
  }

  endRow(): void {
    if (!this.isWanted) return;
    if (this.isBlank) this.builder.dropRow();
    else this.number++;
    if (this.surplus.length > 0) this.rejectRow();
  }

  /** Its positions are good until the next row begins. The reader itself holds the batch until release(). */
  take(): Batch {
    this.textBytes += this.builder.byteLength;
    if (this.textBytes > this.sheet.maxTextBytes) throw textTooLarge(this.sheet);
    const written = this.builder.byteLength;
    const batch = this.builder.take();
    rejectInvalidCells(batch, batch.bytes.subarray(0, written));
    batch.shared = new SharedBuffer(() => this.spare.push(batch.bytes));
    batch.shared.hold();
    this.builder.restart(this.spare.pop() ?? Buffer.allocUnsafeSlow(2 * BYTES_PER_BATCH), 0);
    return batch;
  }

  private countBytes(count: number): void {
    this.rowBytes += count;
    if (this.rowBytes > MAX_ROW_BYTES) throw rowTooLarge(this.sheet);
  }

  private rejectRow(): void {
    const { columns } = this.builder;
    const cells = this.builder.lastRow().map((text, column) => [columns[column], text]);
    for (const [column, text] of this.surplus) cells.push([`Unnamed: ${column}`, text]);
    this.surplus = [];
    this.builder.dropRow();
    this.builder.reject({
      row: this.number - 1,
      line: this.row + 1,
      reason: `it has cells beyond the ${this.width} columns of the table`,
      raw: JSON.stringify(Object.fromEntries(cells)),
    });
  }
}
