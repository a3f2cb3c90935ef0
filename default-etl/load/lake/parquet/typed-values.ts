import type { ColumnType } from '../../../types/column-type.ts';
import { dateValue, DAY_MS } from '../../../types/date-value.ts';
import { CODE, NO_NUMBER, numberKind } from '../../../types/number-cell.ts';
import { bitsOf } from './encode.ts';
import type { ColumnValues, Logical } from './parquet-file.ts';
import { NULL_INDEX, type TextColumn } from './text-column.ts';

const LENGTH_BYTES = 4;

/** What a column of this type holds beside its text; undefined where the text is all there is. */
export function logicalOf({ type, time }: ColumnType): Exclude<Logical, 'text'> | undefined {
  if (type === 'long' || type === 'double' || type === 'boolean') return type;
  if (type !== 'date') return undefined;
  return time === 'none' ? 'day' : time === 'zoned' ? 'instant' : 'timestamp';
}

/** The typed values of a column of text; null where the text is none of them. With a dictionary each text is read once. */
export function typedValues(text: TextColumn, type: ColumnType): ColumnValues {
  const logical = logicalOf(type) as Exclude<Logical, 'text'>;
  const found = valuesIn(text.values, cell => valueOf(cell, logical, type.dayFirst !== false));
  const isCompact = text.hasDictionary && logical !== 'boolean';
  const { indices, nulls } = text.hasDictionary ? remapped(text, found) : renumbered(text, found);
  const kept = found.filter(value => value !== undefined);
  if (isCompact) return { values: encode(kept, logical), entries: kept.length, indices, rows: text.rows, nulls };
  const values = text.hasDictionary ? expanded(indices, text.rows, kept) : kept;
  return { values: encode(values, logical), entries: undefined, indices, rows: text.rows, nulls };
}

type Value = number | bigint;

function valuesIn(plain: Buffer, read: (cell: Buffer) => Value | undefined): Array<Value | undefined> {
  const values: Array<Value | undefined> = [];
  for (let at = 0; at < plain.length; ) {
    const end = at + LENGTH_BYTES + plain.readInt32LE(at);
    values.push(read(plain.subarray(at + LENGTH_BYTES, end)));
    at = end;
  }
  return values;
}

function valueOf(cell: Buffer, logical: Exclude<Logical, 'text'>, dayFirst: boolean): Value | undefined {
  if (logical === 'long' || logical === 'double') {
    const kind = numberKind(cell, 0, cell.length);
    if (kind === NO_NUMBER || kind === CODE || (logical === 'long' && kind < 1)) return undefined;
    return Number(cell.toString('latin1'));
  }
  const text = cell.toString('latin1');
  if (logical === 'boolean') return /^(true|false)$/i.test(text) ? (text.length === 4 ? 1 : 0) : undefined;
  const microseconds = dateValue(text, dayFirst);
  return logical === 'day' && microseconds !== undefined ? Number(microseconds / 1000n) / DAY_MS : microseconds;
}

/** Entries of the typed dictionary, which lacks those that are no value. */
function remapped(text: TextColumn, found: ReadonlyArray<Value | undefined>): { indices: Int32Array; nulls: number } {
  let entries = 0;
  const entryOf = found.map(value => (value === undefined ? NULL_INDEX : entries++));
  return indicesOf(text, row => entryOf[text.indices[row] as number] as number);
}

/** Without a dictionary the values come one after the other, nulls left out. */
function renumbered(text: TextColumn, found: ReadonlyArray<Value | undefined>): { indices: Int32Array; nulls: number } {
  let next = 0;
  return indicesOf(text, () => (found[next++] === undefined ? NULL_INDEX : 0));
}

function indicesOf(text: TextColumn, indexOf: (row: number) => number): { indices: Int32Array; nulls: number } {
  const indices = new Int32Array(text.rows);
  let nulls = 0;
  for (let row = 0; row < text.rows; row++) {
    const index = text.indices[row] === NULL_INDEX ? NULL_INDEX : indexOf(row);
    if (index === NULL_INDEX) nulls++;
    indices[row] = index;
  }
  return { indices, nulls };
}

function expanded(indices: Int32Array, rows: number, entries: readonly Value[]): Value[] {
  const values: Value[] = [];
  for (let row = 0; row < rows; row++) {
    if (indices[row] !== NULL_INDEX) values.push(entries[indices[row] as number] as Value);
  }
  return values;
}

function encode(values: readonly Value[], logical: Exclude<Logical, 'text'>): Buffer {
  if (logical === 'boolean') return bitsOf(values as number[], values.length);
  const size = logical === 'day' ? 4 : 8;
  const plain = Buffer.allocUnsafeSlow(values.length * size);
  values.forEach((value, index) => {
    const at = index * size;
    if (logical === 'day') plain.writeInt32LE(value as number, at);
    else if (logical === 'double') plain.writeDoubleLE(value as number, at);
    else plain.writeBigInt64LE(BigInt(value), at);
  });
  return plain;
}
