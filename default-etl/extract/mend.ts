import { ABSENT, type Batch, type Reader } from '../batch/batch.ts';
import { BatchBuilder } from '../batch/batch-builder.ts';
import type { MendedRow } from '../contract/protocol.ts';
import { neverFailure } from '../contract/failure.ts';
import type { Source } from '../unpack/source.ts';

const ROWS_PER_BATCH = 1000;

/** ACTION mend: NDJSON of `MendedRow`s, each with the number of the row it stands for (rule 12). */
export async function openMend(source: Source): Promise<Reader> {
  const mended = await readMended(source);
  return {
    decisions: [{ name: 'format', value: 'ndjson', confidence: 1, reason: 'mended rows' }],
    columnsVary: true,
    maxRows: mended.at(-1)?.row ?? 0,
    batches: () => mendedBatches(mended),
  };
}

/** By their numbers, whatever order they were saved in: what takes rows relies on the last being the highest. */
async function readMended(source: Source): Promise<MendedRow[]> {
  const texts = (await source.readAll()).toString().split('\n');
  const mended = texts.flatMap((text, index) => (text.trim() === '' ? [] : [parseMended(source, text, index + 1)]));
  return mended.toSorted((one, other) => one.row - other.row);
}

async function* mendedBatches(mended: readonly MendedRow[]): AsyncGenerator<Batch> {
  for (let from = 0; from < mended.length; from += ROWS_PER_BATCH) {
    yield batchOf(mended.slice(from, from + ROWS_PER_BATCH));
  }
}

/** Their raw text comes first in the bytes, so that it can be told should the target refuse one. */
function batchOf(lines: readonly MendedRow[]): Batch {
  const raws = lines.map(mended => Buffer.from(mended.raw ?? ''));
  const text = Buffer.concat(raws);
  const builder = new BatchBuilder(text, text.length);
  // All columns before the first row: none is then too many for the rows so far.
  const names = new Set(lines.flatMap(mended => ('record' in mended ? Object.keys(mended.record) : [])));
  const columns = new Map([...names].map(name => [name, builder.addColumn(name)]));
  let rawStart = 0;
  lines.forEach((mended, index) => {
    const rawEnd = rawStart + (raws[index] as Buffer).length;
    addRow(builder, columns, mended);
    if (mended.raw !== undefined && 'record' in mended) builder.setRaw(rawStart, rawEnd);
    rawStart = rawEnd;
  });
  return builder.take();
}

function addRow(builder: BatchBuilder, columns: ReadonlyMap<string, number>, mended: MendedRow): void {
  if (!('record' in mended)) return builder.reject({ ...mended, line: null });
  const { row, record } = mended;
  // The line of the file itself is not known any more.
  // rule 12: each record carries its row
  builder.beginRow(row, 0, ABSENT);
  for (const [name, value] of Object.entries(record)) {
    const column = columns.get(name) as number;
    if (value === null || value === undefined) builder.setNull(column);
    else builder.text(column, typeof value === 'string' ? value : JSON.stringify(value));
  }
}

function parseMended(source: Source, line: string, number: number): MendedRow {
  try {
    const mended = JSON.parse(line) as Partial<Record<'record' | 'raw' | 'reason' | 'row', unknown>>;
    const isRecord = typeof mended.record === 'object' && mended.record !== null;
    const isReject = typeof mended.raw === 'string' && typeof mended.reason === 'string';
    if (Number.isSafeInteger(mended.row) && (mended.row as number) > 0 && (isRecord || isReject))
      return mended as MendedRow;
  } catch {
    // Said below.
  }
  throw neverFailure(
    `${source.path}:${number}: not a mended row; it must be {"row": 12, "record": {"COLUMN": "value"}}`,
  );
}
