import type { FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Folder } from '../../files/folder.ts';
import { MAX_LINE_BYTES } from '../lines.ts';
import { maskBytes } from '../mask-bytes.ts';
import type { Frame } from './frames.ts';

const NEWLINE = 10;

/**
 * The log file of an attempt, to which its container's log is copied from the first line on. What the file holds already of it, from
 * an earlier following, is skipped by its length: the engine's log and what is made of it are the same each time, byte for byte.
 */
export interface LogFile {
  write(frames: readonly Frame[]): Promise<void>;
  /** Writes what had no line break, and `note`, and closes. */
  end(note?: string): Promise<void>;
  /** Closes, leaving out what had no line break yet. Idempotent; harmless after end(). */
  close(): Promise<void>;
}

/** `logOffset`: bytes that were in the file before the container's first line. */
export async function openLogFile(path: string, logOffset: number, mask: (text: string) => string): Promise<LogFile> {
  const file = await Folder.use(dirname(path), folder => folder.openLog(basename(path)));
  let skip = Math.max(0, (await file.stat()).size - logOffset);
  let isOpen = true;
  const begun = { stdout: [] as Buffer[], stderr: [] as Buffer[] };

  async function append(blocks: Buffer[]): Promise<void> {
    const bytes = Buffer.concat(blocks);
    const fresh = bytes.subarray(Math.min(skip, bytes.length));
    skip -= bytes.length - fresh.length;
    await writeAll(file, fresh);
  }

  // Lines are written whole, so that those of the two streams don't mix.
  function wholeLines({ stream, payload }: Frame): Buffer[] {
    const end = payload.lastIndexOf(NEWLINE) + 1;
    const pieces = begun[stream];
    const complete = end > 0 ? [Buffer.concat([...pieces.splice(0), payload.subarray(0, end)])] : [];
    if (end < payload.length) pieces.push(payload.subarray(end));
    const isTooLong = pieces.reduce((sum, piece) => sum + piece.length, 0) > MAX_LINE_BYTES;
    return isTooLong ? [...complete, Buffer.concat(pieces.splice(0))] : complete;
  }

  async function close(): Promise<void> {
    if (!isOpen) return;
    isOpen = false;
    await file.close();
  }

  return {
    write: frames => append(frames.flatMap(wholeLines).map(block => maskBytes(block, mask))),
    async end(note = '') {
      const rests = [begun.stdout, begun.stderr].filter(pieces => pieces.length > 0);
      const lines = rests.map(pieces => maskBytes(Buffer.concat([...pieces, Buffer.from('\n')]), mask));
      await append([...lines, Buffer.from(note)]);
      await close();
    },
    close,
  };
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}
