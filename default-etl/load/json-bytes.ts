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
/** 1 for each byte that stands in a JSON string as it is: all but quote, backslash and control characters. */
const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 32 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

/** JSON text of each column's name with what stands around it, so that a row is these and its cells' bytes. */
export interface DocumentShape {
  /** `,"NAME":"`, or `,"NAME":` where the cells are JSON values themselves */
  beforeText: Buffer[];
  /** 1 where the cells are text. */
  isText: Uint8Array;
  /** `,"NAME":null` */
  ofNull: Buffer[];
  /** Bytes of a row without its cells, at most. */
  fixedBytes: number;
}

export function documentShape(header: readonly string[], literals?: readonly boolean[]): DocumentShape {
  const isText = Uint8Array.from(header, (_, column) => (literals?.[column] ? 0 : 1));
  const beforeText = header.map((name, column) => Buffer.from(`,${JSON.stringify(name)}:${isText[column] ? '"' : ''}`));
  const ofNull = header.map(name => Buffer.from(`,${JSON.stringify(name)}:null`));
  // Each column: the longer of the two forms; the row: braces and line end.
  const fixedBytes = ofNull.reduce((sum, text) => sum + text.length, 3);
  return { beforeText, isText, ofNull, fixedBytes };
}

/** Most bytes that writeDocument() may write for the row. */
export function documentBound(batch: Batch, row: number, shape: DocumentShape): number {
  const { starts, ends } = batch;
  const base = row * batch.width;
  const end = base + shape.ofNull.length;
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
  const { beforeText, isText, ofNull } = shape;
  const base = row * batch.width;
  const columns = ofNull.length;
  let out = at;
  for (let column = 0; column < columns; column++) {
    const start = starts[base + column] as number;
    if (start === ABSENT) continue;
    if (start < 0) {
      const text = ofNull[column] as Buffer;
      for (let index = 0; index < text.length; index++) target[out++] = text[index] as number;
      continue;
    }
    const text = beforeText[column] as Buffer;
    for (let index = 0; index < text.length; index++) target[out++] = text[index] as number;
    const end = ends[base + column] as number;
    for (let index = start; index < end; index++) {
      const byte = bytes[index] as number;
      if (IS_PLAIN[byte] === 1) target[out++] = byte;
      else out = writeEscape(byte, target, out);
    }
    if (isText[column] === 1) target[out++] = QUOTE;
  }
  for (let index = 0; index < tail.length; index++) target[out++] = tail[index] as number;
  // The first member's comma becomes the brace; without members there is none.
  if (out === at) out++;
  target[at] = 123;
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
