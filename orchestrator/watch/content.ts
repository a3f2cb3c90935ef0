import { createHash } from 'node:crypto';
import type { OpenSource } from '../files/source.ts';
import { type FileVersion, versionOf } from '../files/version.ts';
import { hasWriter } from './open-writers.ts';
import { versionKey } from './version.ts';

/** What opening and reading a file once told. */
export type Content =
  | { state: 'complete'; version: FileVersion; hash: string }
  | { state: 'written' }
  | { state: 'changed' };

const CHUNK_BYTES = 256 * 1024;
/** After so much it is looked whether there is still a reason to read on. */
const LOOK_BYTES = 16 * 1024 * 1024;

export interface ContentRequest {
  source: OpenSource;
  /** What its path leads to now: it may have been replaced by a rename while it was read. */
  now(): Promise<FileVersion | undefined>;
  /** Whether writers are to be looked for at all. */
  leases: boolean;
  signal: AbortSignal;
}

/**
 * Reads the whole file on one descriptor. `complete`: nobody that can be seen has it open for writing at the end, and
 * its path led to the same size, mtime and inode at both ends: a writer that came and went meanwhile has changed them.
 * Ends early where its path no longer leads to that. Throws what read(2) and stat(2) throw.
 */
export async function readContent({ source, now, leases, signal }: ContentRequest): Promise<Content> {
  const { file, stats } = source;
  const version = versionOf(stats);
  const isSame = async () => {
    const found = await now();
    return found !== undefined && versionKey(found) === versionKey(version);
  };
  const hash = await hashOf(file, Number(stats.size), isSame, signal);
  if (hash === undefined) return { state: 'changed' };
  // rule 1: nor one that a writer opened while it was looked at
  if (leases && hasWriter(file.fd) === 'yes') return { state: 'written' };
  // rule 1: nor one that changed while it was looked at
  if (!(await isSame())) return { state: 'changed' };
  return { state: 'complete', version, hash };
}

/**
 * SHA-256, hexadecimal, of the first `sizeBytes`: what is added meanwhile makes it another version. undefined where it
 * no longer is the same.
 */
async function hashOf(
  file: OpenSource['file'],
  sizeBytes: number,
  isSame: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, sizeBytes));
  let lookAt = LOOK_BYTES;
  for (let position = 0; position < sizeBytes; ) {
    signal.throwIfAborted();
    if (position >= lookAt) {
      if (!(await isSame())) return undefined;
      lookAt = position + LOOK_BYTES;
    }
    const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, sizeBytes - position), position);
    if (bytesRead === 0) break;
    hash.update(chunk.subarray(0, bytesRead));
    position += bytesRead;
  }
  return hash.digest('hex');
}
