import type { Batch } from '../../batch/batch.ts';
import { FEWEST_WORDS, type Output, TEXT_WORD_BYTES, viewOf, type WordTable, wordJson, wordTable } from './words.ts';

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
/**
 * NULL of batch.ts, and what is less is ABSENT. Not imported: a constant of this module is part of the compiled code,
 * one of another is read each time.
 */
const NULL_CELL = -1;

/** JSON text of each column's name with what stands around it, so that a row is these and its cells' bytes. */
export interface DocumentShape {
  columns: number;
  /** Of column c text 2c is `,"NAME":null`, text 2c + 1 `,"NAME":"`, or `,"NAME":` where the cells are JSON values themselves. */
  names: WordTable;
  /** 1 where the cells are text. */
  isText: Uint8Array;
  /** What any of those texts takes at most, in whole words. */
  longestName: number;
}

export function documentShape(header: readonly string[], literals?: readonly boolean[]): DocumentShape {
  const isText = Uint8Array.from(header, (_, column) => (literals?.[column] ? 0 : 1));
  const names = wordTable(
    header.flatMap((name, column) => {
      const member = `,${wordJson(name)}:`;
      return [`${member}null`, isText[column] ? `${member}"` : member];
    }),
  );
  const longest = Math.max(0, ...names.lengths);
  return { columns: header.length, names, isText, longestName: longest + FEWEST_WORDS * TEXT_WORD_BYTES };
}

/** Most bytes that DocumentWriter.write() needs for the row. */
export function documentBound(batch: Batch, row: number, shape: DocumentShape): number {
  const { starts, ends } = batch;
  let bytes = SLACK_BYTES + shape.longestName;
  for (let column = 0; column < shape.columns; column++) {
    const cell = row * batch.width + column;
    const start = starts[cell] as number;
    // A null is five bytes longer than the beginning of a text and its end.
    bytes += (shape.names.lengths[2 * column] as number) + WORD_BYTES;
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
  /** Where writePlain() stopped. */
  private column = 0;

  constructor(batch: Batch, shape: DocumentShape) {
    this.batch = batch;
    this.shape = shape;
    this.view = viewOf(batch.bytes);
    this.lastWord = batch.bytes.length - WORD_BYTES;
  }

  /**
   * Writes the row as `{"A":"text","B":null}` and returns the position behind it, or -1 where there may not be room for
   * it: then what it wrote counts for nothing. `tail`: JSON of further members, each with a comma before it.
   */
  write(row: number, tail: Buffer, target: Output, at: number): number {
    const { body } = target;
    const { columns } = this.shape;
    const limit = body.length - SLACK_BYTES - tail.length;
    let out = this.writePlain(row, 0, target, at, limit);
    while (this.column < columns) {
      out = this.writeCell(row, target, out, limit);
      if (out < 0) return -1;
      out = this.writePlain(row, this.column + 1, target, out, limit);
    }
    if (out > limit) return -1;
    if (tail.length > 0) out += tail.copy(body, out);
    // The first member's comma becomes the brace; without members there is none.
    if (out === at) out++;
    body[at] = 123;
    body[out++] = 125;
    return out;
  }

  /**
   * Writes the cells from column `from` on, up to the first in which something has to be escaped, or for which there
   * may not be room: that is `column` then, or the number of columns. Returns the position behind them.
   *
   * It calls nothing, and what is added is cut to 32 bits: so the compiled code need not find out again for each cell
   * what the arrays are, nor look for an overflow. That, and names of three words, are a fifth of its time (30 November
   * 2026).
   */
  private writePlain(row: number, from: number, target: Output, at: number, limit: number): number {
    const { starts, ends, width } = this.batch;
    const { isText, columns, longestName } = this.shape;
    const { words, first, lengths } = this.shape.names;
    const { view: source, lastWord } = this;
    const { view } = target;
    const edge = (limit - longestName - 2 * WORD_BYTES) | 0;
    const base = (row * width) | 0;
    let out = at | 0;
    let column = from | 0;
    for (; column < columns; column++) {
      const start = starts[base + column] as number;
      if (start < NULL_CELL) continue;
      const isNull = start < 0;
      const end = isNull ? start : (ends[base + column] as number);
      if (((out + end - start) | 0) > edge || end > lastWord) break;
      const name = (2 * column + (isNull ? 0 : 1)) | 0;
      const word = first[name] as number;
      view.setFloat64(out, words[word] as number, true);
      view.setFloat64(out + 8, words[word + 1] as number, true);
      view.setFloat64(out + 16, words[word + 2] as number, true);
      const next = first[name + 1] as number;
      for (let more = (word + 3) | 0, to = (out + 24) | 0; more < next; more++, to += 8)
        view.setFloat64(to, words[more] as number, true);
      let to = (out + (lengths[name] as number)) | 0;
      let position = start;
      // Most cells are a few bytes long.
      for (; position < end; position += WORD_BYTES, to += WORD_BYTES) {
        const bytes = source.getInt32(position, true);
        const left = (end - position) | 0;
        // Of the last word only the cell's own bytes count; letters stand for the others.
        const seen = left < WORD_BYTES ? (bytes << (32 - 8 * left)) | (LETTERS >>> (8 * left)) : bytes;
        const turned = seen ^ EACH_2;
        const slashes = seen ^ EACH_5C;
        if (((((turned - EACH_21) & ~turned) | ((slashes - EACH_1) & ~slashes)) & EACH_80) !== 0) break;
        view.setInt32(to, bytes, true);
      }
      if (position < end) break;
      out = (to + end - position) | 0;
      if (!isNull && isText[column] === 1) {
        view.setUint8(out, QUOTE);
        out = (out + 1) | 0;
      }
    }
    this.column = column;
    return out;
  }

  /** Writes the cell at `column`, whatever is in it. Returns the position behind it, or -1 where there may not be room. */
  private writeCell(row: number, target: Output, at: number, limit: number): number {
    const { batch, shape, column } = this;
    const { words, first, lengths } = shape.names;
    const cell = row * batch.width + column;
    const start = batch.starts[cell] as number;
    const length = start < 0 ? 0 : (batch.ends[cell] as number) - start;
    if (at + shape.longestName + WORD_BYTES + ESCAPE_BYTES * length > limit) return -1;
    const name = start < 0 ? 2 * column : 2 * column + 1;
    for (let word = first[name] as number, to = at; word < (first[name + 1] as number); word++, to += TEXT_WORD_BYTES)
      target.view.setFloat64(to, words[word] as number, true);
    const out = this.copyEscaped(start, start + length, target, at + (lengths[name] as number));
    if (start < 0 || shape.isText[column] === 0) return out;
    target.body[out] = QUOTE;
    return out + 1;
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
const LETTERS = 0x61616161;

/**
 * Whether its four bytes stand in a JSON string as they are: none is below 0x20, `"` (0x22) or a backslash. By the
 * words' arithmetic for "a byte less than n" (Bit Twiddling Hacks, Stanford); with bit 1 turned round, `"` and the
 * control characters are those below 0x21.
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
