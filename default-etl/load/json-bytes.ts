import { ABSENT, type Batch } from '../batch.ts';

const QUOTE = 34;
const BACKSLASH = 92;
const HEX = Buffer.from('0123456789abcdef');
const SHORT_ESCAPES = new Map([
  [8, 98],
  [9, 116],
  [10, 110],
  [12, 102],
  [13, 114],
]);

/** JSON text of each column's name with what stands around it, so that a row is these and its cells' bytes. */
export interface DocumentShape {
  /** `"NAME":` */
  keys: Buffer[];
  /** Bytes of a row without its cells, at most. */
  fixedBytes: number;
}

export function documentShape(header: readonly string[]): DocumentShape {
  const keys = header.map(name => Buffer.from(`${JSON.stringify(name)}:`));
  // Each column: its key, a comma, quotes or null; the row: braces and line end.
  const fixedBytes = keys.reduce((sum, key) => sum + key.length + 5, 3);
  return { keys, fixedBytes };
}

/** Most bytes that writeDocument() may write for the row. */
export function documentBound(batch: Batch, row: number, shape: DocumentShape): number {
  const { starts, ends } = batch;
  const base = row * batch.width;
  const end = base + shape.keys.length;
  let bytes = 0;
  for (let cell = base; cell < end; cell++) {
    const start = starts[cell] as number;
    if (start >= 0) bytes += (ends[cell] as number) - start;
  }
  return shape.fixedBytes + 6 * bytes;
}

/**
 * Writes the row as `{"A":"text","B":null}` and returns the position behind it: cells are copied and escaped in one pass, byte by byte,
 * since most are a few bytes long. `tail`: JSON of further members, each with a comma before it.
 */
export function writeDocument(
  batch: Batch,
  row: number,
  shape: DocumentShape,
  tail: Buffer,
  target: Buffer,
  at: number,
): number {
  const { bytes, starts, ends } = batch;
  const { keys } = shape;
  const base = row * batch.width;
  let out = at;
  target[out++] = 123;
  const first = out;
  for (let column = 0; column < keys.length; column++) {
    const start = starts[base + column] as number;
    if (start === ABSENT) continue;
    if (out !== first) target[out++] = 44;
    const key = keys[column] as Buffer;
    for (let index = 0; index < key.length; index++) target[out++] = key[index] as number;
    if (start < 0) {
      target[out++] = 110;
      target[out++] = 117;
      target[out++] = 108;
      target[out++] = 108;
      continue;
    }
    const end = ends[base + column] as number;
    target[out++] = QUOTE;
    for (let index = start; index < end; index++) {
      const byte = bytes[index] as number;
      if (byte >= 32 && byte !== QUOTE && byte !== BACKSLASH) target[out++] = byte;
      else out = writeEscape(byte, target, out);
    }
    target[out++] = QUOTE;
  }
  for (let index = out === first ? 1 : 0; index < tail.length; index++) target[out++] = tail[index] as number;
  target[out++] = 125;
  return out;
}

function writeEscape(byte: number, target: Buffer, at: number): number {
  target[at] = BACKSLASH;
  const short = byte >= 32 ? byte : SHORT_ESCAPES.get(byte);
  if (short !== undefined) {
    target[at + 1] = short;
    return at + 2;
  }
  target[at + 1] = 117;
  target[at + 2] = 48;
  target[at + 3] = 48;
  target[at + 4] = HEX[byte >> 4] as number;
  target[at + 5] = HEX[byte & 15] as number;
  return at + 6;
}
