/** The words of a name or a text in lower case, without accents: `DateDébut_2` is `date`, `debut`, `2`. */
export function wordsOf(text: string): string[] {
  return text
    .slice(0, LONGEST)
    .replaceAll(/\bn[°º]/gi, 'numero ')
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}%]+/u)
    .filter(Boolean);
}

/** Characters that are looked at. */
const LONGEST = 500;
