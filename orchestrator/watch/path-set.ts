import { randomInt } from 'node:crypto';

/** More than this share of the slots taken makes a look-up long. */
const MOST_FULL = 0.5;
const FIRST_SLOTS = 1024;
/** No hash is 0: it is a slot that is free. */
const FREE = 0;

/**
 * A million paths in 16 MB, where a Set of their texts takes 100: 53 bits of a hash each, seeded by chance, so that one
 * path in 10^10 is taken for one that is not there. For what is then looked at, or can wait for the next listing.
 */
export class PathSet {
  readonly #seed = randomInt(2 ** 32);
  #slots = new Float64Array(FIRST_SLOTS);
  size = 0;

  add(path: string): void {
    if (this.size >= this.#slots.length * MOST_FULL) this.#grow();
    if (place(this.#slots, hashOf(path, this.#seed))) this.size += 1;
  }

  has(path: string): boolean {
    const hash = hashOf(path, this.#seed);
    return this.#slots[slotOf(this.#slots, hash)] === hash;
  }

  #grow(): void {
    const larger = new Float64Array(this.#slots.length * 2);
    for (const hash of this.#slots) if (hash !== FREE) place(larger, hash);
    this.#slots = larger;
  }
}

/** Returns whether it was not there. */
function place(slots: Float64Array, hash: number): boolean {
  const slot = slotOf(slots, hash);
  if (slots[slot] === hash) return false;
  slots[slot] = hash;
  return true;
}

/** Where it is, or where it would be: their number is a power of two. */
function slotOf(slots: Float64Array, hash: number): number {
  let slot = hash % slots.length;
  while (slots[slot] !== FREE && slots[slot] !== hash) slot = (slot + 1) % slots.length;
  return slot;
}

/**
 * cyrb53 (public domain, https://github.com/bryc/code/blob/master/jshash/experimental/cyrb53.js): a quarter of what
 * node:crypto takes for so short a text.
 */
function hashOf(path: string, seed: number): number {
  let [one, two] = [0xdeadbeef ^ seed, 0x41c6ce57 ^ seed];
  for (let at = 0; at < path.length; at += 1) {
    const unit = path.charCodeAt(at);
    one = Math.imul(one ^ unit, 2654435761);
    two = Math.imul(two ^ unit, 1597334677);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(two ^ (two >>> 13), 3266489909);
  two = Math.imul(two ^ (two >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  return 2 ** 32 * (two & 0x1fffff) + (one >>> 0) || 1;
}
