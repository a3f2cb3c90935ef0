/**
 * Splits text into words as a shell does: blanks separate, quotes and backslashes hold together, nothing is expanded.
 * A quote that is never closed ends with the text.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (const [part, single, double, escaped, blank] of text.matchAll(
    /'([^']*)(?:'|$)|"((?:\\[^]|[^"\\])*)(?:"|\\?$)|\\([^])|(\s+)|[^]/g,
  )) {
    if (blank !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + (single ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? escaped ?? part);
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** The words of a setting that is a list already, or text to be split. */
export function toWords(setting: string | readonly string[] | undefined): string[] {
  return typeof setting === 'string' ? splitWords(setting) : [...(setting ?? [])];
}
