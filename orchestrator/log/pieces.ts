import { addSpan, filterSize, type Spans } from './matcher.ts';

const WINDOW = 16;
const STEP = 8;
const FILTER_ROOM = 16;
/** What stands in a text of at least so many characters of a long one is found. */
export const SHORTEST_PIECE = WINDOW + STEP - 1;
const BASE = 0x01000193;
const LEAVING = power(BASE, WINDOW - 1);

/** Stands in no text that people or programs write. */
const BETWEEN = '\u0000';
const SPACE = /\s/;

/**
 * Finds pieces of long texts: a window of 16 characters at each eighth place of them is known by its hash; from where
 * one is found, as much as is the same is taken. So what is cut off, wrapped or printed line by line is found, too, in
 * one pass, however long they are.
 */
export class Pieces {
  readonly #source: string;
  /** By hash, where the window stands in `#source`; of several the first. */
  readonly #places = new Map<number, number>();

  /** Whether there may be one: far quicker than to ask `#places` at each character. */
  readonly #known: Uint8Array;

  constructor(texts: readonly string[]) {
    this.#source = texts.join(BETWEEN);
    this.#known = new Uint8Array(filterSize((this.#source.length / STEP) * FILTER_ROOM));
    let begin = 0;
    for (const text of texts) {
      for (let at = 0; at + WINDOW <= text.length; at += STEP) this.#know(begin + at);
      // The last one, so that nothing of the end is left over.
      if (text.length >= WINDOW) this.#know(begin + text.length - WINDOW);
      begin += text.length + BETWEEN.length;
    }
  }

  #know(place: number): void {
    const hash = hashAt(this.#source, place);
    if (!this.#places.has(hash)) this.#places.set(hash, place);
    this.#known[(hash ^ (hash >>> 15)) & (this.#known.length - 1)] = 1;
  }

  /** Where a piece stands, without the white space around it. As low as its speed needs: all of a text is read here. */
  find(text: string): Spans {
    const spans: Spans = [];
    if (this.#places.size === 0 || text.length < WINDOW) return spans;
    const known = this.#known;
    const mask = known.length - 1;
    const last = text.length - WINDOW;
    let hash = hashAt(text, 0);
    for (let at = 0; ; at += 1) {
      if (known[(hash ^ (hash >>> 15)) & mask] === 1) {
        const place = this.#places.get(hash);
        const end = place === undefined ? 0 : this.#take(text, at, place, spans);
        if (end - WINDOW > at) {
          at = end - WINDOW; // what follows may be known from another place
          hash = hashAt(text, at);
        }
      }
      if (at >= last) return spans;
      const left = Math.imul(text.charCodeAt(at), LEAVING);
      hash = (Math.imul(hash - left, BASE) + text.charCodeAt(at + WINDOW)) | 0;
    }
  }

  /** Where what is the same ends; 0 where nothing is. */
  #take(text: string, at: number, place: number, spans: Spans): number {
    const source = this.#source;
    const isSame = (by: number) => text.charCodeAt(at + by) === source.charCodeAt(place + by);
    let end = 0;
    while (isSame(end)) end += 1; // past an end both give NaN, which is not itself
    if (end < WINDOW) return 0;
    let begin = 0;
    while (begin > -STEP && isSame(begin - 1)) begin -= 1;
    let [from, to] = [at + begin, at + end];
    while (SPACE.test(text[from]!) && from < to) from += 1;
    while (SPACE.test(text[to - 1]!) && from < to) to -= 1;
    if (from < to) addSpan(spans, from, to);
    return at + end;
  }
}

function hashAt(text: string, from: number): number {
  let hash = 0;
  for (let at = from; at < from + WINDOW; at += 1) hash = (Math.imul(hash, BASE) + text.charCodeAt(at)) | 0;
  return hash;
}

function power(base: number, exponent: number): number {
  let result = 1;
  for (let count = 0; count < exponent; count += 1) result = Math.imul(result, base);
  return result;
}
