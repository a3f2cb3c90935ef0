/** Where texts stand in another: `[from, to)`, ascending, no two overlapping. */
export type Spans = number[];

/** Every text has at least as many characters. */
export const SHORTEST = 3;
const MOST_QUICK = 64;
const FILTER_ROOM = 64;
const PRIME = 0x01000193;
const HASH = 0x9e3779b1;
const SECOND = 0x85;
const THIRD = 0x3d09;

/**
 * Finds any of many texts in one pass (Aho and Corasick 1975): what it costs depends on neither their number nor their
 * length. Where no text has begun, it looks for the first three characters of one alone, which is as fast as a regular
 * expression.
 */
export class Matcher {
  /** The hash table of edges: a place for each, `state` and `unit` to `target`. */
  readonly #states: Int32Array;
  readonly #units: Uint16Array;
  readonly #targets: Int32Array;
  readonly #mask: number;
  /** By state: where to go on when there is no edge, and the length of the longest text that ends here. */
  readonly #fail: Int32Array;
  readonly #found: Int32Array;
  readonly #beginnings: Uint8Array;
  /** The same as a regular expression, which is twice as fast where they are few. */
  readonly #quick: RegExp | null;
  #size = 1;

  constructor(texts: readonly string[]) {
    const most = texts.reduce((sum, text) => sum + text.length, 1);
    const places = 2 ** Math.ceil(Math.log2(most * 2));
    this.#mask = places - 1;
    this.#states = new Int32Array(places).fill(-1);
    this.#units = new Uint16Array(places);
    this.#targets = new Int32Array(places);
    this.#fail = new Int32Array(most);
    this.#found = new Int32Array(most);
    this.#beginnings = new Uint8Array(filterSize(texts.length * FILTER_ROOM));
    const parents = new Int32Array(most);
    const units = new Uint16Array(most);
    const depths = new Int32Array(most);
    this.#quick = quickPattern(new Set(texts.map(text => text.slice(0, SHORTEST))));
    for (const text of texts) this.#add(text, { parents, units, depths });
    this.#link({ parents, units, depths });
  }

  #add(text: string, { parents, units, depths }: Built): void {
    let state = 0;
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      const place = this.#placeOf(state, unit);
      if (this.#states[place] === -1) {
        this.#states[place] = state;
        this.#units[place] = unit;
        this.#targets[place] = this.#size;
        parents[this.#size] = state;
        units[this.#size] = unit;
        depths[this.#size] = at + 1;
        this.#size += 1;
      }
      state = this.#targets[place]!;
    }
    this.#found[state] = text.length;
    this.#beginnings[beginning(text, 0) & (this.#beginnings.length - 1)] = 1;
  }

  /** By depth, since each state's way on is a shallower one. */
  #link({ parents, units, depths }: Built): void {
    const order = new Int32Array(this.#size).map((_, state) => state).sort((a, b) => depths[a]! - depths[b]!);
    for (const state of order) {
      if (depths[state]! > 1) this.#fail[state] = this.#next(this.#fail[parents[state]!]!, units[state]!);
      if (this.#found[state] === 0) this.#found[state] = this.#found[this.#fail[state]!]!;
    }
  }

  #placeOf(state: number, unit: number): number {
    let place = (Math.imul(state, HASH) ^ Math.imul(unit, PRIME)) >>> 0;
    place = (place ^ (place >>> 15)) & this.#mask;
    while (this.#states[place] !== -1 && (this.#states[place] !== state || this.#units[place] !== unit)) {
      place = (place + 1) & this.#mask;
    }
    return place;
  }

  #next(from: number, unit: number): number {
    for (let state = from; ; state = this.#fail[state]!) {
      const place = this.#placeOf(state, unit);
      if (this.#states[place] !== -1) return this.#targets[place]!;
      if (state === 0) return 0;
    }
  }

  /** Where any of them stands; those that overlap are one. */
  find(text: string): Spans {
    const spans: Spans = [];
    let state = 0;
    for (let at = 0; at < text.length; at += 1) {
      if (state === 0) at = this.#skip(text, at);
      if (at >= text.length) break;
      state = this.#next(state, text.charCodeAt(at));
      const length = this.#found[state]!;
      if (length > 0) addSpan(spans, at + 1 - length, at + 1);
    }
    return spans;
  }

  /** The next place at which one may begin. As low as its speed needs: nearly all of a text is only read here. */
  #skip(text: string, from: number): number {
    const quick = this.#quick;
    if (quick !== null) {
      quick.lastIndex = from;
      return quick.test(text) ? quick.lastIndex - SHORTEST : text.length;
    }
    const beginnings = this.#beginnings;
    const mask = beginnings.length - 1;
    const { length } = text;
    if (from + SHORTEST > length) return length;
    let first = text.charCodeAt(from);
    let second = text.charCodeAt(from + 1);
    for (let at = from + 2; at < length; at += 1) {
      const third = text.charCodeAt(at);
      if (beginnings[(first ^ (second * SECOND) ^ (third * THIRD)) & mask] === 1) return at - 2;
      first = second;
      second = third;
    }
    return length;
  }
}

function quickPattern(beginnings: ReadonlySet<string>): RegExp | null {
  if (beginnings.size === 0 || beginnings.size > MOST_QUICK) return null;
  const escape = (unit: number) => `\\u${unit.toString(16).padStart(4, '0')}`;
  const units = (text: string) => Array.from({ length: text.length }, (_, at) => escape(text.charCodeAt(at)));
  return new RegExp([...beginnings].map(text => units(text).join('')).join('|'), 'g');
}

interface Built {
  parents: Int32Array;
  units: Uint16Array;
  depths: Int32Array;
}

function beginning(text: string, at: number): number {
  return text.charCodeAt(at) ^ (text.charCodeAt(at + 1) * SECOND) ^ (text.charCodeAt(at + 2) * THIRD);
}

/** Its end is at or behind all ends so far. */
export function addSpan(spans: Spans, from: number, to: number): void {
  let start = from;
  while (spans.length > 0 && spans.at(-1)! > start) {
    spans.pop();
    start = Math.min(start, spans.pop()!);
  }
  spans.push(start, to);
}

/** Those of both; those that overlap are one. */
export function union(one: Spans, other: Spans): Spans {
  if (one.length === 0) return other;
  if (other.length === 0) return one;
  const pairs = [one, other].flatMap(spans =>
    Array.from({ length: spans.length / 2 }, (_, index) => [spans[2 * index]!, spans[2 * index + 1]!] as const),
  );
  const merged: Spans = [];
  let reach = 0;
  for (const [from, to] of pairs.sort(([a], [b]) => a - b)) {
    if (merged.length > 0 && from < reach) merged[merged.length - 1] = Math.max(reach, to);
    else merged.push(from, to);
    reach = merged.at(-1)!;
  }
  return merged;
}

/** A power of two, not so large that it would leave the processor's caches. */
export function filterSize(wished: number): number {
  return 2 ** Math.min(20, Math.max(12, Math.ceil(Math.log2(wished + 1))));
}
