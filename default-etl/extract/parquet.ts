import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type RowGroup,
  type SchemaElement,
} from 'hyparquet';
import { isFlatColumn } from 'hyparquet/src/schema.js';
import type { SchemaTree } from 'hyparquet/src/types.js';
import { type Batch, emptyBatch, NULL, type Reader } from '../batch.ts';
import { BatchBuilder } from '../batch-builder.ts';
import { messageOf, neverFailure } from '../failure.ts';
import { Lease } from '../lease.ts';
import type { Source } from '../source.ts';
import { type ColumnValues, FlatColumn } from './parquet/column.ts';
import { pageCompressors } from './parquet/compression.ts';
import { timeParsers, valueText } from './parquet/text.ts';

const ROWS_PER_BATCH = 4096;
const FIRST_BYTES = 1 << 18;

/** Parquet: columns page by page, nested ones a row group at a time. */
export async function openParquet(source: Source): Promise<Reader> {
  if (source.sizeBytes === 0) throw neverFailure(`${source.path} is empty: it is no Parquet file; export it again`);
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
    batches: () => new ParquetRun(source, file, metadata, columns).batches(),
  };
}

interface Column {
  name: string;
  /** Digits behind the point of a decimal. */
  scale: number | undefined;
}

/** One pass over the file. */
class ParquetRun {
  private readonly source: Source;
  private readonly file: AsyncBuffer;
  private readonly metadata: FileMetaData;
  private readonly columns: readonly Column[];
  private readonly schema: SchemaTree;
  private readonly builder = new BatchBuilder();
  /** Buffers that nobody needs any more. */
  private readonly spare: Buffer[] = [];
  private rowsBefore = 0;

  constructor(source: Source, file: AsyncBuffer, metadata: FileMetaData, columns: readonly Column[]) {
    this.source = source;
    this.file = file;
    this.metadata = metadata;
    this.columns = columns;
    this.schema = parquetSchema(metadata);
    for (const { name } of columns) this.builder.addColumn(name);
  }

  async *batches(): AsyncGenerator<Batch> {
    for (const group of this.metadata.row_groups) {
      const rows = Number(group.num_rows);
      const values = this.columns.map((column, position) => this.valuesOf(column, position, group, rows));
      for (let from = 0; from < rows; from += ROWS_PER_BATCH) {
        const count = Math.min(ROWS_PER_BATCH, rows - from);
        const batch = await readable(this.source, async () => await this.nextBatch(values, count, from));
        yield batch;
        batch.lease?.release();
      }
      this.rowsBefore += rows;
    }
  }

  private async nextBatch(values: readonly ColumnValues[], count: number, from: number): Promise<Batch> {
    const texts: Array<ReadonlyArray<string | null>> = [];
    for (const [position, column] of values.entries()) {
      const taken = await column.take(count);
      if (taken.length < count) throw new Error(`the column ${this.columns[position]?.name} ends too early`);
      texts.push(taken);
    }
    const { builder, spare } = this;
    builder.restart(spare.pop() ?? Buffer.allocUnsafeSlow(FIRST_BYTES), 0);
    for (let row = 0; row < count; row++) {
      builder.beginRow(this.rowsBefore + from + row + 1, 0, NULL);
      for (let column = 0; column < texts.length; column++) {
        const text = texts[column]?.[row];
        if (text !== null && text !== undefined) builder.text(column, text);
      }
    }
    const batch = builder.take();
    const lease = new Lease(() => spare.push(batch.bytes));
    lease.hold();
    return { ...batch, lease };
  }

  private valuesOf(column: Column, position: number, group: RowGroup, rows: number): ColumnValues {
    const child = this.schema.children[position] as SchemaTree;
    const metadata = group.columns.find(({ meta_data: meta }) => meta?.path_in_schema[0] === column.name)?.meta_data;
    const schemaPath = [this.schema, child];
    if (!metadata || !isFlatColumn(schemaPath)) return new NestedColumn(() => this.readNested(column, rows));
    return new FlatColumn({ source: this.source, metadata, schemaPath, scale: column.scale, parsers: timeParsers });
  }

  /** The column of the whole row group at hand. */
  private async readNested({ name, scale }: Column, rows: number): Promise<Array<string | null>> {
    const texts: Array<string | null> = [];
    await parquetRead({
      file: this.file,
      metadata: this.metadata,
      columns: [name],
      rowStart: this.rowsBefore,
      rowEnd: this.rowsBefore + rows,
      compressors: pageCompressors,
      utf8: false,
      parsers: timeParsers,
      onChunk: ({ columnData }) => {
        for (const value of columnData) texts.push(valueText(value, scale));
      },
    });
    return texts;
  }
}

/** A column with lists or structures in it: read when its first rows are wanted. */
class NestedColumn implements ColumnValues {
  private readonly read: () => Promise<Array<string | null>>;
  private texts: Array<string | null> | undefined;
  private next = 0;

  constructor(read: () => Promise<Array<string | null>>) {
    this.read = read;
  }

  async take(count: number): Promise<Array<string | null>> {
    this.texts ??= await this.read();
    this.next += count;
    return this.texts.slice(this.next - count, this.next);
  }
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
    slice: async (start, end = source.sizeBytes) => plainBuffer(await source.readAt(start, end - start)),
  };
}

function plainBuffer(bytes: Buffer): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}

async function readable<T>(source: Source, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw neverFailure(
      `${source.path} can't be read as Parquet: it is damaged or unusual (${messageOf(error)}); export it again`,
      error,
    );
  }
}
