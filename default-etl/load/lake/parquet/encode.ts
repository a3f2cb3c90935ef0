import { NULL_INDEX } from './text-column.ts';

/** Parquet's encodings that are used here. */
export const ENCODING = { plain: 0, rle: 3, rleDictionary: 8 } as const;

/** Which of the rows have a value, as definition levels of a data page: their length in 4 bytes, then a run or bits. */
export function definitionLevels(indices: Int32Array, rows: number, nulls: number): Buffer {
  const levels = nulls === 0 || nulls === rows ? repeated(nulls === 0 ? 1 : 0, rows) : presence(indices, rows);
  const length = Buffer.alloc(4);
  length.writeInt32LE(levels.length);
  return Buffer.concat([length, levels]);
}

/** The entries of the rows that have one, with how many bits each takes before them. */
export function dictionaryIndices(indices: Int32Array, rows: number, nulls: number, entries: number): Buffer {
  const bits = Math.max(1, 32 - Math.clz32(entries - 1));
  const values = rows - nulls;
  if (values === 0) return Buffer.of(bits);
  const header = runHeader(values);
  const packed = Buffer.alloc(1 + header.length + Math.ceil(values / 8) * bits);
  packed[0] = bits;
  header.copy(packed, 1);
  let at = 1 + header.length;
  let pending = 0;
  let pendingBits = 0;
  for (let row = 0; row < rows; row++) {
    const index = indices[row] as number;
    if (index === NULL_INDEX) continue;
    // At most 7 bits wait, and an index has at most 15.
    pending |= index << pendingBits;
    pendingBits += bits;
    for (; pendingBits >= 8; pendingBits -= 8) {
      packed[at++] = pending & 255;
      pending >>>= 8;
    }
  }
  if (pendingBits > 0) packed[at] = pending;
  return packed;
}

/** One bit a value, the lowest first (PLAIN encoding of BOOLEAN). */
export function bitsOf(values: ArrayLike<number>, count: number): Buffer {
  const packed = Buffer.alloc(Math.ceil(count / 8));
  for (let index = 0; index < count; index++) if (values[index] === 1) packed[index >> 3]! |= 1 << (index & 7);
  return packed;
}

function presence(indices: Int32Array, rows: number): Buffer {
  const present = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) present[row] = indices[row] === NULL_INDEX ? 0 : 1;
  return Buffer.concat([runHeader(rows), bitsOf(present, rows)]);
}

function repeated(level: number, rows: number): Buffer {
  return Buffer.concat([varint(rows * 2), Buffer.of(level)]);
}

/** Of a bit-packed run: how many groups of eight values. */
function runHeader(values: number): Buffer {
  return varint(Math.ceil(values / 8) * 2 + 1);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}
