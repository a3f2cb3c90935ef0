import { isUtf8 } from 'node:buffer';
import type { Batch } from '../batch.ts';

/**
 * In text taken for UTF-8, a row with other bytes is a reject: guessing would change it silently. `text`: the bytes that the rows come from, so that
 * one look is enough where all are valid. The batch is changed in place.
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

/** Copies a row to an earlier place of the same batch. */
function moveRow(batch: Batch, from: number, to: number): void {
  if (from === to) return;
  const { width } = batch;
  batch.starts.copyWithin(to * width, from * width, (from + 1) * width);
  batch.ends.copyWithin(to * width, from * width, (from + 1) * width);
  for (const array of [batch.numbers, batch.lines, batch.rawStarts, batch.rawEnds]) array[to] = array[from] as number;
}
