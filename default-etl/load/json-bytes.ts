import { ABSENT, type Batch } from '../batch.ts';
import { type Output, viewOf, type WordTable, wordJson, wordTable, writeWords } from './words.ts';

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
const WORD_BYTES = 4;
/** A byte becomes six at most: \u001f. */
const ESCAPE_BYTES = 6;
/** What a word may write too much; a brace and the line end take less. */
const SLACK_BYTES = 8;

/** JSON text of each column's name with what stands around it, so that a row is these and its cells' bytes. */
export interface DocumentShape {
  columns: number;
  /** `,"NAME":"`, or `,"NAME":` where the cells are JSON values themselves */
  beforeText: WordTable;
  /** 1 where the cells are text. */
  isText: Uint8Array;
  /** `,"NAME":null` */
  ofNull: WordTable;
}

export function documentShape(header: readonly string[], literals?: readonly boolean[]): DocumentShape {
  const isText = Uint8Array.from(header, (_, column) => (literals?.[column] ? 0 : 1));
  const names = header.map(name => `,${wordJson(name)}:`);
  return {
    columns: header.length,
    beforeText: wordTable(names.map((name, column) => (isText[column] ? `${name}"` : name))),
    isText,
    ofNull: wordTable(names.map(name => `${name}null`)),
  };
}

/** Most bytes that writeDocument() needs for the row. */
export function documentBound(batch: Batch, row: number, shape: DocumentShape): number {
  const { starts, ends } = batch;
  let bytes = SLACK_BYTES;
  for (let column = 0; column < shape.columns; column++) {
    const cell = row * batch.width + column;
    const start = starts[cell] as number;
    // A null is five bytes longer than the beginning of a text and its end.
    bytes += (shape.ofNull.lengths[column] as number) + WORD_BYTES;
    if (start >= 0) bytes += ESCAPE_BYTES * ((ends[cell] as number) - start);
  }
  return bytes;
}

/** Writes rows of one batch as documents. */
export class DocumentWriter {
  private readonly batch: Batch;
  private readonly shape: DocumentShape;
  private readonly view: DataView;
  /** Up to here a word may be read at once. */
  private readonly lastWord: number;

  constructor(batch: Batch, shape: DocumentShape) {
    this.batch = batch;
    this.shape = shape;
    this.view = viewOf(batch.bytes);
    this.lastWord = batch.bytes.length - WORD_BYTES;
  }

  /**
   * Writes the row as `{"A":"text","B":null}` and returns the position behind it, or -1 where there may not be room for it: then what it
   * wrote counts for nothing. `tail`: JSON of further members, each with a comma before it.
   */
  write(row: number, tail: Buffer, target: Output, at: number): number {
    const { batch, shape } = this;
    const { starts, ends, width } = batch;
    const { beforeText, isText, ofNull, columns } = shape;
    const longest = ofNull.lengths;
    const source = this.view;
    const { lastWord } = this;
    const { body, view } = target;
    const limit = body.length - SLACK_BYTES - tail.length;
    let out = at;
    for (let column = 0, cell = row * width; column < columns; column++, cell++) {
      const start = starts[cell] as number;
      if (start === ABSENT) continue;
      const end = start < 0 ? start : (ends[cell] as number);
      if (out + (longest[column] as number) + WORD_BYTES + ESCAPE_BYTES * (end - start) > limit) return -1;
      if (start < 0) {
        out = writeWords(ofNull, column, view, out);
        continue;
      }
      out = writeWords(beforeText, column, view, out);
      let from = start;
      // Most cells have no byte that is escaped and are a few bytes long.
      for (; from < end && from <= lastWord; from += WORD_BYTES) {
        const word = source.getInt32(from, true);
        const left = end - from;
        if (!isPlain(left < WORD_BYTES ? onlyFirst(word, left) : word)) break;
        view.setInt32(out, word, true);
        out += WORD_BYTES;
      }
      out = from < end ? this.copyEscaped(from, end, target, out) : out - (from - end);
      if (isText[column] === 1) body[out++] = QUOTE;
    }
    if (out > limit) return -1;
    if (tail.length > 0) out += tail.copy(body, out);
    // The first member's comma becomes the brace; without members there is none.
    if (out === at) out++;
    body[at] = 123;
    body[out++] = 125;
    return out;
  }

  /** Copies bytes[start, end), four at a time where none of them is escaped. */
  private copyEscaped(start: number, end: number, target: Output, at: number): number {
    const { view, lastWord } = this;
    let from = start;
    let out = at;
    while (from < end) {
      const word = end - from >= WORD_BYTES && from <= lastWord ? view.getInt32(from, true) : 0;
      if (isPlain(word)) {
        target.view.setInt32(out, word, true);
        from += WORD_BYTES;
        out += WORD_BYTES;
      } else {
        const stop = Math.min(end, from + WORD_BYTES);
        out = this.escapeBytes(from, stop, target.body, out);
        from = stop;
      }
    }
    return out;
  }

  private escapeBytes(start: number, end: number, body: Buffer, at: number): number {
    const { bytes } = this.batch;
    let out = at;
    for (let index = start; index < end; index++) {
      const byte = bytes[index] as number;
      if (byte >= 32 && byte !== QUOTE && byte !== BACKSLASH) body[out++] = byte;
      else out = writeEscape(byte, body, out);
    }
    return out;
  }
}

const EACH_1 = 0x01010101;
const EACH_2 = 0x02020202;
const EACH_21 = 0x21212121;
const EACH_5C = 0x5c5c5c5c;
const EACH_80 = 0x80808080 | 0;

/** The word with its bytes from `count` (1 to 3) on made letters. */
function onlyFirst(word: number, count: number): number {
  const mask = (1 << (count * 8)) - 1;
  return (word & mask) | (0x61616161 & ~mask);
}

/**
 * Whether its four bytes stand in a JSON string as they are: none is below 0x20, `"` (0x22) or a backslash. By the words' arithmetic for "a byte less
 * than n" (Bit Twiddling Hacks, Stanford); with bit 1 turned round, `"` and the control characters are those below 0x21.
 */
function isPlain(word: number): boolean {
  const turned = word ^ EACH_2;
  const slashes = word ^ EACH_5C;
  return ((((turned - EACH_21) & ~turned) | ((slashes - EACH_1) & ~slashes)) & EACH_80) === 0;
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
