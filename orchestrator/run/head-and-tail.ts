import { LIMITS } from '../limits.ts';

const NEWLINE = 10;
const BYTES_PER_MB = 2 ** 20;
/** A line break that is no farther away is where a log is cut. */
export const NEAR_BYTES: number = 64 * 1024;

/** What is kept of a log: its beginning and its end. */
export interface Kept {
  headBytes: number;
  tailBytes: number;
}

export const KEPT: Kept = { headBytes: LIMITS.logHeadBytes, tailBytes: LIMITS.logTailBytes };

/**
 * Of what is printed, what is kept: the head as it comes, the tail once there is no more. Cut at the same bytes however
 * it comes.
 */
export class HeadAndTail {
  readonly #kept: Kept;
  #room: number;
  #last: Buffer[] = [];
  #lastBytes = 0;
  #leftOut = 0;

  constructor(kept: Kept = KEPT) {
    this.#kept = kept;
    this.#room = kept.headBytes;
  }

  /** What of it belongs to the head. */
  add(bytes: Buffer): Buffer {
    const head = bytes.subarray(0, this.#room);
    this.#room -= head.length;
    if (head.length < bytes.length) this.#keepLast(bytes.subarray(head.length));
    return head;
  }

  /** What follows the head: all of it, or what was left out in between, and the tail. */
  rest(): Buffer {
    const all = Buffer.concat(this.#last);
    const { tailBytes } = this.#kept;
    if (this.#leftOut + all.length <= tailBytes) return all;
    return joinTail(all.subarray(-tailBytes), this.#leftOut + all.length - tailBytes);
  }

  #keepLast(bytes: Buffer): void {
    this.#last.push(bytes);
    this.#lastBytes += bytes.length;
    for (
      let [first] = this.#last;
      first && this.#lastBytes - first.length >= this.#kept.tailBytes;
      [first] = this.#last
    ) {
      this.#last.shift();
      this.#lastBytes -= first.length;
      this.#leftOut += first.length;
    }
  }
}

/**
 * A tail that begins with the rest of a line, which is left out if it is short, behind the sentence that says what is
 * missing before it.
 */
export function joinTail(tail: Buffer, leftOut: number): Buffer {
  const from = tail.subarray(0, NEAR_BYTES).indexOf(NEWLINE) + 1;
  const size = ((leftOut + from) / BYTES_PER_MB).toFixed(1);
  return Buffer.concat([Buffer.from(`\n(${size} MB of the log are left out here)\n`), tail.subarray(from)]);
}
