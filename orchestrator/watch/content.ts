import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { FileVersion } from '../journal/journal.ts';
import { hasWriter, type WriterAnswer } from './lease.ts';
import { versionKey, versionOf } from './version.ts';

/** What opening and reading a file once told. */
export type Content =
  | { state: 'complete'; version: FileVersion; hash: string; writer: WriterAnswer }
  | { state: 'written' }
  | { state: 'changed' }
  | { state: 'not a file' };

const CHUNK_BYTES = 256 * 1024;
const LOOK = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * Reads the whole file on one descriptor. `complete`: nobody that can be seen had it open for writing, before and after, and its
 * path led to the same size, mtime and inode at both ends. `leases`: whether writers are to be looked for at all. Throws what
 * open(2), read(2) and stat(2) throw.
 */
export async function readContent(path: string, leases: boolean, signal: AbortSignal): Promise<Content> {
  const file = await open(path, LOOK);
  try {
    const before = await file.stat({ bigint: true });
    if (!before.isFile()) return { state: 'not a file' };
    if (leases && hasWriter(file.fd) === 'yes') return { state: 'written' };
    const hash = await hashOf(file, signal);
    const writer = leases ? hasWriter(file.fd) : 'unknown';
    if (writer === 'yes') return { state: 'written' };
    const version = versionOf(before);
    // By path, not descriptor: it may have been replaced by a rename meanwhile.
    const after = versionOf(await stat(path, { bigint: true }));
    if (versionKey(after) !== versionKey(version)) return { state: 'changed' };
    return { state: 'complete', version, hash, writer };
  } finally {
    await file.close();
  }
}

/** SHA-256, hexadecimal. */
async function hashOf(file: FileHandle, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = 0; ; ) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(chunk.subarray(0, bytesRead));
    position += bytesRead;
  }
}
