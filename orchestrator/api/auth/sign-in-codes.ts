import { createHash, randomBytes } from 'node:crypto';

/** A link that was printed is good for this long. */
export const CODE_MS = 15 * 60 * 1000;
const CODE_BYTES = 16;
/** Of more, the oldest are given up. */
const MOST_CODES = 100;

/** Codes of links by which to sign in, each good once. */
export interface SignInCodes {
  make(): string;
  /** Whether it was good; it no longer is. */
  use(code: string): boolean;
}

export function createSignInCodes(now: () => number): SignInCodes {
  /** By hash, so that how long a look-up takes tells nothing of the code. */
  const ends = new Map<string, number>();
  return {
    make() {
      const code = randomBytes(CODE_BYTES).toString('base64url');
      if (ends.size >= MOST_CODES) ends.delete(ends.keys().next().value as string);
      ends.set(hashOf(code), now() + CODE_MS);
      return code;
    },
    use(code) {
      const hash = hashOf(code);
      const until = ends.get(hash);
      ends.delete(hash);
      return until !== undefined && until > now();
    },
  };
}

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('base64url');
}
