import { createHash } from 'node:crypto';
import type { OpenFile } from './open-file.ts';

const CHUNK_BYTES = 1024 * 1024;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

/**
 * Writes what an open file holds, from its beginning and at most so much of it, into a new one, zeros as holes: a file
 * without blocks of its own gets none here. Resolves with its SHA-256, hexadecimal.
 */
export async function copyContent(from: OpenFile, to: OpenFile, mostBytes = Infinity): Promise<string> {
  const hash = createHash('sha256');
  let [position, end] = [0, 0];
  for await (const chunk of chunksOf(from, mostBytes)) {
    hash.update(chunk);
    position += chunk.length;
    if (isZeros(chunk)) continue;
    // What is new is written at its end.
    if (end < position - chunk.length) await to.truncate(position - chunk.length);
    for (let at = 0; at < chunk.length; ) at += (await to.write(chunk, at)).bytesWritten;
    end = position;
  }
  if (end < position) await to.truncate(position);
  return hash.digest('hex');
}

/** SHA-256 of an open file, hexadecimal. */
export async function hashOf(file: OpenFile): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunksOf(file, Infinity)) hash.update(chunk);
  return hash.digest('hex');
}

function isZeros(chunk: Buffer): boolean {
  return chunk[0] === 0 && chunk.equals(ZEROS.subarray(0, chunk.length));
}

/** Each is written over by the next. */
async function* chunksOf(file: OpenFile, mostBytes: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = 0; position < mostBytes; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK_BYTES, mostBytes - position), position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
