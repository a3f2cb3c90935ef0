import { SharedBuffer } from '../batch/shared-buffer.ts';

const USUAL_BYTES = 1 << 19;
const LEAST_BYTES = 1 << 12;

/** A buffer of which the first half is a window on the text; behind it is room for what is unescaped. */
export interface WindowBuffer {
  bytes: Buffer;
  /** Held once. */
  shared: SharedBuffer;
}

/**
 * The buffers of one pass over a text, used again once nobody holds them: 31 MB of file take 60 MB of new ones, or 6 MB
 * (22 November 2026).
 */
export class WindowBuffers {
  /** How much of the text is looked at at a time, where its records are no longer. */
  readonly usualBytes: number;
  private readonly spare: Buffer[] = [];

  /** `sizeBytes`: of the source. A small one does not need a large buffer: an archive may have thousands of them. */
  constructor(sizeBytes: number) {
    this.usualBytes = Math.min(USUAL_BYTES, Math.max(LEAST_BYTES, sizeBytes + 1));
  }

  /** A window of `capacity` bytes. */
  take(capacity: number): WindowBuffer {
    const isUsual = capacity === this.usualBytes;
    const bytes = (isUsual ? this.spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(2 * capacity);
    const shared = new SharedBuffer(() => {
      if (isUsual) this.spare.push(bytes);
    });
    shared.hold();
    return { bytes, shared };
  }
}
