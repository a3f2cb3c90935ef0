/** Letters beyond ASCII of a language: of a text nearly all are of one. */
interface Language {
  letters: Set<string>;
  /** Whether a letter may stand there, where not all may. */
  isLikely?: (text: string, at: number) => boolean;
}

/** An encoding of a Latin alphabet. */
export interface Alphabet {
  /** As iconv-lite knows it. */
  encoding: string;
  /** Where it is spoken, for people. */
  region: string;
  languages: readonly Language[];
  /** Names of several languages in it are usual. */
  hasManyLanguages?: boolean;
}

const WESTERN = ['éèêëàâçîïôùûœæüÿ', 'äöüß', 'áéíóúñüïç', 'àèéìòù', 'àèéíïòóúüçñ', 'åäöéæøü', 'ëéèïöüóê', 'äöõü'].map(
  languageOf,
);
/** `õ` stands before `e`; elsewhere it is the `ő` of another encoding. */
const PORTUGUESE = {
  ...languageOf('ãõçáéíóúâêôà'),
  isLikely: (text: string, at: number) => !/õ[^e]?$/i.test(text.slice(at, at + 2)),
};
/** `þ` begins a word; within one it is the `ş` of another encoding. */
const ICELANDIC = {
  ...languageOf('áéíóúýðþæö'),
  isLikely: (text: string, at: number) => !/\p{L}þ/iu.test(text.slice(Math.max(0, at - 1), at + 1)),
};
const OF_WEST = [...WESTERN, PORTUGUESE, ICELANDIC];
const CENTRAL = ['áčďéěíňóřšťúůýž', 'áäčďéíĺľňóôŕšťúýž', 'ąćęłńóśźż', 'áéíóöőúüű', 'čćđšž', 'ăâîșşțţ'].map(languageOf);
const TURKISH = ['çğıİöşü'].map(languageOf);
const BALTIC = ['ąčęėįšųūž', 'āčēģīķļņšūž', 'äõöüšž'].map(languageOf);

/** On a draw the first wins: those of Windows and Europe's west are the likeliest. */
export const ALPHABETS: readonly Alphabet[] = [
  { encoding: 'windows-1252', region: 'Western Europe', languages: OF_WEST, hasManyLanguages: true },
  { encoding: 'iso-8859-15', region: 'Western Europe', languages: OF_WEST },
  { encoding: 'windows-1250', region: 'Central Europe', languages: CENTRAL },
  { encoding: 'iso-8859-2', region: 'Central Europe', languages: CENTRAL },
  { encoding: 'windows-1254', region: 'Turkey', languages: TURKISH },
  { encoding: 'windows-1257', region: 'the Baltic', languages: BALTIC },
  { encoding: 'macroman', region: 'Western Europe', languages: OF_WEST },
  { encoding: 'cp858', region: 'Western Europe', languages: OF_WEST },
  { encoding: 'cp852', region: 'Central Europe', languages: CENTRAL },
];

/** Marks that say nothing about the language, where they stand as such: before a word or behind it, or within one. */
const MARKS = new Set('¶¬¦¢¥¯¨´¸÷†‡‰‹›„‚’‘“”–—…«»°€¤£§·•µ±©¿¡×²³¼½¾®™ªº\u00a0\u00ad\u202f');
const CLOSING_MARKS = new Set('²³¼½¾®™ªº');
const OPENING_MARKS = new Set('„‚¿¡µ£¤');
/** `l’eau`, `home—and`; a `°` only in `N°Voie`. */
const JOINING_MARKS = new Set('’‘´—·…\u00a0\u00ad');
/** Of so many characters beyond ASCII in a row none is a mark: it is a word of another script. */
const FEWEST_OF_SCRIPT = 4;
/**
 * What a text gets that has no letters to judge by: one in which letters fit is better, but not by so much that it wins
 * over an encoding before it.
 */
const MARKS_ONLY = 0.99;
/** So few letters may be names of several languages. */
const FEW_LETTERS = 3;
/** What letters of several languages count: no more than an encoding has to be better than one before it. */
const OF_SEVERAL = 0.98;
/** What `é` counts in `SOCIéTé`. */
const SMALL_AMONG_CAPITALS = 0.96;
/** Letters that are looked at on either side. */
const MOST_OF_WORD = 12;
const LETTER = /\p{L}/u;

function languageOf(letters: string): Language {
  return { letters: new Set(letters + letters.toUpperCase()) };
}

