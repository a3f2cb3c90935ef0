import { type FileHandle, open } from 'node:fs/promises';
import { LIMITS } from '../../limits.ts';
import type { Clock } from '../../clock.ts';

/** Follows a file that another process appends to. */
export interface Tail {
  /** Reads what is left and ends. Nobody may append any more. Idempotent. */
  finish(): Promise<void>;
}

// Polled, not watched: inotify watches are scarce, the watched folders need them, and a read at the end of a file costs
// microseconds.
const POLL_MS = 40;
const CHUNK_BYTES = 64 * 1024;
/** Between two looks at how large it is: a few milliseconds, in which one that does nothing but print adds some 10 MB. */
const LOOK_BYTES = 2 ** 20;
/** No more is kept of it when it has ended. */
const LONG_BYTES = LIMITS.logHeadBytes + LIMITS.logTailBytes;

export interface TailOptions {
  /** Where to begin, in bytes. */
  offset: number;
  /** Of a larger file no more is read. */
  mostBytes: number;
  clock: Clock;
  /** The chunks are the callee's to keep. */
  onChunk(chunk: Buffer): void;
  /** There is more than that, or no room for more; told at least once. */
  onFull(): void;
  /** Whether the disk has room for more of it. Asked of a file that is long already; always unless told. */
  hasRoom?(): Promise<boolean>;
}

/** Calls back with each chunk from `offset` on, in order, within 100 ms. */
export async function tailFile(path: string, options: TailOptions): Promise<Tail> {
  const { offset, mostBytes, clock, onChunk, onFull, hasRoom } = options;
  const file = await open(path, 'r');
  let position = offset;
  let isFull = false;
  let cancelTimer = (): void => {};
  let reading = Promise.resolve();
  let finished: Promise<void> | undefined;

  async function readOn(): Promise<void> {
    let end = await look();
    for (let lookAt = position + LOOK_BYTES; position < end; ) {
      const chunk = await readAt(file, position, end);
      if (chunk.length === 0) return;
      position += chunk.length;
      onChunk(chunk);
      if (position < lookAt) continue;
      end = await look();
      lookAt = position + LOOK_BYTES;
    }
  }

  /**
   * Up to where it is read. Its size goes before its content: whoever prints faster than we read, or makes a hole in
   * it, is stopped all the same.
   */
  async function look(): Promise<number> {
    const { size } = await file.stat();
    isFull ||= size > offset + mostBytes || (size > offset + LONG_BYTES && hasRoom !== undefined && !(await hasRoom()));
    if (isFull) onFull();
    // What else it says changes nothing: hundreds of MB in short lines would take half a minute.
    return isFull ? position : size;
  }

  function poll(): void {
    // An error is left for finish(), which reads again and throws it.
    reading = readOn().catch(() => {});
    void reading.then(() => {
      if (!finished) cancelTimer = clock.after(POLL_MS, poll);
    });
  }

  async function finish(): Promise<void> {
    cancelTimer();
    await reading;
    try {
      await readOn();
    } finally {
      await file.close();
    }
  }

  poll();
  return { finish: () => (finished ??= finish()) };
}

async function readAt(file: FileHandle, position: number, end: number): Promise<Buffer> {
  const bytes = Math.min(CHUNK_BYTES, end - position);
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(bytes), 0, bytes, position);
  return buffer.subarray(0, bytesRead);
}
