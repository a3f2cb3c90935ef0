import type { ByteStream } from './source.ts';

const PART_BYTES = 1 << 20;

/** What is opened once something is read of it. */
export function lazyStream(open: () => Promise<ByteStream>): ByteStream {
  let opened: Promise<ByteStream> | undefined;
  return {
    fill: async (buffer, offset) => {
      opened ??= open();
      return await (await opened).fill(buffer, offset);
    },
    close() {
      opened?.then(
        stream => stream.close(),
        () => {},
      );
    },
  };
}

/** First these bytes, then what is left of the stream. */
export function withHead(head: Buffer, stream: ByteStream): ByteStream {
  let left = head;
  return {
    fill: async (buffer, offset) => {
      if (left.length === 0) return await stream.fill(buffer, offset);
      const count = left.copy(buffer, offset);
      left = left.subarray(count);
      return count;
    },
    close: () => stream.close(),
  };
}

/** Fills the buffer; returns how many bytes there were, fewer than it holds only at the end. */
export async function fillUp(stream: ByteStream, buffer: Buffer): Promise<number> {
  let used = 0;
  while (used < buffer.length) {
    const count = await stream.fill(buffer, used);
    if (count === 0) break;
    used += count;
  }
  return used;
}

/** The first bytes, fewer where there are no more. Closes the stream. */
export async function readHead(stream: ByteStream, length: number): Promise<Buffer> {
  try {
    const buffer = Buffer.allocUnsafeSlow(length);
    return buffer.subarray(0, await fillUp(stream, buffer));
  } finally {
    stream.close();
  }
}

/** All that comes. Closes the stream. */
export async function readRest(stream: ByteStream): Promise<Buffer> {
  const parts: Buffer[] = [];
  try {
    for (;;) {
      const part = Buffer.allocUnsafeSlow(PART_BYTES);
      const count = await fillUp(stream, part);
      parts.push(part.subarray(0, count));
      if (count < part.length) return Buffer.concat(parts);
    }
  } finally {
    stream.close();
  }
}
