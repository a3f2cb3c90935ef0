import type { Run } from './journal/journal.ts';

/** `beside the rows of 2 former files of this name`; empty where there are none. */
export function besideText({ beside }: Pick<Run, 'beside'>): string {
  if (beside === 0) return '';
  return `beside the rows of ${beside === 1 ? 'a former file' : `${beside.toLocaleString('en')} former files`} of this name`;
}
