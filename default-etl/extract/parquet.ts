import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  type SchemaElement,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { type Batch, emptyBatch, NULL, type Reader } from '../batch.ts';
import { BatchBuilder } from '../batch-builder.ts';
import { messageOf, neverFailure } from '../failure.ts';
import type { Source } from '../source.ts';
import { timeParsers, valueText } from './parquet-text.ts';

const ROWS_PER_BATCH = 5000;

/** Parquet, a row group at a time. */
export async function openParquet(source: Source): Promise<Reader> {
  const file = asyncBuffer(source);
  const metadata = await readable(source, () => parquetMetadataAsync(file));
  const columns = topLevel(metadata);
  const names = columns.map(column => column.name);
  return {
    decisions: [
      {
        name: 'rows',
        value: Number(metadata.num_rows),
        confidence: 1,
        reason: `in ${metadata.row_groups.length} row groups`,
      },
    ],
    columnsVary: false,
    maxRows: Number(metadata.num_rows),
    emptyHeader: () => emptyBatch(names),
    batches: () => batchesOf(source, file, metadata, columns),
  };
}

interface Column {
  name: string;
  /** Digits behind the point of a decimal. */
  scale: number | undefined;
}

async function* batchesOf(
  source: Source,
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: Column[],
): AsyncGenerator<Batch> {
  let groupStart = 0;
  for (const group of metadata.row_groups) {
    const groupEnd = groupStart + Number(group.num_rows);
    const rows = await readable(source, () =>
      parquetReadObjects({
        file,
        metadata,
        rowStart: groupStart,
        rowEnd: groupEnd,
        compressors,
        utf8: false,
        parsers: timeParsers,
      }),
    );
    for (let from = 0; from < rows.length; from += ROWS_PER_BATCH) {
      yield batchOf(rows.slice(from, from + ROWS_PER_BATCH), groupStart + from + 1, columns);
    }
    groupStart = groupEnd;
  }
}

function batchOf(rows: Array<Record<string, unknown>>, firstNumber: number, columns: Column[]): Batch {
  const builder = new BatchBuilder();
  for (const column of columns) builder.addColumn(column.name);
  rows.forEach((row, index) => {
    builder.beginRow(firstNumber + index, 0, NULL);
    columns.forEach((column, position) => {
      const text = valueText(row[column.name], column.scale);
      if (text !== null) builder.text(position, text);
    });
  });
  return builder.take();
}

/** The columns; decimals among them are made plain whole numbers in the metadata, since they would be read as inexact numbers. */
function topLevel(metadata: FileMetaData): Column[] {
  const [root, ...rest] = metadata.schema as [SchemaElement, ...SchemaElement[]];
  const columns: Column[] = [];
  for (let at = 0; columns.length < (root.num_children ?? 0); at = behind(rest, at)) {
    const element = rest[at] as SchemaElement;
    columns.push({ name: element.name, scale: takeScale(element) });
  }
  return columns;
}

function takeScale(element: SchemaElement): number | undefined {
  if (element.converted_type !== 'DECIMAL' || element.num_children) return undefined;
  delete element.converted_type;
  delete element.logical_type;
  return element.scale ?? 0;
}

/** Position of the element behind this one and all that is in it. */
function behind(elements: SchemaElement[], at: number): number {
  let next = at + 1;
  for (let child = elements[at]?.num_children ?? 0; child > 0; child--) next = behind(elements, next);
  return next;
}

function asyncBuffer(source: Source): AsyncBuffer {
  return {
    byteLength: source.sizeBytes,
    slice: async (start, end = source.sizeBytes) => {
      source.bytesRead = Math.max(source.bytesRead, end < source.sizeBytes ? end : 0);
      return plainBuffer(await source.readAt(start, end - start));
    },
  };
}

function plainBuffer(bytes: Buffer): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}

async function readable<T>(source: Source, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw neverFailure(`${source.path} can't be read as Parquet: ${messageOf(error)}`, error);
  }
}
