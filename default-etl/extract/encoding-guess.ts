/** An encoding that letters speak for. */
export interface Guess {
  /** As iconv-lite knows it. */
  name: string;
  /** From 0 to 1. */
  confidence: number;
  reason: string;
}

type Decode = (bytes: Buffer, encoding: string) => string;

/** Encodings of Western Europe: Windows, Mac, DOS. On a draw the first wins. */
const WESTERN = ['windows-1252', 'macroman', 'cp850'];
/** Letters beyond ASCII of the languages written in them: of a text nearly all are of one. */
const LANGUAGES = [
  'éèêëàâçîïôùûœæü',
  'äöüß',
  'áéíóúñüïç',
  'ãõçáéíóúâêôà',
  'àèéìòù',
  'åäöéæøü',
  'ëéèïöüóê',
  'áéíóúýðþæö',
].map(letters => new Set(letters + letters.toUpperCase()));
/** Marks that say nothing about the language: those that may stand before a letter, and those that don't. */
const OPENING_MARKS = new Set('’‘“”–—…«»°€¤£§·•µ±©¿¡×\u00a0\u202f');
const CLOSING_MARKS = new Set('²³½®™ªº');
/** Above it other encodings are not considered; below the lower one they always win. */
const SURE_SHARE = 0.95;
const LIKELY_SHARE = 0.7;
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
  const guesses = WESTERN.map(name => ({
    name,
    confidence: westernShare(decode(bytes, name)),
    reason: 'its letters are those of Western Europe',
  }));
  const best = guesses.reduce((winner, next) => (next.confidence > winner.confidence + 0.02 ? next : winner));
  const name = best.name === 'windows-1252' && isLatin9(bytes) ? 'iso-8859-15' : best.name;
  return { ...best, name, confidence: round(Math.min(best.confidence, 0.97)) };
}

/** Of the characters beyond ASCII that are no marks, the share that are letters of one language next to plain letters, or at a word's edge. */
function westernShare(text: string): number {
  const counts = LANGUAGES.map(() => 0);
  let marks = 0;
  let all = 0;
  for (const { 0: character, index } of text.matchAll(/\P{ASCII}/gu)) {
    if (isMark(character, text[index + 1] ?? ' ')) {
      marks++;
      continue;
    }
    all++;
    if (!isInWord(text, index)) continue;
    LANGUAGES.forEach((letters, language) => {
      if (letters.has(character)) counts[language]!++;
    });
  }
  if (all > 0) return Math.max(...counts) / all;
  return marks > 0 ? SURE_SHARE : 0;
}

function isMark(character: string, after: string): boolean {
  return OPENING_MARKS.has(character) || (CLOSING_MARKS.has(character) && !/\p{L}/u.test(after));
}

/** A letter or nothing on either side, with a plain letter on one; capitals stand with capitals, or first. */
function isInWord(text: string, at: number): boolean {
  const [before, character, after] = [text[at - 1] ?? ' ', text[at] as string, text[at + 1] ?? ' '];
  const isLetter = (other: string) => /[a-z]/i.test(other);
  const isCapital = character !== character.toLowerCase();
  if (isCapital && isLetter(before) && /[a-z]/.test(before + after)) return false;
  return isLetter(before) || isLetter(after);
}

/** ISO 8859-15 has € and œ where Windows-1252 has ¤ and ½, and nothing between 0x80 and 0x9f. */
function isLatin9(bytes: Buffer): boolean {
  if (bytes.some(byte => byte >= 0x80 && byte < 0xa0)) return false;
  const text = bytes.toString('latin1');
  return /\xa4/.test(text) || /[a-z][\xbc\xbd]|[\xbc\xbd][a-z]/i.test(text);
}

function round(share: number): number {
  return Number(share.toFixed(2));
}
