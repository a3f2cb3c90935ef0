import type { Batch, Reader } from '../batch.ts';
import { BatchBuilder } from '../batch-builder.ts';
import { ABSENT } from '../batch.ts';
import { neverFailure } from '../failure.ts';
import type { Source } from '../source.ts';

const ROWS_PER_BATCH = 1000;

interface Mended {
  row: number;
  record: Record<string, unknown>;
}

/** ACTION mend: NDJSON of `{"row": n, "record": {COLUMN: value, …}}`, each with the number of the row it stands for (rule 12). */
export function openMend(source: Source): Reader {
  return {
    decisions: [{ name: 'format', value: 'ndjson', confidence: 1, reason: 'mended rows' }],
    columnsVary: true,
    maxRows: Number.POSITIVE_INFINITY,
    batches: () => mendedBatches(source),
  };
}

async function* mendedBatches(source: Source): AsyncGenerator<Batch> {
  const lines = (await source.readAll()).toString().split('\n');
  let builder = new BatchBuilder();
  for (const [position, line] of lines.entries()) {
    if (line.trim() === '') continue;
    addRow(builder, parseMended(source, line, position + 1), position + 1);
    if (builder.rows < ROWS_PER_BATCH) continue;
    yield builder.take();
    builder = new BatchBuilder();
  }
  if (!builder.isEmpty) yield builder.take();
}

function addRow(builder: BatchBuilder, { row, record }: Mended, line: number): void {
  const columns = Object.keys(record).map(name => {
    const known = builder.columns.indexOf(name);
    return known >= 0 ? known : builder.addColumn(name);
  });
  builder.beginRow(row, line, ABSENT);
  Object.values(record).forEach((value, index) => {
    const column = columns[index] as number;
    if (value === null || value === undefined) builder.setNull(column);
    else builder.text(column, typeof value === 'string' ? value : JSON.stringify(value));
  });
}

function parseMended(source: Source, line: string, number: number): Mended {
  try {
    const mended = JSON.parse(line) as Mended;
    if (Number.isSafeInteger(mended.row) && mended.row > 0 && typeof mended.record === 'object') return mended;
  } catch {
    // Said below.
  }
  throw neverFailure(
    `${source.path}:${number}: not a mended row; it must be {"row": 12, "record": {"COLUMN": "value"}}`,
  );
}
