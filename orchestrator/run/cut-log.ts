import { basename, dirname } from 'node:path';
import { LIMITS } from '../limits.ts';
import { Folder } from '../files/folder.ts';
import type { OpenFile } from '../files/open-file.ts';
import { joinTail, KEPT, type Kept } from './head-and-tail.ts';

/** What is said in a log that was cut. */
export const CUT_TEXT: string = `(it printed more than ${LIMITS.logBytes / 1024 / 1024} MB, or than the disk has room for: it was stopped, and what came after was cut)\n`;
const NEAR_BYTES = 64 * 1024;
/** So much more is not worth the cutting. */
const SLACK_BYTES = 4096;

/** Cuts a log at this size, and says so in it. Nobody writes it any more. */
export async function cutLog(path: string, size: number): Promise<void> {
  await Folder.useNow(dirname(path), async folder => {
    await using file = await folder.openToChange(basename(path));
    await file.truncate(size);
    const note = Buffer.from(`\n${CUT_TEXT}`);
    await file.write(note, 0, note.length, size);
  });
}

/** Of a long log only head and tail are kept, from `offset` on. Nobody writes it any more. Twice is harmless. */
export async function cutMiddle(path: string, offset: number, { headBytes, tailBytes }: Kept = KEPT): Promise<void> {
  await Folder.useNow(dirname(path), async folder => {
    await using file = await folder.openToChange(basename(path));
    const { size } = await file.stat();
    const from = size - tailBytes;
    if (from <= offset + headBytes + SLACK_BYTES) return;
    const head = await lineBreakBefore(file, offset + headBytes);
    const tail = joinTail(await readAll(file, from, tailBytes), from - head);
    for (let at = 0; at < tail.length; ) at += (await file.write(tail, at, tail.length - at, head + at)).bytesWritten;
    await file.truncate(head + tail.length);
  });
}

/** No line is cut, which may have a secret in it: where the last break before a place is, if one is near. */
async function lineBreakBefore(file: OpenFile, position: number): Promise<number> {
  const from = Math.max(0, position - NEAR_BYTES);
  const at = (await readAll(file, from, position - from)).lastIndexOf('\n');
  return at < 0 ? position : from + at + 1;
}

async function readAll(file: OpenFile, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) return bytes.subarray(0, at);
    at += bytesRead;
  }
  return bytes;
}
