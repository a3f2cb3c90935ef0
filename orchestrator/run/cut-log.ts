import { basename, dirname } from 'node:path';
import { LIMITS } from '../limits.ts';
import { Folder } from '../files/folder.ts';
import type { OpenFile } from '../files/open-file.ts';
import { BESIDE_CUT, cutBetweenSecrets } from '../log/between-secrets.ts';
import { joinTail, KEPT, type Kept, NEAR_BYTES } from './head-and-tail.ts';

/** What is said in a log that was cut. */
export const CUT_TEXT: string = `(it printed more than ${LIMITS.logBytes / 1024 / 1024} MB, or than the disk has room for: it was stopped, and what came after was cut)\n`;
const NEWLINE = 10;
/** So much more is not worth the cutting: more than what is cut has over `kept`. */
const SLACK_BYTES = 2 * BESIDE_CUT;

/** A log that is cut before it is masked: of a secret, all or nothing is left out, or the rest of it would never be masked. */
export interface Cut {
  /** Takes secrets out of a text. */
  mask(text: string): string;
  kept?: Kept;
}

/** Cuts a log at this size or a little before it, and says so in it. Nobody writes it any more. */
export async function cutLog(path: string, size: number, { mask }: Cut): Promise<void> {
  await Folder.useNow(dirname(path), async folder => {
    await using file = await folder.openToChange(basename(path));
    const end = await lineEndBefore(file, size, mask);
    await file.truncate(end);
    const note = Buffer.from(`\n${CUT_TEXT}`);
    await file.write(note, 0, note.length, end);
  });
}

/** Of a long log only head and tail are kept, from `offset` on. Nobody writes it any more. Twice is harmless. */
export async function cutMiddle(path: string, offset: number, { mask, kept = KEPT }: Cut): Promise<void> {
  const { headBytes, tailBytes } = kept;
  await Folder.useNow(dirname(path), async folder => {
    await using file = await folder.openToChange(basename(path));
    const { size } = await file.stat();
    if (size - tailBytes <= offset + headBytes + SLACK_BYTES) return;
    const head = await lineEndBefore(file, offset + headBytes, mask);
    const from = await placeBefore(file, size - tailBytes, mask);
    const tail = joinTail(await readAll(file, from, size - from), from - head);
    // Cut first: nobody who reads it meanwhile finds a part of a secret behind the tail.
    await file.truncate(head);
    for (let at = 0; at < tail.length; ) at += (await file.write(tail, at, tail.length - at, head + at)).bytesWritten;
  });
}

/** Behind the last line break before a position, if one is near, or else where no secret is cut. */
async function lineEndBefore(file: OpenFile, position: number, mask: Cut['mask']): Promise<number> {
  const from = Math.max(0, position - NEAR_BYTES);
  const lineBreak = (await readAll(file, from, position - from)).lastIndexOf(NEWLINE);
  return lineBreak < 0 ? placeBefore(file, position, mask) : from + lineBreak + 1;
}

/** At a position, or a little before it, where no secret is cut. */
async function placeBefore(file: OpenFile, position: number, mask: Cut['mask']): Promise<number> {
  const from = Math.max(0, position - NEAR_BYTES);
  return from + cutBetweenSecrets(await readAll(file, from, position - from + BESIDE_CUT), position - from, mask);
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
