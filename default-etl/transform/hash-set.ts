const FIRST_SLOTS = 1 << 12;
const WORDS = 3;

/**
 * Hashes of 12 bytes in an open table that is never more than half full: 24 to 48 bytes each, and nothing for the
 * garbage collector.
 */
export class HashSet {
  private slots = FIRST_SLOTS;
  private words = new Uint32Array(FIRST_SLOTS * WORDS);
  private count = 0;

  /** Takes the first 12 bytes of a hash; false where they are in already. */
  add(hash: Buffer): boolean {
    // All zeros mean a free slot.
    const first = hash.readUInt32LE(0) || 1;
    if (!this.place(first, hash.readUInt32LE(4), hash.readUInt32LE(8))) return false;
    this.count++;
    if (this.count * 2 > this.slots) this.grow();
    return true;
  }

  private place(a: number, b: number, c: number): boolean {
    const { words, slots } = this;
    for (let slot = a % slots; ; slot = (slot + 1) % slots) {
      const at = slot * WORDS;
      if (words[at] === 0) {
        words[at] = a;
        words[at + 1] = b;
        words[at + 2] = c;
        return true;
      }
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c) return false;
    }
  }

  private grow(): void {
    const old = this.words;
    this.slots *= 2;
    this.words = new Uint32Array(this.slots * WORDS);
    for (let at = 0; at < old.length; at += WORDS) {
      if (old[at] !== 0) this.place(old[at] as number, old[at + 1] as number, old[at + 2] as number);
    }
  }
}
