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

/** Calls back with each chunk from `offset` on, in order, within 100 ms; the chunks are the callee's to keep. */
export async function tailFile(
  path: string,
  offset: number,
  clock: Clock,
  onChunk: (chunk: Buffer) => void,
): Promise<Tail> {
  const file = await open(path, 'r');
  let position = offset;
  let cancelTimer = (): void => {};
  let reading = Promise.resolve();
  let finished: Promise<void> | undefined;

  async function readOn(): Promise<void> {
    for (let chunk = await readAt(file, position); chunk.length > 0; chunk = await readAt(file, position)) {
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

async function readAt(file: FileHandle, position: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
  return buffer.subarray(0, bytesRead);
}