/**
 * Of the characters beyond ASCII that are no marks, the share that are letters of one language in words with plain
 * letters. Words of nothing else but one or two of them say nothing: à.
 */
export function alphabetShare(text: string, { languages, hasManyLanguages }: Alphabet): number {
  const counts = languages.map(() => 0);
  let ofAny = 0;
  let [all, marks] = [0, 0];
  for (const { 0: character, index } of text.matchAll(/\P{ASCII}/gu)) {
    const word = LETTER.test(character) ? wordAround(text, index) : '';
    if (isMark(text, index) || isShort(word, text, index, languages)) {
      marks++;
      continue;
    }
    all++;
    if (!/[a-z]/i.test(word) || isCapitalWithin(text, index)) continue;
    const worth = isSmallAmongCapitals(word, character) ? SMALL_AMONG_CAPITALS : 1;
    const speaking = languages.flatMap(({ letters, isLikely }, language) =>
      letters.has(character) && isLikely?.(text, index) !== false ? [language] : [],
    );
    for (const language of speaking) counts[language]! += worth;
    if (speaking.length > 0) ofAny += worth;
  }
  if (all === 0) return marks > 0 ? MARKS_ONLY : 0;
  const ofSeveral = hasManyLanguages && all <= FEW_LETTERS ? OF_SEVERAL * ofAny : 0;
  return Math.max(ofSeveral, ...counts) / all;
}

/** Whether a mark is at `at`, and stands where one may: `caf‚` and `cr¤me` are words in another encoding. */
function isMark(text: string, at: number): boolean {
  const [before, mark, after] = [text[at - 1] ?? ' ', text[at] as string, text[at + 1] ?? ' '];
  if (!MARKS.has(mark) || isInScript(text, at)) return false;
  const [isBehindLetter, isBeforeLetter] = [LETTER.test(before), LETTER.test(after)];
  if (isBehindLetter && isBeforeLetter) return JOINING_MARKS.has(mark) || (mark === '°' && /n/i.test(before));
  return !(isBehindLetter && OPENING_MARKS.has(mark)) && !(isBeforeLetter && CLOSING_MARKS.has(mark));
}

function isInScript(text: string, at: number): boolean {
  let [from, to] = [at, at];
  while (at - from < FEWEST_OF_SCRIPT && (text[from - 1] ?? ' ') > '\x7f') from--;
  while (to - at < FEWEST_OF_SCRIPT && (text[to + 1] ?? ' ') > '\x7f') to++;
  // A line of dots or dashes is none.
  return to - from + 1 >= FEWEST_OF_SCRIPT && new Set(text.slice(from, to + 1)).size > 1;
}

/**
 * `à`, `ÇÀ`: nothing but such letters, too few of them to tell. Beside a digit such a letter is the sign of a currency
 * in another encoding, and other capitals are the dashes, quotes and blanks of the Mac.
 */
function isShort(word: string, text: string, at: number, languages: readonly Language[]): boolean {
  return (
    /^(\p{Ll}|[ÀÇÅÄÖÜØÆ]){1,2}$/u.test(word) &&
    !isInScript(text, at) &&
    Array.from(word).every(letter => languages.some(({ letters }) => letters.has(letter))) &&
    !/\d/.test(text.slice(Math.max(0, at - 1), at + 2))
  );
}

/** The letters that stand together where `at` is. */
function wordAround(text: string, at: number): string {
  const isLetter = (position: number) => LETTER.test(text[position] ?? ' ');
  let [from, to] = [at, at];
  while (from > 0 && at - from < MOST_OF_WORD && isLetter(from - 1)) from--;
  while (to - at < MOST_OF_WORD && isLetter(to)) to++;
  return text.slice(from, to);
}

/** `SOCIéTé`: programs write that, but `SOCIÉTÉ` in another encoding is likelier. */
function isSmallAmongCapitals(word: string, character: string): boolean {
  return character !== character.toUpperCase() && /[A-Z].*[A-Z]/.test(word) && !/[a-z]/.test(word);
}

/** A capital behind a letter, in a word that is not all capitals. */
function isCapitalWithin(text: string, at: number): boolean {
  const [before, character, after] = [text[at - 1] ?? ' ', text[at] as string, text[at + 1] ?? ' '];
  return character !== character.toLowerCase() && /[a-z]/i.test(before) && /[a-z]/.test(before + after);
}
