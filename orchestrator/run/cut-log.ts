import { basename, dirname } from 'node:path';
import { LIMITS } from '../bounds.ts';
import { Folder } from '../files/folder.ts';

/** What is said in a log that was cut. */
export const CUT_TEXT: string = `(it printed more than ${LIMITS.logBytes / 1024 / 1024} MB: it was stopped, and what came after was cut)\n`;

/** Cuts a log at this size, and says so in it. Nobody writes it any more. */
export async function cutLog(path: string, size: number): Promise<void> {
  await Folder.useNow(dirname(path), async folder => {
    await using file = await folder.openToChange(basename(path));
    await file.truncate(size);
    const note = Buffer.from(`\n${CUT_TEXT}`);
    await file.write(note, 0, note.length, size);
  });
}
