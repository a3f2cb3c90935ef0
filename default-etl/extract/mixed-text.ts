import { isUtf8 } from 'node:buffer';
import type { ByteStream } from '../unpack/source.ts';

const LF = 10;
const CR = 13;
const CHUNK_BYTES = 1 << 17;
/** Bytes of UTF-8 that a byte of another encoding becomes at most: €. */
const MOST_OF_BYTE = 3;
/** Lines of either encoding that have to be seen: by chance a line or two of a text is valid UTF-8, or damaged. */
const FEWEST_LINES = 2;
/** Of the lines beyond ASCII, the share that those of UTF-8 have at least. */
const FEWEST_SHARE = 0.05;

/**
 * The lines that are not UTF-8, where others with characters beyond ASCII are: two files were put together, or two
 * programs wrote it. Undefined where all are alike.
 */
export function otherLines(bytes: Buffer): Buffer | undefined {
  const others: Buffer[] = [];
  let utf8Lines = 0;
  for (const line of linesOf(bytes)) {
    if (!isUtf8(line)) others.push(line);
    else if (line.some(byte => byte > 127)) utf8Lines++;
  }
  const isMixed = utf8Lines >= Math.max(FEWEST_LINES, FEWEST_SHARE * (utf8Lines + others.length));
  return isMixed && others.length >= FEWEST_LINES ? Buffer.concat(others) : undefined;
}

/** The text as UTF-8: lines that are it stay, `decode` reads the others. A line of more than 128 KB is looked at in pieces. */
export function mixedStream(stream: ByteStream, decode: (bytes: Buffer) => string): ByteStream {
  const input = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  const output = Buffer.allocUnsafeSlow(MOST_OF_BYTE * CHUNK_BYTES);
  let kept = 0;
  let pending = output.subarray(0, 0);
  return {
    async fill(buffer, offset) {
      for (let isMore = true; pending.length === 0 && isMore; ) {
        const count = await stream.fill(input, kept);
        isMore = count > 0;
        const filled = input.subarray(0, kept + count);
        const cut = isMore ? endOfLines(filled) : filled.length;
        let written = 0;
        for (const line of linesOf(filled.subarray(0, cut)))
          written += isUtf8(line) ? line.copy(output, written) : output.write(decode(line), written);
        pending = output.subarray(0, written);
        kept = filled.copy(input, 0, cut);
      }
      const count = pending.copy(buffer, offset);
      pending = pending.subarray(count);
      return count;
    },
    close: () => stream.close(),
  };
}

/** Behind the last line end; where a line fills the whole chunk, behind its last ASCII character. */
function endOfLines(bytes: Buffer): number {
  const end = Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR)) + 1;
  if (end > 0 || bytes.length < CHUNK_BYTES) return end;
  return bytes.findLastIndex(byte => byte < 128) + 1 || bytes.length;
}

/** With their line ends, which are LF or, where there is none, CR. */
function* linesOf(bytes: Buffer): Generator<Buffer> {
  const lineEnd = bytes.includes(LF) ? LF : CR;
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(lineEnd, at) + 1 || bytes.length;
    yield bytes.subarray(at, end);
    at = end;
  }
}
