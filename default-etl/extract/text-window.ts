import type { SharedBuffer } from '../batch/shared-buffer.ts';
import type { ByteStream } from '../unpack/source.ts';
import { WindowBuffers } from './window-buffers.ts';

const LF = 10;

/**
 * The part of a text that is at hand: bytes[from, to), of which the reader takes from the front. Behind `to`
 * there is as much room again, for text that is unescaped.
 */
export class TextWindow {
  bytes: Buffer = Buffer.alloc(0);
  shared: SharedBuffer | undefined;
  from = 0;
  to = 0;
  /** Nothing follows `to`. */
  isFinal = false;
  private readonly buffers: WindowBuffers;
  private line = 1;
  /** Bytes of the unfinished line that lie before the window. */
  private lineBytesBefore = 0;
  private lineStart = 0;
  /** The first line end that is not counted in `line`. */
  private nextLineEnd = -1;

  /** `sizeBytes`: of the source; Infinity where that is not known. */
  constructor(sizeBytes: number) {
    this.buffers = new WindowBuffers(sizeBytes);
  }

  /** A new window: what is left of the old one, and more. Twice as large where nothing of the old one could be used. */
  async slide(stream: ByteStream): Promise<void> {
    if (this.isFinal) return;
    this.countTo(this.from);
    this.lineBytesBefore += this.from - this.lineStart;
    const left = this.to - this.from;
    const capacity = Math.max(this.buffers.usualBytes, left * 2);
    const former = this.shared;
    const { bytes, shared } = this.buffers.take(capacity);
    this.bytes.copy(bytes, 0, this.from, this.to);
    former?.release();
    this.shared = shared;
    this.bytes = bytes;
    this.from = 0;
    this.to = left;
    this.lineStart = 0;
    this.nextLineEnd = -1;
    await this.fill(stream, capacity);
  }

  /** Line on which a position is, from 1. Positions only go up. */
  lineAt(position: number): number {
    this.countTo(position);
    return this.line;
  }

  /** `line 3, column 17`, in characters; in bytes where the line began before the window. For the last message about the text. */
  placeOf(position: number): string {
    const line = this.lineAt(position);
    const column = this.lineBytesBefore + this.bytes.toString('utf8', this.lineStart, position).length + 1;
    return `line ${line}, column ${column}`;
  }

  private countTo(position: number): void {
    while (this.nextLineEnd < position) {
      if (this.nextLineEnd >= 0) {
        this.line++;
        this.lineStart = this.nextLineEnd + 1;
        this.lineBytesBefore = 0;
      }
      const found = this.bytes.subarray(0, this.to).indexOf(LF, this.nextLineEnd + 1);
      this.nextLineEnd = found < 0 ? Number.POSITIVE_INFINITY : found;
    }
  }

  private async fill(stream: ByteStream, capacity: number): Promise<void> {
    const room = this.bytes.subarray(0, capacity);
    while (this.to < capacity) {
      const count = await stream.fill(room, this.to);
      this.isFinal = count === 0;
      if (this.isFinal) return;
      this.to += count;
    }
  }
}
