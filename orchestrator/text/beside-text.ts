import type { Run } from '../journal/journal.ts';

/** `beside the rows of 2 other files of this name`; empty where there are none. */
export function besideText({ beside }: Pick<Run, 'beside'>): string {
  if (beside === 0) return '';
  return `beside the rows of ${beside === 1 ? 'another file' : `${beside.toLocaleString('en')} other files`} of this name`;
}
