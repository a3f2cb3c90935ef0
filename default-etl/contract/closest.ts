/**
 * The candidate that was probably meant, or undefined where none is close: at most a third of its letters differ. Upper
 * and lower case, and `-` for `_`, make no difference.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const changes = distance(plain(word), plain(candidate));
    if (changes > Math.ceil(candidate.length / 3) || changes >= candidate.length || changes >= fewest) continue;
    best = candidate;
    fewest = changes;
  }
  return best;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll('-', '_');
}

/** Levenshtein's: the fewest letters to add, to take out or to change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
