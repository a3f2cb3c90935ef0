import type { Batch, Reader } from '../batch/batch.ts';
import { assertNames, type Limits, mostCellsOf, tooManyCells, tooManyColumns } from '../contract/limits.ts';
import type { Source } from '../unpack/source.ts';

/** The same reader within the limits: they are looked at once a batch. */
export function limited(
  reader: Reader,
  { path, sizeBytes }: Pick<Source, 'path' | 'sizeBytes'>,
  limits: Limits,
): Reader {
  const mostCells = mostCellsOf(limits, sizeBytes);
  async function* within(batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
    const columns = new Set<string>();
    let header: readonly string[] | undefined;
    let cells = 0;
    let rows = 0;
    for await (const batch of batches) {
      if (batch.header !== header) {
        header = batch.header;
        assertNames(path, header);
        for (const name of header) columns.add(name);
        if (columns.size > limits.columns) throw tooManyColumns(path, 'its rows have', limits.columns);
      }
      rows += batch.rows;
      cells += batch.rows * header.length;
      if (cells > mostCells) throw tooManyCells(path, rows, header.length, mostCells);
      yield batch;
    }
  }
  return { ...reader, batches: () => within(reader.batches()) };
}
