import { type Batch, cellText, NULL } from '../batch/batch.ts';
import { skipBlanks } from './blanks.ts';
import type { CellWriter } from './cell-writer.ts';
import { Refusals } from './rows.ts';
import type { OnError } from './step.ts';

/**
 * Writes what bytes[start, end) of the writer means at a position with room enough, and returns the position behind it;
 * -1 where it means nothing.
 */
export type Convert = (bytes: Buffer, start: number, end: number, at: number) => number;

export interface Conversion {
  convert: Convert;
  /** Most bytes that a value of so many bytes becomes. */
  boundOf: (byteCount: number) => number;
  onError: OnError;
  /** What the value is not, for the reject: `no date of the pattern %d/%m/%Y`. */
  misfit: string;
}

/**
 * Converts the cells of columns in place. Blanks alone mean "no value". Returns the batch without the rows that are
 * rejects now.
 */
export function convertColumns(
  batch: Batch,
  columns: readonly number[],
  conversions: (column: number) => Conversion,
  writer: CellWriter,
): Batch {
  const refusals = new Refusals();
  writer.open(batch);
  for (const column of columns) convertColumn(batch, column, conversions(column), writer, refusals);
  return refusals.takeOut(writer.close(batch));
}

function convertColumn(
  batch: Batch,
  column: number,
  { convert, boundOf, onError, misfit }: Conversion,
  writer: CellWriter,
  refusals: Refusals,
): void {
  const { starts, ends } = batch;
  for (let row = 0, cell = column; row < batch.rows; row++, cell += batch.width) {
    const start = starts[cell] as number;
    if (start < 0) continue;
    const end = ends[cell] as number;
    const at = writer.reserve(boundOf(end - start));
    const written = convert(writer.bytes, start, end, at);
    if (written >= 0) writer.commit(batch, cell, written);
    else if (onError === 'null' || skipBlanks(batch.bytes, start, end) === end) starts[cell] = NULL;
    else if (onError === 'reject') {
      const value = quoted(cellText(batch, row, column));
      // Cells of earlier columns are in the writer's bytes by now.
      refusals.add({ ...batch, bytes: writer.bytes }, row, `${batch.header[column]}: ${value} is ${misfit}`);
    }
  }
}

const MOST_SHOWN = 100;

function quoted(text: string | null | undefined): string {
  const shown = text ?? '';
  return JSON.stringify(shown.length > MOST_SHOWN ? `${shown.slice(0, MOST_SHOWN)}…` : shown);
}
