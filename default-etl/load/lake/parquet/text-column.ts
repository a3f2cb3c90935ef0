/** A dictionary that grows beyond this is no gain: then the values are written one after the other. */
const MAX_ENTRIES = 1 << 15;
const MAX_DICTIONARY_BYTES = 1 << 20;
/** After so many values a dictionary must have fewer entries than half of them. */
const TRIAL_VALUES = 1 << 12;
const LENGTH_BYTES = 4;

/** Index of a value that is null. */
export const NULL_INDEX = -1;

/** Values one after the other, each with its length before it (Parquet's PLAIN encoding of BYTE_ARRAY). */
class PlainBytes {
  bytes = Buffer.allocUnsafeSlow(1 << 10);
  used = 0;

  push(source: Buffer, start: number, end: number): void {
    const length = end - start;
    const next = this.used + LENGTH_BYTES + length;
    if (next > this.bytes.length) this.grow(next);
    this.bytes.writeInt32LE(length, this.used);
    // Most cells are a few bytes long: a call would cost more than they do.
    for (let from = start, to = this.used + LENGTH_BYTES; from < end; from++, to++)
      this.bytes[to] = source[from] as number;
    this.used = next;
  }

  private grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, needed));
    this.bytes.copy(grown, 0, 0, this.used);
    this.bytes = grown;
  }
}

/**
 * The cells of one column in a row group. As long as values repeat they are kept once, found by a hash of their bytes,
 * with an index for each row; else one after the other.
 */
export class TextColumn {
  /** Rows, nulls included. */
  rows = 0;
  nulls = 0;
  /** Each row's entry in the dictionary, or NULL_INDEX; without a dictionary any other number stands for a value. */
  indices = new Int32Array(1 << 10);
  /** The dictionary's entries, or the values where there is none. */
  private plain = new PlainBytes();
  /** Where each entry begins in it; undefined without a dictionary. */
  private starts: Int32Array | undefined = new Int32Array(1 << 6);
  private slots = new Int32Array(1 << 7).fill(NULL_INDEX);
  entries = 0;

  get hasDictionary(): boolean {
    return this.starts !== undefined;
  }

  /** Bytes it holds, about. */
  get byteLength(): number {
    return this.plain.used + this.rows * 4;
  }

  /** The dictionary's entries, or the values without nulls, each with its length in 4 bytes before it. */
  get values(): Buffer {
    return this.plain.bytes.subarray(0, this.plain.used);
  }

  addNull(): void {
    this.nulls++;
    this.addIndex(NULL_INDEX);
  }

  add(bytes: Buffer, start: number, end: number): void {
    if (this.starts === undefined) {
      this.plain.push(bytes, start, end);
      this.addIndex(0);
      return;
    }
    this.addIndex(this.entryOf(bytes, start, end, this.starts));
    const isUseless = this.entries * 2 > this.rows && this.rows >= TRIAL_VALUES;
    if (isUseless || this.entries >= MAX_ENTRIES || this.plain.used > MAX_DICTIONARY_BYTES) this.dropDictionary();
  }

  private addIndex(index: number): void {
    if (this.rows === this.indices.length) {
      const grown = new Int32Array(this.indices.length * 2);
      grown.set(this.indices);
      this.indices = grown;
    }
    this.indices[this.rows++] = index;
  }

  private entryOf(bytes: Buffer, start: number, end: number, starts: Int32Array): number {
    const mask = this.slots.length - 1;
    let slot = hashOf(bytes, start, end) & mask;
    for (let entry = this.slots[slot] as number; entry !== NULL_INDEX; entry = this.slots[slot] as number) {
      if (this.isEqual(starts[entry] as number, bytes, start, end)) return entry;
      slot = (slot + 1) & mask;
    }
    this.slots[slot] = this.entries;
    if (this.entries === starts.length) this.starts = grow(starts);
    (this.starts as Int32Array)[this.entries] = this.plain.used;
    this.plain.push(bytes, start, end);
    this.entries++;
    if (this.entries * 2 > this.slots.length) this.rehash();
    return this.entries - 1;
  }

  private isEqual(at: number, bytes: Buffer, start: number, end: number): boolean {
    const { bytes: known } = this.plain;
    if (known.readInt32LE(at) !== end - start) return false;
    for (let mine = at + LENGTH_BYTES, other = start; other < end; mine++, other++) {
      if (known[mine] !== bytes[other]) return false;
    }
    return true;
  }

  private rehash(): void {
    const { bytes } = this.plain;
    const slots = new Int32Array(this.slots.length * 2).fill(NULL_INDEX);
    const mask = slots.length - 1;
    for (let entry = 0; entry < this.entries; entry++) {
      const start = ((this.starts as Int32Array)[entry] as number) + LENGTH_BYTES;
      let slot = hashOf(bytes, start, start + bytes.readInt32LE(start - LENGTH_BYTES)) & mask;
      while (slots[slot] !== NULL_INDEX) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    this.slots = slots;
  }

  /** From here on the values stand one after the other. */
  private dropDictionary(): void {
    const starts = this.starts as Int32Array;
    const { bytes } = this.plain;
    const plain = new PlainBytes();
    for (let row = 0; row < this.rows; row++) {
      const entry = this.indices[row] as number;
      if (entry === NULL_INDEX) continue;
      const start = (starts[entry] as number) + LENGTH_BYTES;
      plain.push(bytes, start, start + bytes.readInt32LE(start - LENGTH_BYTES));
    }
    this.plain = plain;
    this.starts = undefined;
    this.slots = new Int32Array(0);
    this.entries = 0;
  }
}

/** FNV-1a, its upper half mixed in: the tables look at the lower bits. */
function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return hash ^ (hash >>> 15);
}

function grow(array: Int32Array): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(array.length * 2);
  grown.set(array);
  return grown;
}
