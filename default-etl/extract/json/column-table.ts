import type { ByteStream } from '../../unpack/source.ts';
import { SyntaxFault } from '../syntax-fault.ts';
import { parseText } from './json-cells.ts';
import { skipSpace, stringEnd, unexpected, valueEnd } from './scanner.ts';

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_ARRAY = 91;
const OPEN_OBJECT = 123;
const CLOSERS: Record<number, number> = { [OPEN_ARRAY]: 93, [OPEN_OBJECT]: 125 };
const PIECE_BYTES = 1 << 16;
const NO_VALUE = Buffer.from('null');

/** Stretches of bytes: stretch n is [at(2n), at(2n + 1)). Ten million of them are one object. */
class Stretches {
  count = 0;
  /** How many of them were set. */
  values = 0;
  private positions = new Int32Array(256);

  add(from: number, to: number): void {
    this.set(this.count, from, to);
  }

  set(place: number, from: number, to: number): void {
    while (2 * place + 1 >= this.positions.length) {
      const longer = new Int32Array(2 * this.positions.length);
      longer.set(this.positions);
      this.positions = longer;
    }
    this.positions[2 * place] = from;
    this.positions[2 * place + 1] = to;
    this.count = Math.max(this.count, place + 1);
    this.values++;
  }

  /** The stretch; empty where none was set. */
  of(bytes: Buffer, place: number): Buffer {
    return place < this.count
      ? bytes.subarray(this.positions[2 * place], this.positions[2 * place + 1])
      : bytes.subarray(0, 0);
  }
}

/**
 * A table whose columns are members of an object: lists of values, or objects of values by row. The text is held whole,
 * and where each value is in it.
 */
export class ColumnTable {
  readonly names: string[] = [];
  rows = 0;
  private readonly bytes: Buffer;
  private readonly columns: Stretches[] = [];
  /** Of the rows, as they stand in the text; of lists none. */
  private readonly keys = new Stretches();
  /** The row of each key, where a column has them in another order than the first one. */
  private places: Map<string, number> | undefined;

  /**
   * Finds the values; `path` leads to the object. undefined where it is no such table, or not the only value. Throws
   * SyntaxFault.
   */
  static of(bytes: Buffer, path: readonly string[]): ColumnTable | undefined {
    const end = valueEnd(bytes, skipSpace(bytes, 0, bytes.length), bytes.length, true);
    if (skipSpace(bytes, end, bytes.length) < bytes.length) return undefined;
    const table = new ColumnTable(bytes);
    const at = objectAt(bytes, path);
    return at >= 0 && table.readColumns(at) ? table : undefined;
  }

  private constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Whether every column has a value under each key. */
  get isAligned(): boolean {
    return this.columns.every(({ values }) => values === this.rows);
  }

  /** The rows as a JSON list of lists; with `hasKeys` the first value of each is what it stands under. */
  stream(hasKeys: boolean): ByteStream {
    const pieces = this.pieces(hasKeys);
    let piece: Buffer = Buffer.alloc(0);
    return {
      fill: async (buffer, offset) => {
        while (piece.length === 0) {
          const next = pieces.next();
          if (next.done) return 0;
          piece = next.value;
        }
        const count = piece.copy(buffer, offset);
        piece = piece.subarray(count);
        return count;
      },
      close() {},
    };
  }

  private *pieces(hasKeys: boolean): Generator<Buffer> {
    let parts: Buffer[] = [Buffer.from('[')];
    let length = 0;
    for (let row = 0; row < this.rows; row++) {
      const cells = this.columns.map(column => column.of(this.bytes, row));
      if (hasKeys) cells.unshift(this.keys.of(this.bytes, row));
      for (const [place, cell] of cells.entries()) {
        parts.push(Buffer.from(place > 0 ? ',' : row > 0 ? ',[' : '['), cell.length > 0 ? cell : NO_VALUE);
        length += cell.length + 2;
      }
      parts.push(Buffer.from(']'));
      if (length < PIECE_BYTES) continue;
      yield Buffer.concat(parts);
      parts = [];
      length = 0;
    }
    yield Buffer.concat([...parts, Buffer.from(']')]);
  }

