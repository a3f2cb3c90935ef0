import { BESIDE_CUT, cutBetweenSecrets } from '../log/between-secrets.ts';

const NEWLINE = 10;

/**
 * Of a stream of bytes, what is made of whole lines: what comes of it is written whole, and masked whole. The rest
 * waits for its line break.
 */
export class WholeLines {
  readonly #longest: number;
  readonly #mask: (text: string) => string;
  #begun: Buffer[] = [];
  #length = 0;

  /**
   * `longest`: a line of more bytes comes in parts, so that memory stays bounded, none of which ends within what `mask`
   * takes out.
   */
  constructor(longest: number, mask: (text: string) => string) {
    this.#longest = longest;
    this.#mask = mask;
  }

  /** What is whole with this chunk, in order. */
  add(chunk: Buffer): Buffer[] {
    this.#keep(chunk);
    if (this.#length <= this.#longest && !chunk.includes(NEWLINE)) return [];
    const whole: Buffer[] = [];
    let left = this.rest();
    // Parts end at the same bytes however the line comes.
    while (lineLength(left) > this.#longest) {
      const part = left.subarray(0, this.#longest);
      const end = cutBetweenSecrets(part, part.length - BESIDE_CUT, this.#mask);
      whole.push(part.subarray(0, end));
      left = left.subarray(end);
    }
    const end = left.lastIndexOf(NEWLINE) + 1;
    if (end > 0) whole.push(left.subarray(0, end));
    if (end < left.length) this.#keep(left.subarray(end));
    return whole;
  }

  /** Takes what waits; empty where nothing does. */
  rest(): Buffer {
    const rest = this.#begun.length === 1 ? this.#begun[0]! : Buffer.concat(this.#begun);
    this.#begun = [];
    this.#length = 0;
    return rest;
  }

  #keep(bytes: Buffer): void {
    this.#begun.push(bytes);
    this.#length += bytes.length;
  }
}

/** Of the first line. */
function lineLength(bytes: Buffer): number {
  const end = bytes.indexOf(NEWLINE);
  return end < 0 ? bytes.length : end;
}
