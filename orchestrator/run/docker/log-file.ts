import type { OpenFile } from '../../files/open-file.ts';
import { basename, dirname } from 'node:path';
import { Folder } from '../../files/folder.ts';
import { HeadAndTail, KEPT, type Kept } from '../head-and-tail.ts';
import { MAX_LINE_BYTES } from '../lines.ts';
import { maskBytes } from '../mask-bytes.ts';
import { WholeLines } from '../whole-lines.ts';
import type { Frame } from './frames.ts';

/**
 * The log file of an attempt, to which its container's log is copied from the first line on: its beginning as it comes,
 * its end once there is no more. What the file holds already of the beginning, from an earlier following, is skipped by
 * its length: the engine's log and what is made of it are the same each time, byte for byte.
 */
export interface LogFile {
  write(frames: readonly Frame[]): Promise<void>;
  /**
   * Writes what had no line break, and the end of a long log, and closes. `cut` says that there was more: what had no
   * line break, and may end within a secret, is left out.
   */
  end(cut?: string): Promise<void>;
  /** Closes, leaving out what had no line break yet. Idempotent; harmless after end(). */
  close(): Promise<void>;
}

/** `logOffset`: bytes that were in the file before the container's first line. */
export async function openLogFile(
  path: string,
  logOffset: number,
  mask: (text: string) => string,
  kept: Kept = KEPT,
): Promise<LogFile> {
  const file = await Folder.use(dirname(path), folder => folder.openLog(basename(path)));
  let skip = Math.max(0, (await file.stat()).size - logOffset);
  let isOpen = true;
  let headBytes = 0;
  const parts = new HeadAndTail(kept);
  // Lines are written whole, so that those of the two streams don't mix.
  const lines = { stdout: new WholeLines(MAX_LINE_BYTES, mask), stderr: new WholeLines(MAX_LINE_BYTES, mask) };

  async function append(blocks: Buffer[]): Promise<void> {
    const head = parts.add(Buffer.concat(blocks));
    headBytes += head.length;
    const fresh = head.subarray(Math.min(skip, head.length));
    skip -= head.length - fresh.length;
    await writeAll(file, fresh);
  }

  async function close(): Promise<void> {
    if (!isOpen) return;
    isOpen = false;
    await file.close();
  }

  return {
    write: frames =>
      append(frames.flatMap(({ stream, payload }) => lines[stream].add(payload)).map(block => maskBytes(block, mask))),
    async end(cut = '') {
      const rests = [lines.stdout.rest(), lines.stderr.rest()].filter(rest => rest.length > 0 && cut === '');
      const ended = rests.map(rest => maskBytes(Buffer.concat([rest, Buffer.from('\n')]), mask));
      await append(ended);
      const rest = Buffer.concat([parts.rest(), Buffer.from(cut)]);
      // What a former following, or a crash within it, has left of the end.
      if (rest.length > 0) await file.truncate(logOffset + headBytes);
      await writeAll(file, rest);
      await close();
    },
    close,
  };
}

async function writeAll(file: OpenFile, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}
