import { MOST_REGEX_WORK } from './bounds.ts';
import type { Dataset, StoredDataset } from './dataset.ts';
import { compileRegex } from './regex.ts';
import { whyForbidden } from './rights.ts';

/** A dataset again, of its plain values. */
export function revive({ bounds, ...plain }: StoredDataset): Dataset {
  // Once it is asked for: each reading makes all datasets anew, and most of them are as they were.
  let match: Dataset['matches'] | undefined;
  return {
    ...plain,
    matches: path => (match ??= matcherOf(plain.settings.WATCH_REGEX))(path),
    whyForbidden(rule, path) {
      const why = whyForbidden(path, bounds[rule]);
      if (why === undefined) return null;
      const shown = why.real === path ? '' : `is ${why.real}, which `;
      return `${shown}${why.reason === null ? `the policy does not allow (${rule})` : `is never allowed: ${why.reason}`}`;
    },
  };
}

function matcherOf(pattern: string): Dataset['matches'] {
  const regex = compileRegex(pattern);
  const longest = MOST_REGEX_WORK / regex.programSize();
  return path => (path.length > longest ? 'too-long' : regex.test(path));
}
