import { messageOf } from '../errors.ts';
import { UntrustedFile } from '../files/untrusted-file.ts';
import { type Left, readReserve } from './left.ts';

/** How many rows may be in the target. */
export interface Reserved {
  rows: number;
  /** What is wrong with how that was said, or null. */
  breach: string | null;
}

/** Highest row number that a dead attempt may have sent, at most `most`; 0 where it left nothing. */
export async function readReserved(left: Left | undefined, most: number): Promise<Reserved> {
  if (left === undefined) return { rows: 0, breach: null };
  try {
    const said = await readReserve(left);
    if (said <= most) return { rows: said, breach: null };
    return { rows: most, breach: breach(`reserve says that ${said} rows may have been sent, more than can have been`) };
  } catch (error) {
    if (!(error instanceof UntrustedFile)) throw error;
    return { rows: 0, breach: breach(messageOf(error)) };
  }
}

function breach(what: string): string {
  return `contract breach: ${what}; mend the program that was run`;
}
