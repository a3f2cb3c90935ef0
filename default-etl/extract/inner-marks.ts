import type { Decision } from '../contract/protocol.ts';
import type { ByteStream } from '../unpack/source.ts';

const MARK = Buffer.from('\uFEFF');
/** What a line may begin with before its mark: a form feed, and the ^Z with which DOS ended the file before. */
const BEGINNINGS: ReadonlySet<number> = new Set([10, 13, 12, 26]);
const SCRATCH_BYTES = 1 << 12;

/** Byte order marks below the first line: the files that a text was joined of had them. */
export class InnerMarks {
  /** At the beginning of lines: they are no text. */
  left = 0;
  /** Elsewhere: they stay, since U+FEFF within a line may be text. */
  kept = 0;

  decisions(): Decision[] {
    const { left, kept } = this;
    const found: Decision[] = [];
    const lines = (count: number) => (count === 1 ? 'a line' : `${count} lines`);
    if (left > 0) {
      const reason = `at the beginning of ${lines(left)} below the first, as where files were joined; they are left out`;
      found.push({ name: 'byte_order_marks', value: left, confidence: 0.99, reason });
    }
    if (kept > 0) {
      const reason = `a byte order mark stands within ${lines(kept)}, as where a file was joined to one that does not end with a line end; it stays there`;
      found.push({ name: 'byte_order_marks_within', value: kept, confidence: 0.5, reason });
    }
    return found;
  }
}

/** The text, UTF-8, without the marks at the beginning of its lines; they are counted anew. */
export function withoutInnerMarks(stream: ByteStream, marks: InnerMarks): ByteStream {
  marks.left = 0;
  marks.kept = 0;
  const cutter = new MarkCutter(marks);
  const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  let ready = scratch.subarray(0, 0);
  return {
    async fill(buffer, offset) {
      // Into a small rest what is held back might not fit.
      const isDirect = ready.length === 0 && buffer.length - offset >= SCRATCH_BYTES;
      if (isDirect) return await cutter.fill(stream, buffer, offset);
      if (ready.length === 0) ready = scratch.subarray(0, await cutter.fill(stream, scratch, 0));
      const count = ready.copy(buffer, offset);
      ready = ready.subarray(count);
      return count;
    },
    close: () => stream.close(),
  };
}

class MarkCutter {
  private readonly marks: InnerMarks;
  /** The beginning of a mark at the end of what was read. */
  private held: Buffer = MARK.subarray(0, 0);
  /** The byte before. The first line's own mark is none of these. */
  private before = 0;

  constructor(marks: InnerMarks) {
    this.marks = marks;
  }

  async fill(stream: ByteStream, buffer: Buffer, offset: number): Promise<number> {
    for (;;) {
      const heldBytes = this.held.copy(buffer, offset);
      const count = await stream.fill(buffer, offset + heldBytes);
      const end = offset + heldBytes + count;
      this.held = count === 0 ? MARK.subarray(0, 0) : MARK.subarray(0, markBytesAt(buffer, offset, end));
      const kept = this.cut(buffer, offset, end - this.held.length);
      if (kept > 0 || count === 0) return kept;
    }
  }

  /** Moves what is behind each mark over it. Returns how many bytes are left. */
  private cut(buffer: Buffer, from: number, to: number): number {
    const read = buffer.subarray(0, to);
    let out = from;
    let copied = from;
    for (let at = read.indexOf(MARK, from); at >= 0; at = read.indexOf(MARK, at + 1)) {
      // One behind another begins the line, too.
      const isBeginning = copied > from && at === copied;
      if (!isBeginning && !BEGINNINGS.has(at === from ? this.before : (read[at - 1] as number))) {
        this.marks.kept++;
        continue;
      }
      if (!isBeginning) this.marks.left++;
      out = moved(buffer, out, copied, at);
      copied = at + MARK.length;
    }
    out = moved(buffer, out, copied, to);
    if (out > from) this.before = buffer[out - 1] as number;
    return out - from;
  }
}

function moved(buffer: Buffer, out: number, from: number, to: number): number {
  if (out !== from) buffer.copyWithin(out, from, to);
  return out + to - from;
}

/** How many bytes at the end may be the beginning of a mark. */
function markBytesAt(buffer: Buffer, from: number, end: number): number {
  for (let length = Math.min(MARK.length - 1, end - from); length > 0; length--)
    if (buffer.compare(MARK, 0, length, end - length, end) === 0) return length;
  return 0;
}
