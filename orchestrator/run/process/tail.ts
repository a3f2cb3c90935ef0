import { type FileHandle, open } from 'node:fs/promises';
import type { Clock } from '../../clock.ts';

/** Follows a file that another process appends to. */
export interface Tail {
  /** Reads what is left and ends. Nobody may append any more. Idempotent. */
  finish(): Promise<void>;
}

// Polled, not watched: inotify watches are scarce, the watched folders need them, and a read at the end of a file costs microseconds.
const POLL_MS = 40;
const CHUNK_BYTES = 64 * 1024;

export interface TailOptions {
  /** Where to begin, in bytes. */
  offset: number;
  /** No more is read. */
  mostBytes: number;
  clock: Clock;
  /** The chunks are the callee's to keep. */
  onChunk(chunk: Buffer): void;
  /** There is more than that; told at least once. */
  onFull(): void;
}

/** Calls back with each chunk from `offset` on, in order, within 100 ms. */
export async function tailFile(path: string, options: TailOptions): Promise<Tail> {
  const { offset, mostBytes, clock, onChunk, onFull } = options;
  const file = await open(path, 'r');
  let position = offset;
  let cancelTimer = (): void => {};
  let reading = Promise.resolve();
  let finished: Promise<void> | undefined;

  async function readOn(): Promise<void> {
    // Its size first: whoever prints faster than we read, or makes a hole in it, is stopped all the same.
    const { size } = await file.stat();
    if (size > offset + mostBytes) onFull();
    const end = Math.min(size, offset + mostBytes);
    while (position < end) {
      const chunk = await readAt(file, position, end);
      if (chunk.length === 0) return;
      position += chunk.length;
      onChunk(chunk);
    }
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
