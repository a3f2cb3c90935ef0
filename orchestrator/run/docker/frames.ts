const HEADER_BYTES = 8;
const STDERR = 2;
const BLANK = 32;

export interface Frame {
  stream: 'stdout' | 'stderr';
  payload: Buffer;
}

/**
 * Takes apart the stream of a container's log: 8 bytes of header (stream, three zeros, length as big-endian uint32),
 * then the payload (Docker Engine API, "Stream format"). The engine cuts lines above 16 kB in several frames, of which
 * only the last ends in a line break.
 */
export async function* readFrames(stream: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Frame[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    for (;;) {
      if (bytes.length - at < HEADER_BYTES) break;
      const end = at + HEADER_BYTES + bytes.readUInt32BE(at + 4);
      if (bytes.length < end) break;
      frames.push({
        stream: bytes[at] === STDERR ? 'stderr' : 'stdout',
        payload: bytes.subarray(at + HEADER_BYTES, end),
      });
      at = end;
    }
    rest = bytes.subarray(at);
    if (frames.length > 0) yield frames;
  }
}

/** A frame of a log with timestamps, without its timestamp (RFC 3339 with nanoseconds, and a blank). */
export function entryOf({ stream, payload }: Frame): Frame {
  return { stream, payload: payload.subarray(payload.indexOf(BLANK) + 1) };
}
