import type { ColumnMetaData, PageHeader, ParquetParsers } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { convert, DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { decompressPage } from 'hyparquet/src/datapage.js';
import { deltaBinaryUnpack, deltaByteArray, deltaLengthByteArray } from 'hyparquet/src/delta.js';
import { byteStreamSplit, readRleBitPackedHybrid } from 'hyparquet/src/encoding.js';
import { readPlain } from 'hyparquet/src/plain.js';
import type { ColumnDecoder, DataReader, DecodedArray, SchemaTree } from 'hyparquet/src/types.js';
import { MOST_RATIO } from '../../contract/limits.ts';
import type { Source } from '../../unpack/source.ts';
import { pageCompressors } from './page-compressors.ts';
import type { Leaf } from './leaf.ts';
import { readPart } from './read-part.ts';

const HEADER_BYTES = 1 << 16;
const MAX_PAGE_BYTES = 1 << 30;
/** A larger page is not packed to less than a 200th. */
const ANY_RATIO_BYTES = 1 << 27;
/** Writers begin a new page after 20,000 values, or a megabyte; some put a row group in one. */
const MAX_PAGE_VALUES = 1 << 25;

/** The values of a column within one row group, in order. */
export interface ColumnValues {
  /** The texts of the next rows, null where there is no value; fewer than `count` only at the end of the group. */
  take(count: number): Promise<ReadonlyArray<string | null>>;
}

export interface FlatColumnOptions {
  source: Source;
  metadata: ColumnMetaData;
  /** From the root to the column. */
  schemaPath: SchemaTree[];
  leaf: Leaf;
  parsers: Partial<ParquetParsers>;
}

/**
 * A column without anything nested, read page by page. hyparquet reads a row group at once, and has a value for each
 * cell of it: 3,000,000 rows of 5 columns took it 360 MB, where this needs a page of each column (23 November 2026).
 */
export class FlatColumn implements ColumnValues {
  private readonly source: Source;
  private readonly metadata: ColumnMetaData;
  private readonly decoder: ColumnDecoder;
  private readonly leaf: Leaf;
  private readonly isOptional: boolean;
  private position: number;
  private dictionary: ReadonlyArray<string | null> = [];
  /** Rows of the group whose pages were not read yet. */
  private rowsLeft: number;
  /** The page at hand: rows, the next one of them, and the next of its values. */
  private pageRows = 0;
  private row = 0;
  private value = 0;
  /** 1 where the row has a value. */
  private levels = new Uint8Array(0);
  /** Of the dictionary's texts; else `values` are the page's own. */
  private indices = new Int32Array(0);
  private values: DecodedArray | undefined;

  constructor({ source, metadata, schemaPath, leaf, parsers }: FlatColumnOptions) {
    const { element } = schemaPath[1] as SchemaTree;
    this.source = source;
    this.metadata = metadata;
    this.leaf = leaf;
    this.isOptional = element.repetition_type !== 'REQUIRED';
    this.position = Number(metadata.dictionary_page_offset || metadata.data_page_offset);
    this.rowsLeft = Number(metadata.num_values);
    this.decoder = {
      pathInSchema: metadata.path_in_schema,
      type: metadata.type,
      element,
      schemaPath,
      codec: metadata.codec,
      parsers: { ...DEFAULT_PARSERS, ...parsers },
      compressors: pageCompressors,
      utf8: false,
    };
  }

  async take(count: number): Promise<ReadonlyArray<string | null>> {
    const texts: Array<string | null> = [];
    while (texts.length < count) {
      if (this.row === this.pageRows) {
        if (this.rowsLeft <= 0) break;
        await this.readPage();
        continue;
      }
      this.takeRows(texts, Math.min(count - texts.length, this.pageRows - this.row));
    }
    return texts;
  }

  private takeRows(texts: Array<string | null>, count: number): void {
    const end = this.row + count;
    let present = count;
    if (this.isOptional) for (let row = this.row; row < end; row++) present -= 1 - (this.levels[row] as number);
    const found = this.nextTexts(present);
    let next = 0;
    for (; this.row < end; this.row++)
      texts.push(this.isOptional && this.levels[this.row] === 0 ? null : (found[next++] as string | null));
  }

  /** Values become texts only when they are wanted: a page may have as many as the row group. */
  private nextTexts(count: number): Array<string | null> {
    const from = this.value;
    this.value += count;
    const { values, dictionary } = this;
    if (values !== undefined) return Array.from(convert(values.slice(from, this.value), this.decoder), this.leaf.text);
    const texts: Array<string | null> = [];
    for (let at = from; at < this.value; at++) {
      const text = dictionary[this.indices[at] as number];
      if (text === undefined) throw new Error('a value is not in the dictionary');
      texts.push(text);
    }
    return texts;
  }

  private async readPage(): Promise<void> {
    const { header, bodyAt } = await this.readHeader();
    const bytes = await readPart(this.source, bodyAt, header.compressed_page_size);
    if (bytes.length < header.compressed_page_size) throw new Error('a page goes beyond the end of the file');
    this.position = bodyAt + bytes.length;
    this.source.bytesRead = this.position;
    if (header.type === 'DICTIONARY_PAGE') this.readDictionary(header, bytes);
    else if (header.type === 'DATA_PAGE') this.readData(header, bytes);
    else if (header.type === 'DATA_PAGE_V2') this.readDataV2(header, bytes);
  }

  private async readHeader(): Promise<{ header: PageHeader; bodyAt: number }> {
    for (let length = HEADER_BYTES; ; length *= 16) {
      const bytes = await readPart(this.source, this.position, length);
      try {
        const reader = readerOf(bytes);
        const header = parquetHeader(reader);
        if (!isPlausible(header)) throw new Error(`the header of the page at byte ${this.position} is damaged`);
        return { header, bodyAt: this.position + reader.offset };
      } catch (error) {
        // The header goes on: the least and greatest value are in it.
        if (!(error instanceof RangeError) || bytes.length < length || length > MAX_PAGE_BYTES) throw error;
      }
    }
  }

  private readDictionary(header: PageHeader, bytes: Buffer): void {
    const count = header.dictionary_page_header?.num_values ?? 0;
    if (!(count >= 0 && count <= header.uncompressed_page_size + 1))
      throw new Error(`a dictionary says that it has ${count} values`);
    const { type, element } = this.decoder;
    const plain = readPlain(
      readerOf(this.unpack(bytes, header.uncompressed_page_size)),
      type,
      count,
      element.type_length,
    );
    this.dictionary = Array.from(convert(plain, this.decoder), this.leaf.text);
  }

  private readData(header: PageHeader, bytes: Buffer): void {
    const { num_values: rows, encoding } = header.data_page_header as NonNullable<PageHeader['data_page_header']>;
    const reader = readerOf(this.unpack(bytes, header.uncompressed_page_size));
    this.startPage(rows);
    if (this.isOptional) readRleBitPackedHybrid(reader, 1, this.levels);
    this.readValues(reader, encoding);
  }

  /** The levels stand in front of what is packed. */
  private readDataV2(header: PageHeader, bytes: Buffer): void {
    const page = header.data_page_header_v2 as NonNullable<PageHeader['data_page_header_v2']>;
    const levelBytes = page.repetition_levels_byte_length + page.definition_levels_byte_length;
    this.startPage(page.num_values);
    if (this.isOptional) {
      const levels = readerOf(bytes.subarray(page.repetition_levels_byte_length, levelBytes));
      readRleBitPackedHybrid(levels, 1, this.levels, page.definition_levels_byte_length);
    }
    const body = bytes.subarray(levelBytes);
    const size = header.uncompressed_page_size - levelBytes;
    this.readValues(readerOf(page.is_compressed === false ? body : this.unpack(body, size)), page.encoding);
  }

  private startPage(rows: number): void {
    if (!(rows >= 0 && rows <= MAX_PAGE_VALUES))
      throw new Error(`a page has ${rows} values, more than the limit of ${MAX_PAGE_VALUES}`);
    if (rows > this.rowsLeft) throw new Error(`a page has ${rows} rows where ${this.rowsLeft} are left`);
    this.rowsLeft -= rows;
    this.pageRows = rows;
    this.row = 0;
    this.value = 0;
    // A new view where the length differs: what fills it stops at its end.
    this.levels = this.levels.length === rows ? this.levels.fill(0) : new Uint8Array(this.isOptional ? rows : 0);
  }

  private readValues(reader: DataReader, encoding: string): void {
    let count = this.pageRows;
    if (this.isOptional) for (const level of this.levels) count -= 1 - level;
    if (encoding === 'PLAIN_DICTIONARY' || encoding === 'RLE_DICTIONARY') this.readIndices(reader, count);
    else this.values = this.decode(reader, encoding, count);
  }

  private readIndices(reader: DataReader, count: number): void {
    this.values = undefined;
    this.indices = this.indices.length === count ? this.indices.fill(0) : new Int32Array(count);
    if (count === 0) return;
    const width = reader.view.getUint8(reader.offset++);
    if (width > 0) readRleBitPackedHybrid(reader, width, this.indices, reader.view.byteLength - reader.offset);
  }

  private decode(reader: DataReader, encoding: string, count: number): DecodedArray {
    const { type, element } = this.decoder;
    switch (encoding) {
      case 'PLAIN':
        return readPlain(reader, type, count, element.type_length);
      case 'RLE': {
        const bits = new Uint8Array(count);
        if (count > 0) readRleBitPackedHybrid(reader, 1, bits);
        return Array.from(bits, Boolean);
      }
      case 'BYTE_STREAM_SPLIT':
        return byteStreamSplit(reader, count, type, element.type_length);
      case 'DELTA_BINARY_PACKED': {
        const values = type === 'INT32' ? new Int32Array(count) : new BigInt64Array(count);
        if (count > 0) deltaBinaryUnpack(reader, count, values);
        return values;
      }
      case 'DELTA_LENGTH_BYTE_ARRAY':
        return bytesFrom(count, values => deltaLengthByteArray(reader, count, values));
      case 'DELTA_BYTE_ARRAY':
        return bytesFrom(count, values => deltaByteArray(reader, count, values));
      default:
        throw new Error(`values are encoded by ${encoding}, which is not known`);
    }
  }

  private unpack(bytes: Uint8Array, size: number): Uint8Array {
    return size === 0 ? new Uint8Array(0) : decompressPage(bytes, size, this.metadata.codec, pageCompressors);
  }
}

function isPlausible({ uncompressed_page_size: size, compressed_page_size: packed }: PageHeader): boolean {
  if (!(packed >= 0) || size > MAX_PAGE_BYTES) return false;
  return size <= ANY_RATIO_BYTES || size <= MOST_RATIO * packed;
}

function bytesFrom(count: number, read: (values: Uint8Array[]) => void): Uint8Array[] {
  const values: Uint8Array[] = Array.from({ length: count });
  if (count > 0) read(values);
  return values;
}

function readerOf(bytes: Uint8Array): DataReader {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
}
