/** A set of row numbers, a bit each, so that ten million rejected rows take little more than a megabyte. */
export class RowSet {
  /** Whether nothing was ever added. */
  isEmpty = true;
  private bits = new Uint8Array(0);

  add(row: number): void {
    this.isEmpty = false;
    const byte = Math.floor(row / 8);
    if (byte >= this.bits.length) {
      const grown = new Uint8Array(Math.max(1024, byte + 1, this.bits.length * 2));
      grown.set(this.bits);
      this.bits = grown;
    }
    this.bits[byte] = (this.bits[byte] as number) | (1 << (row % 8));
  }

  has(row: number): boolean {
    return (((this.bits[Math.floor(row / 8)] ?? 0) >> (row % 8)) & 1) === 1;
  }
}
