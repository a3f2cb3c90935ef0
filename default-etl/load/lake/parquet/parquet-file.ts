import { closeSync, openSync, writeSync } from 'node:fs';
import { zstdCompressSync } from 'node:zlib';
import { definitionLevels, dictionaryIndices, ENCODING } from './encode.ts';
import { ThriftWriter } from './thrift-writer.ts';

/** Parquet's physical types. */
const PHYSICAL = { boolean: 0, int32: 1, int64: 2, double: 5, byteArray: 6 } as const;

/** What a column holds. `timestamp` is in microseconds since 1970, `instant` the same in UTC, `day` in days. */
export type Logical = 'text' | 'long' | 'double' | 'boolean' | 'day' | 'timestamp' | 'instant';

const PHYSICAL_OF: Record<Logical, number> = {
  text: PHYSICAL.byteArray,
  long: PHYSICAL.int64,
  double: PHYSICAL.double,
  boolean: PHYSICAL.boolean,
  day: PHYSICAL.int32,
  timestamp: PHYSICAL.int64,
  instant: PHYSICAL.int64,
};

const MAGIC = Buffer.from('PAR1');
const OPTIONAL = 1;
const ZSTD = 6;
const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;

export interface Column {
  name: string;
  logical: Logical;
}

/** A column's values in a row group, PLAIN encoded. */
export interface ColumnValues {
  /** The dictionary's entries, or the values without nulls. */
  values: Buffer;
  /** How many entries the dictionary has; undefined where there is none. */
  entries: number | undefined;
  /** For each row its entry, NULL_INDEX for none. */
  indices: Int32Array;
  rows: number;
  nulls: number;
}

/** A Parquet file of flat, optional columns, compressed by zstd: one page a column and row group. */
export class ParquetFile {
  private readonly columns: readonly Column[];
  private readonly descriptor: number;
  private offset = 0;
  private rows = 0;
  private readonly rowGroups: Buffer[] = [];

  constructor(path: string, columns: readonly Column[]) {
    this.columns = columns;
    this.descriptor = openSync(path, 'w');
    this.write(MAGIC);
  }

  /** `columns`: the values of each column in turn; each is written before the next one is asked for. */
  writeRowGroup(rows: number, columns: Iterable<ColumnValues>): void {
    const start = this.offset;
    const chunks: Buffer[] = [];
    for (const values of columns) chunks.push(this.writeChunk(this.columns[chunks.length] as Column, values));
    const group = new ThriftWriter()
      .writtenList(1, chunks)
      .i64(2, this.offset - start)
      .i64(3, rows);
    this.rowGroups.push(group.finish());
    this.rows += rows;
  }

  finish(keyValues: Record<string, string>): void {
    const footer = new ThriftWriter()
      .i32(1, 2)
      .structList(2, [undefined, ...this.columns], (struct, column) => writeSchema(struct, column, this.columns.length))
      .i64(3, this.rows)
      .writtenList(4, this.rowGroups)
      .structList(5, Object.entries(keyValues), (struct, [key, value]) => struct.text(1, key).text(2, value))
      .text(6, 'orchestrator-etl')
      .finish();
    const length = Buffer.alloc(4);
    length.writeInt32LE(footer.length);
    for (const part of [footer, length, MAGIC]) this.write(part);
    this.close();
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** Writes the pages and returns the ColumnChunk. */
  private writeChunk({ name, logical }: Column, { values, entries, indices, rows, nulls }: ColumnValues): Buffer {
    const start = this.offset;
    let uncompressed = 0;
    if (entries !== undefined) {
      uncompressed += this.writePage(values, (page, bytes) =>
        pageSizes(page, DICTIONARY_PAGE, values.length, bytes).struct(7, struct =>
          struct.i32(1, entries).i32(2, ENCODING.plain),
        ),
      );
    }
    const dataAt = this.offset;
    const encoding = entries === undefined ? ENCODING.plain : ENCODING.rleDictionary;
    const body = entries === undefined ? values : dictionaryIndices(indices, rows, nulls, entries);
    const content = Buffer.concat([definitionLevels(indices, rows, nulls), body]);
    uncompressed += this.writePage(content, (page, bytes) =>
      pageSizes(page, DATA_PAGE, content.length, bytes).struct(5, struct =>
        struct.i32(1, rows).i32(2, encoding).i32(3, ENCODING.rle).i32(4, ENCODING.rle),
      ),
    );
    const metadata = (struct: ThriftWriter) => {
      struct
        .i32(1, PHYSICAL_OF[logical])
        .i32List(2, entries === undefined ? [ENCODING.plain, ENCODING.rle] : [ENCODING.plain, ENCODING.rle, encoding])
        .textList(3, [name])
        .i32(4, ZSTD)
        .i64(5, rows)
        .i64(6, uncompressed)
        .i64(7, this.offset - start)
        .i64(9, dataAt);
      if (entries !== undefined) struct.i64(11, start);
    };
    return new ThriftWriter().i64(2, start).struct(3, metadata).finish();
  }

  /** Returns how many bytes the page would take if it were not compressed. */
  private writePage(content: Buffer, header: (page: ThriftWriter, compressedBytes: number) => ThriftWriter): number {
    const compressed = zstdCompressSync(content);
    const head = header(new ThriftWriter(), compressed.length).finish();
    this.write(head);
    this.write(compressed);
    return head.length + content.length;
  }

  private write(bytes: Buffer): void {
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(this.descriptor, bytes, written, bytes.length - written);
    }
    this.offset += bytes.length;
  }
}

function pageSizes(page: ThriftWriter, type: number, uncompressed: number, compressed: number): ThriftWriter {
  return page.i32(1, type).i32(2, uncompressed).i32(3, compressed);
}

/** A SchemaElement: of a column, or of the root where there is none. */
function writeSchema(struct: ThriftWriter, column: Column | undefined, columnCount: number): void {
  if (column === undefined) {
    struct.text(4, 'schema').i32(5, columnCount);
    return;
  }
  const { name, logical } = column;
  struct.i32(1, PHYSICAL_OF[logical]).i32(3, OPTIONAL).text(4, name);
  // ConvertedType, for older readers: it has no word for a time without a zone.
  if (logical === 'text') struct.i32(6, 0).struct(10, type => type.struct(1, () => {}));
  if (logical === 'day') struct.i32(6, 6).struct(10, type => type.struct(6, () => {}));
  if (logical === 'instant') struct.i32(6, 10);
  if (logical === 'instant' || logical === 'timestamp') {
    const unit = (time: ThriftWriter) =>
      time.boolean(1, logical === 'instant').struct(2, micros => micros.struct(2, () => {}));
    struct.struct(10, type => type.struct(8, unit));
  }
}
