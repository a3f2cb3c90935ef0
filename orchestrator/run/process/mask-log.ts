import { type FileHandle, open, rm } from 'node:fs/promises';
import { maskBytes } from '../mask-bytes.ts';
import { WholeLines } from '../whole-lines.ts';

const CHUNK_BYTES = 256 * 1024;
/** A line that is longer is looked at in parts of this size. */
export const LONGEST_LINE: number = 16 * 1024 * 1024;
const LOG_MODE = 0o600;

/**
 * Takes secrets out of a log to which nobody appends any more: a process writes straight to it, so that it outlives the
 * orchestrator. A log without one is only read (some 100 MB/s). The file stays the same, since it may have other names.
 */
export async function maskLog(path: string, mask: (text: string) => string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const from = await firstSecret(file, mask);
    if (from !== undefined) await rewrite(path, file, from, mask);
  } finally {
    await file.close();
  }
}

async function firstSecret(file: FileHandle, mask: (text: string) => string): Promise<number | undefined> {
  let offset = 0;
  for await (const bytes of wholeLines(file, 0, mask)) {
    if (maskBytes(bytes, mask) !== bytes) return offset;
    offset += bytes.length;
  }
  return undefined;
}

/**
 * What is masked is whole beside the log before the log is touched. That is cut first: nobody who reads it meanwhile,
 * and no crash, finds what was masked beside the rest of a secret.
 */
async function rewrite(path: string, file: FileHandle, from: number, mask: (text: string) => string): Promise<void> {
  const besidePath = `${path}.masked`;
  await rm(besidePath, { force: true });
  const beside = await open(besidePath, 'wx+', LOG_MODE);
  try {
    for await (const bytes of wholeLines(file, from, mask)) await beside.appendFile(maskBytes(bytes, mask));
    await file.truncate(from);
    let position = from;
    for await (const bytes of chunks(beside, 0)) {
      await file.write(bytes, 0, bytes.length, position);
      position += bytes.length;
    }
  } finally {
    await beside.close();
    await rm(besidePath, { force: true });
  }
}

/** Some at a time. */
async function* wholeLines(file: FileHandle, from: number, mask: (text: string) => string): AsyncGenerator<Buffer> {
  const lines = new WholeLines(LONGEST_LINE, mask);
  for await (const chunk of chunks(file, from)) yield* lines.add(chunk);
  const rest = lines.rest();
  if (rest.length > 0) yield rest;
}

async function* chunks(file: FileHandle, from: number): AsyncGenerator<Buffer> {
  for (let position = from; ; ) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}
