// How much of secrets is masked. Whoever writes YAML must not be able to keep the log busy, or to fill its memory.

/** A longer secret is looked for in pieces. */
export const LONGEST_WHOLE = 48;
/**
 * As long as all secrets have no more characters together, only one that is longer than this: the whole is quicker to
 * look for.
 */
export const FEW = { characters: 16 * 1024, longestWhole: 100 };
/** Characters of a secret that count: no variable or argument of a program can be longer (execve(2), MAX_ARG_STRLEN). */
export const LONGEST_SECRET = 128 * 1024;
/** Lines of a secret that are looked for each on its own, too. */
export const MOST_LINES = 200;
/** What all datasets together may have. */
export const MOST_SECRETS = { texts: 2000, characters: 512 * 1024 };

/** Characters of a secret that count. */
export function lengthOf(secret: string): number {
  return Math.min(secret.length, LONGEST_SECRET);
}
