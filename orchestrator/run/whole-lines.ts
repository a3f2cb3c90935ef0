const NEWLINE = 10;

/** Of a stream of bytes, what is made of whole lines: what comes of it is written whole, and masked whole. The rest waits for its line break. */
export class WholeLines {
  readonly #longest: number;
  #begun: Buffer[] = [];
  #length = 0;

  /** `longest`: a line of more bytes comes in parts, so that memory stays bounded. */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** What is whole with this chunk, in order. */
  add(chunk: Buffer): Buffer[] {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    const ended = chunk.subarray(0, end);
    const whole = end === 0 ? [] : [this.#length === 0 ? ended : Buffer.concat([this.rest(), ended])];
    if (end < chunk.length) {
      this.#begun.push(chunk.subarray(end));
      this.#length += chunk.length - end;
    }
    return this.#length > this.#longest ? [...whole, this.rest()] : whole;
  }

  /** Takes what waits; empty where nothing does. */
  rest(): Buffer {
    const rest = Buffer.concat(this.#begun);
    this.#begun = [];
    this.#length = 0;
    return rest;
  }
}