  private readColumns(from: number): boolean {
    const { bytes } = this;
    for (const [key, value] of membersOf(bytes, from)) {
      const kind = bytes[value];
      if (kind !== OPEN_ARRAY && kind !== OPEN_OBJECT) return false;
      this.names.push(parseText(bytes, key, stringEnd(bytes, key, bytes.length)) as string);
      const column = new Stretches();
      this.columns.push(column);
      if (kind === OPEN_ARRAY) this.readList(column, value);
      else this.readObject(column, value);
    }
    this.rows = this.columns.reduce((most, { count }) => Math.max(most, count), this.keys.count);
    return this.names.length > 0 && (this.keys.count > 0 || this.columns.every(({ count }) => count === this.rows));
  }

  private readList(column: Stretches, from: number): void {
    for (const [, value, end] of membersOf(this.bytes, from)) column.add(value, end);
  }

  private readObject(column: Stretches, from: number): void {
    const { bytes, keys } = this;
    const isFirst = this.columns.length === 1;
    let place = 0;
    for (const [key, value, end] of membersOf(bytes, from)) {
      const text = bytes.subarray(key, stringEnd(bytes, key, bytes.length));
      if (isFirst) keys.add(key, key + text.length);
      column.set(isFirst || keys.of(bytes, place).equals(text) ? place : this.placeOf(text, key), value, end);
      place++;
    }
  }

  private placeOf(text: Buffer, at: number): number {
    this.places ??= new Map(
      Array.from({ length: this.keys.count }, (_, place) => [this.keys.of(this.bytes, place).toString(), place]),
    );
    const known = this.places.get(text.toString());
    if (known !== undefined) return known;
    this.places.set(text.toString(), this.keys.count);
    this.keys.add(at, at + text.length);
    return this.keys.count - 1;
  }
}

/** Where the object begins to which the path leads; -1 where there is none. */
function objectAt(bytes: Buffer, path: readonly string[]): number {
  let at = skipSpace(bytes, 0, bytes.length);
  for (const wanted of path) {
    if (bytes[at] !== OPEN_OBJECT) return -1;
    const found = membersOf(bytes, at).find(
      ([key]) => parseText(bytes, key, stringEnd(bytes, key, bytes.length)) === wanted,
    );
    if (found === undefined) return -1;
    at = found[1];
  }
  return bytes[at] === OPEN_OBJECT ? at : -1;
}

/**
 * Where the key, the value and its end are of each member of the object, or element of the list (whose key is its
 * value), that begins at `from`.
 */
function* membersOf(bytes: Buffer, from: number): Generator<[key: number, value: number, end: number]> {
  const to = bytes.length;
  const close = CLOSERS[bytes[from] as number];
  for (let at = skipSpace(bytes, from + 1, to); bytes[at] !== close; ) {
    const key = at;
    const value = bytes[from] === OPEN_OBJECT ? behindKey(bytes, key) : key;
    const end = value < to ? valueEnd(bytes, value, to, true) : -1;
    if (end < 0) throw new SyntaxFault('it ends in the middle of a value', to);
    yield [key, value, end];
    at = skipSpace(bytes, end, to);
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1, to);
    else if (bytes[at] !== close) throw unexpected(bytes, at, to, 'a comma between values');
  }
}

function behindKey(bytes: Buffer, key: number): number {
  if (bytes[key] !== QUOTE) throw unexpected(bytes, key, bytes.length, 'a key in double quotes');
  const end = stringEnd(bytes, key, bytes.length);
  if (end < 0) throw new SyntaxFault('a key is not closed', key);
  const colon = skipSpace(bytes, end, bytes.length);
  if (bytes[colon] !== COLON) throw unexpected(bytes, colon, bytes.length, 'a colon behind a key');
  return skipSpace(bytes, colon + 1, bytes.length);
}
