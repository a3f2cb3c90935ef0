import { distance } from 'fastest-levenshtein';

/**
 * The candidate that was probably meant, or undefined where none is close: at most a third of its letters differ.
 * Upper and lower case, and `-` for `_`, make no difference.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(word);
  let best: { candidate: string; changes: number } | undefined;
  for (const candidate of candidates) {
    const changes = distance(wanted, plain(candidate));
    if (changes <= Math.ceil(candidate.length / 3) && changes < (best?.changes ?? Infinity))
      best = { candidate, changes };
  }
  return best?.candidate;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll('-', '_');
}
