import type { Batch } from '../batch/batch.ts';
import { SharedBuffer } from '../batch/shared-buffer.ts';

/** Room for what is written, behind the batch's own bytes; twice as much from the next batch on where it was not enough. */
const FIRST_ROOM = 1 << 17;
/** As many as there are requests on their way, and windows they come from. */
const MOST_SPARE = 12;

/**
 * Where the steps of a pipeline write the cells they change. The bytes of a batch are the reader's: at the first change
 * they are copied, once for all steps, into a buffer with room behind, and all positions stay right. Buffers are used
 * again once nobody needs them. One for each pass.
 */
export class CellWriter {
  /** The bytes of the batch that open() got, and what was written behind. Another buffer after reserve(). */
  bytes: Buffer = Buffer.alloc(0);
  private own: Buffer | undefined;
  private used = 0;
  private room = FIRST_ROOM;
  private shared: SharedBuffer | undefined;
  private readonly spare: Buffer[] = [];

  /** Cells of this batch are written until another one is opened. */
  open(batch: Batch): void {
    this.bytes = batch.bytes;
  }

  /** The batch with all that was written. */
  close(batch: Batch): Batch {
    return this.bytes === batch.bytes ? batch : { ...batch, bytes: this.bytes, shared: this.shared };
  }

  /** Makes room for so many bytes and returns where they go. Nothing is written until commit(). */
  reserve(byteCount: number): number {
    if (this.bytes !== this.own) {
      this.take(this.bytes.length + Math.max(this.room, byteCount), this.bytes.length);
    } else if (this.used + byteCount > this.bytes.length) {
      this.room *= 2;
      this.take(this.bytes.length + Math.max(this.room, byteCount), this.used);
    }
    return this.used;
  }

  /** What was written since reserve() is the text of a cell. */
  commit({ starts, ends }: Batch, cell: number, end: number): void {
    starts[cell] = this.used;
    ends[cell] = end;
    this.used = end;
  }

  /** What was written since reserve(), up to here, stays; whose text it is, the caller knows. */
  skip(end: number): void {
    this.used = end;
  }

  /** Writes the text of a cell. */
  text(batch: Batch, cell: number, text: string): void {
    const at = this.reserve(text.length * 3);
    this.commit(batch, cell, at + this.bytes.write(text, at));
  }

  /** Goes on in another buffer, that begins with the first bytes of this one. */
  private take(byteCount: number, kept: number): void {
    const former = this.shared;
    const found = this.spare.findIndex(buffer => buffer.length >= byteCount);
    const buffer = (found < 0 ? undefined : this.spare.splice(found, 1)[0]) ?? Buffer.allocUnsafeSlow(byteCount);
    this.bytes.copy(buffer, 0, 0, kept);
    const shared = new SharedBuffer(() => this.giveBack(buffer));
    shared.hold();
    this.shared = shared;
    this.bytes = buffer;
    this.own = buffer;
    this.used = kept;
    former?.release();
  }

  /** Few, and those used last: one very long record must not be remembered for ever. */
  private giveBack(buffer: Buffer): void {
    this.spare.unshift(buffer);
    this.spare.length = Math.min(this.spare.length, MOST_SPARE);
  }
}
