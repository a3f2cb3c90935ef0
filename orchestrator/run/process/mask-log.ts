import { type FileHandle, open, rm } from 'node:fs/promises';
import { maskBytes } from '../mask-bytes.ts';

const NEWLINE = 10;
const CHUNK_BYTES = 256 * 1024;
/** A line that is longer is looked at in parts of this size. */
export const LONGEST_LINE: number = 16 * 1024 * 1024;
const LOG_MODE = 0o600;

interface Block {
  offset: number;
  bytes: Buffer;
}

/**
 * Takes secrets out of a log to which nobody appends any more: a process writes straight to it, so that it outlives the orchestrator. A log without
 * one is only read (some 100 MB/s). The file stays the same, since it may have other names.
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
  for await (const { offset, bytes } of blocks(file, 0)) if (maskBytes(bytes, mask) !== bytes) return offset;
  return undefined;
}

/** What is masked is whole beside the log before the log is touched. */
async function rewrite(path: string, file: FileHandle, from: number, mask: (text: string) => string): Promise<void> {
  const besidePath = `${path}.masked`;
  await rm(besidePath, { force: true });
  const beside = await open(besidePath, 'wx+', LOG_MODE);
  try {
    for await (const { bytes } of blocks(file, from)) await beside.appendFile(maskBytes(bytes, mask));
    let position = from;
    for await (const { bytes } of blocks(beside, 0)) {
      await file.write(bytes, 0, bytes.length, position);
      position += bytes.length;
    }
    await file.truncate(position);
  } finally {
    await beside.close();
    await rm(besidePath, { force: true });
  }
}

/** Whole lines, some at a time. */
async function* blocks(file: FileHandle, from: number): AsyncGenerator<Block> {
  const { size } = await file.stat();
  let offset = from;
  let rest = Buffer.alloc(0);
  for (;;) {
    const position = offset + rest.length;
    const length = Math.min(CHUNK_BYTES, Math.max(0, size - position));
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position);
    const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    const end = bytesRead === 0 || bytes.length > LONGEST_LINE ? bytes.length : bytes.lastIndexOf(NEWLINE) + 1;
    if (end > 0) yield { offset, bytes: bytes.subarray(0, end) };
    if (bytesRead === 0) return;
    rest = bytes.subarray(end);
    offset += end;
  }
}
