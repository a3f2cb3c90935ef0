/** An encoding that letters speak for. */
export interface Guess {
  /** As iconv-lite knows it. */
  name: string;
  /** From 0 to 1. */
  confidence: number;
  reason: string;
}

type Decode = (bytes: Buffer, encoding: string) => string;

/** Encodings of Western Europe: Windows, ISO, Mac, DOS. On a draw the first wins. */
const WESTERN = ['windows-1252', 'iso-8859-15', 'macroman', 'cp858'];
/** What tells CP858 from CP850, where it is a letter of Turkish. */
const EURO_OF_DOS = 0xd5;
/** Letters beyond ASCII of the languages written in them: of a text nearly all are of one. */
const LANGUAGES = [
  'éèêëàâçîïôùûœæüÿ',
  'äöüß',
  'áéíóúñüïç',
  'ãõçáéíóúâêôà',
  'àèéìòù',
  'åäöéæøü',
  'ëéèïöüóê',
  'áéíóúýðþæö',
].map(letters => new Set(letters + letters.toUpperCase()));
/** Marks that say nothing about the language: those that may stand before a letter, and those that don't. */
const OPENING_MARKS = new Set('¶¬¦¢¥¯¨´¸÷†‡‰‹›„‚’‘“”–—…«»°€¤£§·•µ±©¿¡×\u00a0\u202f');
const CLOSING_MARKS = new Set('²³¼½¾®™ªº');
/** Above it other encodings are not considered; below the lower one they always win. */
const SURE_SHARE = 0.95;
const LIKELY_SHARE = 0.7;
/** What such a letter counts. */
const SMALL_AMONG_CAPITALS = 0.96;
/** Letters that are looked at on either side. */
const MOST_OF_WORD = 12;
/** Looked at: of a text whose first letters are found all are. */
const MOST_BYTES = 1 << 16;

/**
 * What single-byte or Asian encoding text is in that is not UTF-8. Western Europe's are told apart by their own letters, and win where these fit; for all others jschardet
 * is asked. README.md says how often that is right.
 */
export async function guessEncoding(text: Buffer): Promise<Guess> {
  const { default: iconv } = await import('iconv-lite');
  const bytes = linesBeyondAscii(text);
  const decode: Decode = (part, encoding) => iconv.decode(part, encoding);
  const western = bestWestern(bytes, decode);
  if (western.confidence >= SURE_SHARE) return western;
  const { default: jschardet } = await import('jschardet');
  const { encoding, confidence } = jschardet.detect(bytes);
  const isWestern =
    encoding === null || /^(ascii|windows-1252|iso-?8859-?(1|15)|macroman|cp(437|850|858))$/i.test(encoding);
  if (isWestern && western.confidence >= LIKELY_SHARE) return western;
  const isKnown = encoding !== null && !/^(utf|ascii|iso-8859-1$)/i.test(encoding) && iconv.encodingExists(encoding);
  const reason = 'what its letters look like';
  // Its confidence is how alike two bags of letters are: a Latin alphabet has 0.03 where it is right, Cyrillic 0.2.
  if (isKnown) return { name: encoding.toLowerCase(), confidence: round(0.5 + 2 * Math.min(confidence, 0.2)), reason };
  return { name: 'windows-1252', confidence: 0.4, reason: 'it is not UTF-8, and nothing else fits better' };
}

/** The lines that have bytes beyond ASCII, 64 KB at most. */
function linesBeyondAscii(text: Buffer): Buffer {
  const lines: Buffer[] = [];
  let taken = 0;
  for (let at = 0; at < text.length && taken < MOST_BYTES; ) {
    const lineEnd = text.indexOf(10, at);
    const end = Math.min(lineEnd < 0 ? text.length : lineEnd + 1, at + MOST_BYTES);
    const line = text.subarray(at, end);
    at = end;
    if (!line.some(byte => byte > 127)) continue;
    lines.push(line);
    taken += line.length;
  }
  return Buffer.concat(lines);
}

function bestWestern(bytes: Buffer, decode: Decode): Guess {
  const hasControls = bytes.some(byte => byte >= 0x80 && byte < 0xa0);
  const guesses = WESTERN.filter(name => name !== 'iso-8859-15' || !hasControls).map(name => ({
    name,
    confidence: westernShare(decode(bytes, name)),
    reason: 'its letters are those of Western Europe',
  }));
  const best = guesses.reduce((winner, next) => (next.confidence > winner.confidence + 0.02 ? next : winner));
  const name = best.name === 'windows-1252' && !hasControls && hasLatin9(bytes) ? 'iso-8859-15' : best.name;
  const isOlder = name === 'cp858' && !bytes.includes(EURO_OF_DOS);
  return { ...best, name: isOlder ? 'cp850' : name, confidence: round(Math.min(best.confidence, 0.97)) };
}

/** Of the characters beyond ASCII that are no marks, the share that are letters of one language in words with plain letters. Words of nothing else but one or two of them say nothing: à. */
function westernShare(text: string): number {
  const counts = LANGUAGES.map(() => 0);
  let marks = 0;
  let all = 0;
  for (const { 0: character, index } of text.matchAll(/\P{ASCII}/gu)) {
    const word = wordAround(text, index);
    if (
      isMark(character, text[index + 1] ?? ' ') ||
      (isShort(word) && !/\d/.test(text.slice(Math.max(0, index - 1), index + 2)))
    ) {
      marks++;
      continue;
    }
    all++;
    if (!/[a-z]/i.test(word) || isCapitalWithin(text, index)) continue;
    const worth = isSmallAmongCapitals(word, character) ? SMALL_AMONG_CAPITALS : 1;
    LANGUAGES.forEach((letters, language) => {
      if (letters.has(character)) counts[language]! += worth;
    });
  }
  if (all > 0) return Math.max(...counts) / all;
  return marks > 0 ? SURE_SHARE : 0;
}

function isMark(character: string, after: string): boolean {
  return OPENING_MARKS.has(character) || (CLOSING_MARKS.has(character) && !/\p{L}/u.test(after));
}

/** `à`, `ÇÀ`: nothing but such letters, too few of them to tell. Beside a digit such a letter is the sign of a currency in another encoding. */
function isShort(word: string): boolean {
  return /^.{1,2}$/.test(word) && Array.from(word).every(letter => LANGUAGES.some(letters => letters.has(letter)));
}

/** The letters that stand together where `at` is; none where no letter is there. */
function wordAround(text: string, at: number): string {
  const isLetter = (position: number) => /\p{L}/u.test(text[position] ?? ' ');
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

/** ISO 8859-15 has € and œ where Windows-1252 has ¤ and ½. */
function hasLatin9(bytes: Buffer): boolean {
  const text = bytes.toString('latin1');
  return /\xa4/.test(text) || /[a-z][\xbc-\xbe]|[\xbc-\xbe][a-z]/i.test(text);
}

function round(share: number): number {
  return Number(share.toFixed(2));
}
