import { wordsOf } from '../words-of.ts';

/** What people call a column: `DATE_MUTATION` is `Date mutation`. Short names and known abbreviations stay as they are. */
export function labelOf(name: string): string {
  const words = name.replaceAll(/[_\s]+/g, ' ').trim();
  if (words === '') return name;
  const spoken = words === words.toUpperCase() ? words.split(' ').map(spokenWord).join(' ') : words;
  return spoken.charAt(0).toUpperCase() + spoken.slice(1);
}

/** A title of the name of a dataset: `communes-de-france` is `Communes de france`. */
export function titleOf(dataset: string): string {
  const words = dataset.replaceAll(/[_\-.]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function spokenWord(word: string): string {
  const [plain = ''] = wordsOf(word);
  const isShort = word.length <= 2 || (word.length <= 4 && !/[aeiouy]/.test(plain));
  return (isShort && !SMALL_WORDS.has(plain)) || ABBREVIATIONS.has(plain) ? word : word.toLowerCase();
}

const SMALL_WORDS = new Set(['de', 'du', 'la', 'le', 'et', 'en', 'of', 'to', 'by', 'in', 'on', 'au', 'ou', 'nb', 'an']);
const ABBREVIATIONS: ReadonlySet<string> = new Set(
  'siren siret insee epci tva ttc iris ape naf rge dpe scot plu sru csp pcs uai cnp gps utc usa url uri iban bic'.split(
    ' ',
  ),
);
