import type { Batch } from '../batch/batch.ts';
import { SKETCH } from '../contract/protocol.ts';

const MIX = 0x9e3779b1;
const MIX_LENGTH = 0x85ebca6b;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** Of a shorter record all bytes are looked at. */
const SHORT_BYTES = 12;

/** Rows behind these are not looked at: a file that comes once more begins as it did before. */
const MOST_ROWS = 100_000;

/**
 * Which rows a file has, as far as SKETCH.entries of its first 100,000 tell: those whose hashes are the lowest, each
 * once. Of every record three bytes are looked at, and all of it where it comes into question: of the 336,776 flights
 * that takes 8 to 19 ms of CPU of 1,150, on a busy machine (Node 24.21, 30 November 2026).
 */
export class RowSketch {
  /** By which they are in order: of some bytes, then of all. */
  readonly #first = new Uint32Array(SKETCH.entries).fill(0xffffffff);
  readonly #second = new Uint32Array(SKETCH.entries).fill(0xffffffff);
  #count = 0;
  #left = MOST_ROWS;

  /** Of rows as they were read. */
  add(batch: Batch): void {
    const rows = Math.min(batch.rows, this.#left);
    if (rows === 0) return;
    this.#left -= rows;
    if ((batch.rawStarts[0] as number) >= 0) return this.#addRecords(batch, rows);
    for (let row = 0; row < rows; row++) {
      const own = cellsClassOf(batch, row);
      if (own > this.#highestClass()) continue;
      const whole = cells(batch, row);
      this.#insert(((own << 24) | (whole >>> 8)) >>> 0, whole);
    }
  }

  #addRecords({ bytes, rawStarts, rawEnds }: Batch, rows: number): void {
    let highest = this.#highestClass();
    for (let row = 0; row < rows; row++) {
      const start = rawStarts[row] as number;
      const end = rawEnds[row] as number;
      const own = classOf(bytes, start, end);
      if (own > highest) continue;
      this.#insert(((own << 24) | (glance(bytes, start, end) >>> 8)) >>> 0, fnv(bytes, start, end, FNV_OFFSET));
      highest = this.#highestClass();
    }
  }

  #highestClass(): number {
    return (this.#first[SKETCH.entries - 1] as number) >>> 24;
  }

  /** As a `sketch` line has it; undefined where there were no rows. */
  toText(): string | undefined {
    if (this.#count === 0) return undefined;
    const bytes = Buffer.alloc(this.#count * SKETCH.entryBytes);
    for (let at = 0; at < this.#count; at++) {
      bytes.writeUInt32BE(this.#first[at] as number, at * SKETCH.entryBytes);
      bytes.writeUInt32BE(this.#second[at] as number, at * SKETCH.entryBytes + 4);
    }
    return bytes.toString('base64');
  }

  #insert(first: number, second: number): void {
    const [firsts, seconds] = [this.#first, this.#second];
    let at = this.#count;
    while (at > 0 && isBelow(first, second, firsts[at - 1] as number, seconds[at - 1] as number)) at--;
    if (at > 0 && firsts[at - 1] === first && seconds[at - 1] === second) return;
    if (at >= SKETCH.entries) return;
    this.#count = Math.min(this.#count + 1, SKETCH.entries);
    for (let to = this.#count - 1; to > at; to--) {
      firsts[to] = firsts[to - 1] as number;
      seconds[to] = seconds[to - 1] as number;
    }
    firsts[at] = first;
    seconds[at] = second;
  }
}

function isBelow(first: number, second: number, otherFirst: number, otherSecond: number): boolean {
  return first < otherFirst || (first === otherFirst && second < otherSecond);
}

/** Of three bytes, so that most rows are out of question at once: from 0 to 255. */
function classOf(bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length < SHORT_BYTES) return fnv(bytes, start, end, FNV_OFFSET) >>> 24;
  const two = ((bytes[end - 2] as number) << 8) + (bytes[start + (length >> 1)] as number);
  return Math.imul((two << 8) + (bytes[start + (length >> 2)] as number) + length, MIX) >>> 24;
}

/** Of the length and of 12 bytes: the last ones, and those in the middle and a quarter before it. */
function glance(bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length < SHORT_BYTES) return fnv(bytes, start, end, MIX);
  const middle = start + (length >> 1);
  let hash = Math.imul(word(bytes, end - 4) ^ Math.imul(length, MIX_LENGTH), MIX);
  hash = Math.imul((hash ^ (hash >>> 15)) + word(bytes, middle), MIX);
  return mixed(Math.imul((hash ^ (hash >>> 15)) + word(bytes, start + (length >> 2)), MIX));
}

function word(bytes: Buffer, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** The same where the format has no text of its own: of the ends of four cells. */
function cellsClassOf({ bytes, starts, ends, width, header }: Batch, row: number): number {
  let hash = FNV_OFFSET;
  for (let quarter = 0; quarter < 4; quarter++) {
    const at = row * width + ((header.length * quarter) >> 2);
    const [start, end] = [starts[at] as number, ends[at] as number];
    const seen = start < 0 ? start : start === end ? 0 : ((bytes[start] as number) << 8) | (bytes[end - 1] as number);
    hash = Math.imul(hash ^ seen ^ (start < 0 ? 0 : (end - start) << 16), MIX);
  }
  return mixed(hash) >>> 24;
}

/** Of all cells. */
function cells({ bytes, starts, ends, width, header }: Batch, row: number): number {
  let hash = FNV_OFFSET;
  for (let column = 0; column < header.length; column++) {
    const at = row * width + column;
    // What is not there ends at once, and differs from an empty cell by its place.
    const start = starts[at] as number;
    hash =
      start < 0
        ? Math.imul(hash ^ start, FNV_PRIME)
        : fnv(bytes, start, ends[at] as number, Math.imul(hash ^ 0x1f, FNV_PRIME));
  }
  return mixed(hash);
}

function fnv(bytes: Buffer, start: number, end: number, seed: number): number {
  let hash = seed;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), FNV_PRIME);
  return mixed(hash);
}

function mixed(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), MIX_LENGTH);
  return (once ^ (once >>> 13)) >>> 0;
}
