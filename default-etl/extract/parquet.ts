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
import { type Batch, emptyBatch, NULL, type Reader } from '../batch/batch.ts';
import { BatchBuilder } from '../batch/batch-builder.ts';
import { messageOf, neverFailure } from '../contract/failure.ts';
import { SharedBuffer } from '../batch/shared-buffer.ts';
import { limitsOf, mostCellsOf, tooManyCells, tooManyColumns } from '../contract/limits.ts';
import type { Extract } from '../contract/settings.ts';
import type { Source } from '../unpack/source.ts';
import { columnNames } from './table/column-names.ts';
import { type ColumnValues, FlatColumn } from './parquet/flat-column.ts';
import { pageCompressors } from './parquet/page-compressors.ts';
import { ANY, type Leaf, takeLeaf } from './parquet/leaf.ts';
import { nestedText } from './parquet/nested-text.ts';
import { readPart, SourceFault } from './parquet/read-part.ts';
import { timeParsers } from './parquet/value-text.ts';

const ROWS_PER_BATCH = 4096;
const FIRST_BYTES = 1 << 18;

/** Parquet: columns page by page, nested ones a row group at a time. */
export async function openParquet(source: Source, extract: Extract): Promise<Reader> {
  if (source.sizeBytes === 0) throw neverFailure(`${source.path} is empty: it is no Parquet file; export it again`);
  const file = asyncBuffer(source);
  const { metadata, table, rows } = await readable(source, async () => await readFooter(file));
  const names = table.columns.map(column => column.name);
  const limits = limitsOf(extract);
  if (names.length > limits.columns) throw tooManyColumns(source.path, 'it has', limits.columns);
  const mostCells = mostCellsOf(limits, source.sizeBytes);
  // Known before any is read: pages that repeat one value take no bytes, however many rows they say.
  if (!(rows * names.length <= mostCells)) throw tooManyCells(source.path, rows, names.length, mostCells);
  return {
    decisions: [
      {
        name: 'rows',
        value: rows,
        confidence: 1,
        reason: `in ${metadata.row_groups.length} row groups`,
      },
    ],
    columnsVary: false,
    maxRows: rows,
    emptyHeader: () => emptyBatch(names),
    batches: () => new ParquetRun(source, file, metadata, table).batches(),
  };
}

async function readFooter(file: AsyncBuffer): Promise<{ metadata: FileMetaData; table: Table; rows: number }> {
  const metadata = await parquetMetadataAsync(file);
  const table = tableOf(metadata);
  return { metadata, table, rows: countRows(metadata, table) };
}

interface Column {
  /** Its name in the batch: one that comes up again gets a number. */
  name: string;
  node: SchemaTree;
  /** Position of its first leaf among the leaves of a row group. */
  firstLeaf: number;
}

interface Table {
  root: SchemaTree;
  columns: readonly Column[];
  leaves: ReadonlyMap<SchemaElement, Leaf>;
}

/** One pass over the file. */
class ParquetRun {
  private readonly source: Source;
  private readonly file: AsyncBuffer;
  private readonly metadata: FileMetaData;
  private readonly table: Table;
  private readonly builder = new BatchBuilder();
  /** Buffers that nobody needs any more. */
  private readonly spare: Buffer[] = [];
  private rowsBefore = 0;

  constructor(source: Source, file: AsyncBuffer, metadata: FileMetaData, table: Table) {
    this.source = source;
    this.file = file;
    this.metadata = metadata;
    this.table = table;
    for (const { name } of table.columns) this.builder.addColumn(name);
  }

  async *batches(): AsyncGenerator<Batch> {
    for (const group of this.metadata.row_groups) {
      const rows = Number(group.num_rows);
      const values = this.table.columns.map(column => this.valuesOf(column, group, rows));
      for (let from = 0; from < rows; from += ROWS_PER_BATCH) {
        const count = Math.min(ROWS_PER_BATCH, rows - from);
        const batch = await readable(this.source, async () => await this.nextBatch(values, count, from));
        yield batch;
        batch.shared?.release();
      }
      this.rowsBefore += rows;
    }
  }

