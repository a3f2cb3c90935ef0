import { type Batch, rowRecord } from './batch.ts';

/**
 * The batch with what its rejects will have to show: where the format has no text of its own, the cells as they are
 * now. Copied, since steps change them in place: 8 bytes a cell.
 */
export function rememberOriginal(batch: Batch): Batch {
  if (batch.rows === 0 || (batch.rawStarts[0] as number) >= 0) return batch;
  const { header, width, numbers } = batch;
  const cells = batch.rows * width;
  const original = { header, width, starts: batch.starts.slice(0, cells), ends: batch.ends.slice(0, cells), numbers };
  return { ...batch, original };
}

/**
 * The record of a row as it stands in the file, or as JSON of what was read; undefined where neither is known. For cold
 * paths.
 */
export function rawText(batch: Batch, row: number): string | undefined {
  const start = batch.rawStarts[row] as number;
  if (start >= 0) return batch.bytes.toString('utf8', start, batch.rawEnds[row]);
  const { original } = batch;
  if (original === undefined) return undefined;
  const read = find(original.numbers, batch.numbers[row] as number);
  return read < 0 ? undefined : JSON.stringify(rowRecord({ ...batch, ...original }, read));
}

/** Row numbers rise: of a million rejects each is found in 16 steps. */
function find(numbers: Float64Array, wanted: number): number {
  let [from, to] = [0, numbers.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((numbers[middle] as number) < wanted) from = middle + 1;
    else to = middle;
  }
  return numbers[from] === wanted ? from : -1;
}
