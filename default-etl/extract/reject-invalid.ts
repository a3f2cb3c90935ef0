import { isUtf8 } from 'node:buffer';
import { type Batch, rowRecord } from '../batch/batch.ts';

/**
 * In text taken for UTF-8, a row with other bytes is a reject: guessing would change it silently. `text`: the bytes
 * that the rows come from, so that one look is enough where all are valid. The batch is changed in place.
 */
export function rejectInvalid(batch: Batch, text: Buffer): void {
  if (isUtf8(text)) return;
  let kept = 0;
  for (let row = 0; row < batch.rows; row++) {
    const start = batch.rawStarts[row] as number;
    const end = batch.rawEnds[row] as number;
    if (isUtf8(batch.bytes.subarray(start, end))) {
      moveRow(batch, row, kept++);
      continue;
    }
    const reason = 'not valid UTF-8; set EXTRACT.encoding if the file has another encoding';
    const raw = batch.bytes.toString('utf8', start, end);
    batch.rejects.push({ row: batch.numbers[row] as number, line: batch.lines[row] || null, reason, raw });
  }
  batch.rows = kept;
}

/** The same of a format whose records have no text of their own: a row is looked at cell by cell. */
export function rejectInvalidCells(batch: Batch, text: Buffer): void {
  if (isUtf8(text)) return;
  let kept = 0;
  for (let row = 0; row < batch.rows; row++) {
    if (hasValidCells(batch, row)) {
      moveRow(batch, row, kept++);
      continue;
    }
    const raw = JSON.stringify(rowRecord(batch, row));
    batch.rejects.push({
      row: batch.numbers[row] as number,
      line: batch.lines[row] || null,
      reason: 'not valid UTF-8',
      raw,
    });
  }
  batch.rows = kept;
}

function hasValidCells(batch: Batch, row: number): boolean {
  for (let cell = row * batch.width; cell < (row + 1) * batch.width; cell++) {
    const start = batch.starts[cell] as number;
    if (start >= 0 && !isUtf8(batch.bytes.subarray(start, batch.ends[cell]))) return false;
  }
  return true;
}

/** Copies a row to an earlier place of the same batch. */
function moveRow(batch: Batch, from: number, to: number): void {
  if (from === to) return;
  const { width } = batch;
  batch.starts.copyWithin(to * width, from * width, (from + 1) * width);
  batch.ends.copyWithin(to * width, from * width, (from + 1) * width);
  for (const array of [batch.numbers, batch.lines, batch.rawStarts, batch.rawEnds]) array[to] = array[from] as number;
}