  private async nextBatch(values: readonly ColumnValues[], count: number, from: number): Promise<Batch> {
    const texts: Array<ReadonlyArray<string | null>> = [];
    for (const [position, column] of values.entries()) {
      const taken = await column.take(count);
      if (taken.length < count) throw new Error(`the column ${this.table.columns[position]?.name} ends too early`);
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
    const shared = new SharedBuffer(() => spare.push(batch.bytes));
    shared.hold();
    return { ...batch, shared };
  }

  private valuesOf({ node, firstLeaf }: Column, group: RowGroup, rows: number): ColumnValues {
    const metadata = group.columns[firstLeaf]?.meta_data;
    const schemaPath = [this.table.root, node];
    if (!metadata || !isFlatColumn(schemaPath)) return new NestedColumn(() => this.readNested(node, rows));
    const leaf = this.table.leaves.get(node.element) as Leaf;
    return new FlatColumn({ source: this.source, metadata, schemaPath, leaf, parsers: timeParsers });
  }

  /** The column of the whole row group at hand. */
  private async readNested(node: SchemaTree, rows: number): Promise<Array<string | null>> {
    const texts: Array<string | null> = [];
    await parquetRead({
      file: this.file,
      metadata: this.metadata,
      columns: [node.element.name],
      rowStart: this.rowsBefore,
      rowEnd: this.rowsBefore + rows,
      compressors: pageCompressors,
      utf8: false,
      parsers: timeParsers,
      onChunk: ({ columnData }) => {
        for (const value of columnData) texts.push(nestedText(value, node, this.table.leaves));
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

function tableOf(metadata: FileMetaData): Table {
  const root = parquetSchema(metadata);
  const names = columnNames(root.children.map(({ element }) => element.name));
  const leaves = new Map<SchemaElement, Leaf>();
  const columns = root.children.map((node, position) => {
    const firstLeaf = leaves.size;
    takeLeaves(node, leaves);
    return { name: names[position] as string, node, firstLeaf };
  });
  return { root, columns, leaves };
}

/** Of all row groups: some writers leave the footer's own count at 0. Throws where rows would be missing without a word. */
function countRows({ num_rows: total, row_groups: groups }: FileMetaData, { columns }: Table): number {
  const rows = groups.reduce((sum, group) => sum + group.num_rows, 0n);
  // Not `rows < total`: a damaged footer may lack its count.
  if (!(rows >= total)) throw new Error(`its row groups have ${rows} rows, where the footer says ${total}`);
  for (const { node, name, firstLeaf } of columns) {
    if (node.children.length > 0 || node.element.repetition_type === 'REPEATED') continue;
    const differs = groups.findIndex(group => valueCount(group, firstLeaf) !== group.num_rows);
    if (differs >= 0) throw new Error(`the column ${name} of row group ${differs + 1} has not as many values as rows`);
  }
  return Number(rows);
}

/** Where a group does not say it, its rows. */
function valueCount({ columns, num_rows: rows }: RowGroup, leaf: number): bigint {
  return columns[leaf]?.meta_data?.num_values ?? rows;
}

/** Parts of a VARIANT are put together by their types, so they keep them. */
function takeLeaves(node: SchemaTree, leaves: Map<SchemaElement, Leaf>, isVariant = false): void {
  if (node.children.length === 0) leaves.set(node.element, isVariant ? ANY : takeLeaf(node.element));
  for (const child of node.children)
    takeLeaves(child, leaves, isVariant || node.element.logical_type?.type === 'VARIANT');
}

function asyncBuffer(source: Source): AsyncBuffer {
  return {
    byteLength: source.sizeBytes,
    slice: (start, end = source.sizeBytes) => {
      const bytes = readPart(source, start, end - start).then(
        part => part.buffer.slice(part.byteOffset, part.byteOffset + part.length) as ArrayBuffer,
      );
      // hyparquet asks for several at once and forgets the others where one fails: left alone they would end the program.
      bytes.catch(() => {});
      return bytes;
    },
  };
}

async function readable<T>(source: Source, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SourceFault) throw error.cause;
    throw neverFailure(
      `${source.path} can't be read as Parquet: it is damaged or unusual (${messageOf(error)}); export it again`,
      error,
    );
  }
}
