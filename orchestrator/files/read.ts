import type { OpenFile } from './open-file.ts';
import { join } from 'node:path';
import type { Folder } from './folder.ts';
import type { FileDemands } from './rights.ts';
import { UntrustedFile } from './untrusted-file.ts';

/** A line of a file that others wrote. */
export interface BoundedLine {
  /** Without its line break; cut at the bound, where it is longer. */
  text: string;
  isCut: boolean;
}

export interface LineBounds {
  /** Longer lines are cut there; what is cut off is passed over without being kept. */
  lineBytes: number;
  /** Nothing behind this many bytes of the file is read. */
  fileBytes: number;
}

const CHUNK_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** The whole text of a small file. Throws an UntrustedFile where it is larger than `mostBytes`, and what openFile() throws. */
export async function readText(
  folder: Folder,
  relative: string,
  mostBytes: number,
  demands?: FileDemands,
): Promise<string> {
  const file = await folder.openFile(relative, demands);
  try {
    // One more than allowed: it may grow while it is read.
    const buffer = Buffer.allocUnsafe(mostBytes + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) break;
    }
    if (length > mostBytes) throw new UntrustedFile(join(folder.path, relative), 'too-large');
    return buffer.toString('utf8', 0, length);
  } finally {
    await file.close();
  }
}

/** The lines of an open file from its beginning, in memory that does not grow with them. Line ends are LF or CRLF. */
export function readLines(file: OpenFile, { lineBytes, fileBytes }: LineBounds): AsyncGenerator<BoundedLine> {
  return linesOf(chunksOf(file, fileBytes), lineBytes);
}

/** The lines of a stream of bytes, in memory that does not grow with them. Line ends are LF or CRLF. */
export async function* linesOf(chunks: AsyncIterable<Buffer>, lineBytes: number): AsyncGenerator<BoundedLine> {
  const line = new Line(lineBytes);
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      line.add(chunk.subarray(from, end));
      yield line.take();
      from = end + 1;
    }
    line.add(chunk.subarray(from));
  }
  if (!line.isEmpty) yield line.take();
}

/** Each is written over by the next. */
async function* chunksOf(file: OpenFile, fileBytes: number): AsyncGenerator<Buffer> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = 0; position < fileBytes; ) {
    const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, fileBytes - position), position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

/** A line as it is put together from chunks. */
class Line {
  readonly #mostBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  #isCut = false;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  add(part: Buffer): void {
    const room = this.#mostBytes - this.#bytes;
    if (part.length > room) this.#isCut = true;
    const kept = part.subarray(0, Math.max(0, room));
    // The chunk is written over.
    if (kept.length > 0) this.#parts.push(Buffer.from(kept));
    this.#bytes += kept.length;
  }

  take(): BoundedLine {
    const bytes = Buffer.concat(this.#parts);
    const end = bytes.at(-1) === CARRIAGE_RETURN && !this.#isCut ? bytes.length - 1 : bytes.length;
    const taken = { text: bytes.toString('utf8', 0, end), isCut: this.#isCut };
    this.#parts = [];
    this.#bytes = 0;
    this.#isCut = false;
    return taken;
  }
}
