import { type Batch, rowRecord } from '../batch/batch.ts';
import { rawText } from '../batch/original.ts';

/** The rows whose mark is 1; the numbers of the others are added to `filtered`. */
export function keepRows(batch: Batch, marks: Uint8Array, kept: number): Batch {
  if (kept === batch.rows) return batch;
  const filtered = [...(batch.filtered ?? [])];
  for (let row = 0; row < batch.rows; row++) if (marks[row] !== 1) filtered.push(batch.numbers[row] as number);
  return { ...shrink(batch, marks, kept), filtered };
}

/** Rows that a step could not make something of. */
export class Refusals {
  private marks: Uint8Array | undefined;
  private count = 0;

  /** The first reason of a row counts. */
  add(batch: Batch, row: number, reason: string): void {
    this.marks ??= new Uint8Array(batch.rows).fill(1);
    if (this.marks[row] === 0) return;
    this.marks[row] = 0;
    this.count++;
    const line = batch.lines[row] || null;
    batch.rejects.push({
      row: batch.numbers[row] as number,
      line,
      reason,
      raw: rawText(batch, row) ?? JSON.stringify(rowRecord(batch, row)),
    });
  }

  /** The batch without them. Ready for the next one then. */
  takeOut(batch: Batch): Batch {
    const { marks, count } = this;
    this.marks = undefined;
    this.count = 0;
    return marks ? shrink(batch, marks, batch.rows - count) : batch;
  }
}

/** The rows whose mark is 1. The others are accounted for already. */
function shrink(batch: Batch, marks: Uint8Array, kept: number): Batch {
  if (kept === batch.rows) return batch;
  const { starts, ends, width } = batch;
  const numbers = new Float64Array(kept);
  const lines = new Int32Array(kept);
  const rawStarts = new Int32Array(kept);
  const rawEnds = new Int32Array(kept);
  let out = 0;
  for (let row = 0; row < batch.rows; row++) {
    if (marks[row] !== 1) continue;
    if (out !== row) {
      starts.copyWithin(out * width, row * width, (row + 1) * width);
      ends.copyWithin(out * width, row * width, (row + 1) * width);
    }
    numbers[out] = batch.numbers[row] as number;
    lines[out] = batch.lines[row] as number;
    rawStarts[out] = batch.rawStarts[row] as number;
    rawEnds[out] = batch.rawEnds[row] as number;
    out++;
  }
  return { ...batch, rows: kept, numbers, lines, rawStarts, rawEnds };
}
