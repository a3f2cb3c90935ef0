import type { ByteStream, Source } from '../../unpack/source.ts';
import type { Encoding } from '../byte-order.ts';
import { decodeText, encodeText } from '../text-encoding.ts';
import { CR, LF } from './marks.ts';

/** More than the longest notes that stand below a table. */
const TAIL_BYTES = 1 << 15;
/** Of what is packed so much is unpacked only to see its end: 0.1 s of CPU (23 November 2026). */
const MOST_UNPACKED = 1 << 26;
const CHUNK_BYTES = 1 << 20;
const CTRL_Z = 26;

/** The end of a text, from the beginning of a line on. */
export interface TextTail {
  /** As UTF-8. */
  text: Buffer;
  /** Whether that is all of the text. */
  isWhole: boolean;
  /** Where in the source that is which stands at a position of `text`; undefined where it can't be told. */
  inSource(position: number): Promise<number | undefined>;
}

/** undefined where the end of what is packed is too far. */
export async function readTail(ending: Ending, encoding: Encoding): Promise<TextTail | undefined> {
  const last = await ending.lastBytes();
  if (last === undefined) return undefined;
  const isWhole = last.start === 0;
  const raw = last.bytes.subarray(isWhole ? encoding.bomBytes : 0);
  const text = await decodeText(raw, encoding.name);
  const from = isWhole ? 0 : behindFirstLine(text);
  return {
    text: text.subarray(from, endOfText(text, from, text.length)),
    isWhole,
    async inSource(position) {
      const behind = text.subarray(from + position);
      const rawBehind = raw.subarray(raw.length - (await encodeText(behind, encoding.name)).length);
      // An encoding may write the same text in several ways.
      if (!(await decodeText(rawBehind, encoding.name)).equals(behind)) return undefined;
      return last.start + last.bytes.length - rawBehind.length;
    },
  };
}

/**
 * The end of the text without what is none of it: the ^Z with which DOS ends a file, and zeros behind the last line,
 * which fill a block of a disk.
 */
export function endOfText(bytes: Buffer, from: number, to: number): number {
  let end = to;
  while (end > from && (bytes[end - 1] === 0 || bytes[end - 1] === CTRL_Z)) end--;
  if (end === from || bytes[end - 1] === LF || bytes[end - 1] === CR) return end;
  return bytes[to - 1] === CTRL_Z ? to - 1 : to;
}

interface LastBytes {
  bytes: Buffer;
  /** Where they begin in the source. */
  start: number;
}

/**
 * The last bytes of a source. Of what is packed they are kept when it is read to its end for another reason, so that it
 * need not be unpacked once more.
 */
export class Ending {
  private readonly source: Source;
  private last: LastBytes | undefined;

  constructor(source: Source) {
    this.source = source;
  }

  /** The source, for who may read it to its end. */
  get watched(): Pick<Source, 'path' | 'head' | 'stream'> {
    const { source } = this;
    if (source.isSeekable) return source;
    return {
      path: source.path,
      head: async length => await source.head(length),
      stream: () => this.watch(source.stream()),
    };
  }

  /** undefined where the end of what is packed is too far. */
  async lastBytes(): Promise<LastBytes | undefined> {
    const { source } = this;
    if (source.isSeekable) {
      const start = beginningOfEnd(source.sizeBytes);
      return { bytes: await source.readAt(start, source.sizeBytes - start), start };
    }
    if (this.last === undefined) await this.unpack();
    return this.last;
  }

  private async unpack(): Promise<void> {
    const stream = this.watch(this.source.stream());
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    try {
      for (let read = 0, count = 1; count > 0 && read < MOST_UNPACKED; read += count)
        count = await stream.fill(buffer, 0);
    } finally {
      stream.close();
    }
  }

  private watch(stream: ByteStream): ByteStream {
    const kept = new KeptEnd();
    return {
      fill: async (buffer, offset) => {
        const count = await stream.fill(buffer, offset);
        if (count > 0) kept.append(buffer.subarray(offset, offset + count));
        else this.last = kept.lastBytes();
        return count;
      },
      close: () => stream.close(),
    };
  }
}

/** The last bytes of those that come by. */
class KeptEnd {
  private readonly kept = Buffer.allocUnsafeSlow(8 * TAIL_BYTES);
  private used = 0;
  private total = 0;

  append(bytes: Buffer): void {
    const part = bytes.subarray(Math.max(0, bytes.length - TAIL_BYTES));
    if (this.used + part.length > this.kept.length) {
      this.kept.copyWithin(0, this.used - TAIL_BYTES, this.used);
      this.used = TAIL_BYTES;
    }
    this.used += part.copy(this.kept, this.used);
    this.total += bytes.length;
  }

  lastBytes(): LastBytes {
    const start = beginningOfEnd(this.total);
    return { bytes: Buffer.from(this.kept.subarray(this.used - (this.total - start), this.used)), start };
  }
}

/** A character of UTF-16 or UTF-32 may begin there. */
function beginningOfEnd(sizeBytes: number): number {
  return Math.max(0, Math.ceil((sizeBytes - TAIL_BYTES) / 4) * 4);
}

/** The first line began before the bytes. */
function behindFirstLine(text: Buffer): number {
  const lineEnd = text.findIndex(byte => byte === LF || byte === CR);
  if (lineEnd < 0) return text.length;
  return text[lineEnd] === CR && text[lineEnd + 1] === LF ? lineEnd + 2 : lineEnd + 1;
}
