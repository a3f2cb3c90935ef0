import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { type FileVersion, versionOf } from '../journal/journal.ts';
import { hasWriter } from './lease.ts';
import { versionKey } from './version.ts';

/** What opening and reading a file once told. */
export type Content =
  | { state: 'complete'; version: FileVersion; hash: string }
  | { state: 'written' }
  | { state: 'changed' }
  | { state: 'not a file' };

const CHUNK_BYTES = 256 * 1024;
const LOOK = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * Reads the whole file on one descriptor. `complete`: nobody that can be seen has it open for writing at the end, and its path led
 * to the same size, mtime and inode at both ends: a writer that came and went meanwhile has changed them. `leases`: whether writers are to be looked for at all. Throws what
 * open(2), read(2) and stat(2) throw.
 */
export async function readContent(path: string, leases: boolean, signal: AbortSignal): Promise<Content> {
  const file = await open(path, LOOK);
  try {
    const before = await file.stat({ bigint: true });
    if (!before.isFile()) return { state: 'not a file' };
    const hash = await hashOf(file, Number(before.size), signal);
    if (leases && hasWriter(file.fd) === 'yes') return { state: 'written' };
    const version = versionOf(before);
    // By path, not descriptor: it may have been replaced by a rename meanwhile.
    const after = versionOf(await stat(path, { bigint: true }));
    if (versionKey(after) !== versionKey(version)) return { state: 'changed' };
    return { state: 'complete', version, hash };
  } finally {
    await file.close();
  }
}

/** SHA-256, hexadecimal, of the first `sizeBytes`: what is added meanwhile makes it another version. */
async function hashOf(file: FileHandle, sizeBytes: number, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, sizeBytes));
  for (let position = 0; position < sizeBytes; ) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, sizeBytes - position), position);
    if (bytesRead === 0) break;
    hash.update(chunk.subarray(0, bytesRead));
    position += bytesRead;
  }
  return hash.digest('hex');
}
