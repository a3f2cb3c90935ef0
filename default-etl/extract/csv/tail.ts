import type { ByteStream, Source } from '../../source.ts';
import { decodeText, type Encoding, encodeText } from '../text.ts';

/** More than the longest notes that stand below a table. */
const TAIL_BYTES = 1 << 15;
/** Of what is packed so much is unpacked to see its end: less than a second of CPU. */
const MOST_UNPACKED = 1 << 28;
const CHUNK_BYTES = 1 << 20;
const LF = 10;
const CR = 13;
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
export async function readTail(source: Source, encoding: Encoding): Promise<TextTail | undefined> {
  const last = source.isSeekable ? await seekEnd(source) : await streamEnd(source.stream());
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

/** The end of the text without what is none of it: the ^Z with which DOS ends a file, and zeros behind the last line, which fill a block of a disk. */
export function endOfText(bytes: Buffer, from: number, to: number): number {
  let end = to;
  while (end > from && (bytes[end - 1] === 0 || bytes[end - 1] === CTRL_Z)) end--;
  if (end === from || bytes[end - 1] === LF || bytes[end - 1] === CR) return end;
  return bytes[to - 1] === CTRL_Z ? to - 1 : to;
}

interface LastBytes {
  bytes: Buffer;
  start: number;
}

/** From where a character of UTF-16 or UTF-32 may begin. */
async function seekEnd(source: Source): Promise<LastBytes> {
  const start = Math.max(0, source.sizeBytes - TAIL_BYTES) & ~3;
  return { bytes: await source.readAt(start, source.sizeBytes - start), start };
}

async function streamEnd(stream: ByteStream): Promise<LastBytes | undefined> {
  const buffer = Buffer.allocUnsafeSlow(TAIL_BYTES + CHUNK_BYTES);
  let start = 0;
  let used = 0;
  try {
    for (;;) {
      const count = await stream.fill(buffer, used);
      used += count;
      if (count === 0) return lastOf(buffer.subarray(0, used), start);
      if (start + used > MOST_UNPACKED) return undefined;
      if (used < buffer.length) continue;
      buffer.copyWithin(0, CHUNK_BYTES, used);
      start += CHUNK_BYTES;
      used -= CHUNK_BYTES;
    }
  } finally {
    stream.close();
  }
}

function lastOf(bytes: Buffer, start: number): LastBytes {
  const skipped = Math.max(0, bytes.length - TAIL_BYTES) & ~3;
  return { bytes: bytes.subarray(skipped), start: start + skipped };
}

/** The first line began before the bytes. */
function behindFirstLine(text: Buffer): number {
  const lineEnd = text.findIndex(byte => byte === LF || byte === CR);
  if (lineEnd < 0) return text.length;
  return text[lineEnd] === CR && text[lineEnd + 1] === LF ? lineEnd + 2 : lineEnd + 1;
}
