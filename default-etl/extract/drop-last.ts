import type { Batch } from '../batch/batch.ts';

/**
 * EXTRACT.skip_footer: the batches without the file's last `count` records. A batch is only handed on when as many records follow
 * it; what is held back meanwhile keeps copies of its positions, since readers use theirs again.
 */
export async function* dropLast(batches: AsyncGenerator<Batch>, count: number): AsyncGenerator<Batch> {
  const held: Batch[] = [];
  let behind = 0;
  for await (const batch of batches) {
    batch.shared?.hold();
    held.push({ ...batch, starts: batch.starts.slice(), ends: batch.ends.slice() });
    behind += recordCount(batch);
    while (held.length > 1 && behind - recordCount(held[0] as Batch) >= count) {
      const first = held.shift() as Batch;
      behind -= recordCount(first);
      yield first;
      first.shared?.release();
    }
  }
  const last = Math.max(0, ...held.map(lastNumber)) - count;
  for (const batch of held) yield upTo(batch, last);
}

function recordCount(batch: Batch): number {
  return batch.rows + batch.rejects.length;
}

function lastNumber(batch: Batch): number {
  const row = batch.rows === 0 ? 0 : (batch.numbers[batch.rows - 1] as number);
  return Math.max(row, batch.rejects.at(-1)?.row ?? 0);
}

/** The records with numbers up to `last`. */
function upTo(batch: Batch, last: number): Batch {
  let rows = batch.rows;
  while (rows > 0 && (batch.numbers[rows - 1] as number) > last) rows--;
  return { ...batch, rows, rejects: batch.rejects.filter(reject => reject.row <= last) };
}
