import { type Alphabet, ALPHABETS, alphabetShare } from './alphabets.ts';

/** An encoding that letters speak for. */
export interface Guess {
  /** As iconv-lite knows it. */
  name: string;
  /** From 0 to 1. */
  confidence: number;
  reason: string;
}

type Decode = (bytes: Buffer, encoding: string) => string;

/** What tells CP858 from CP850, where it is a letter of Turkish. */
const EURO_OF_DOS = 0xd5;
/** Above it other encodings are not considered; below the lower one they always win. */
const SURE_SHARE = 0.95;
const LIKELY_SHARE = 0.7;
/** By how much an encoding has to be better than one before it, and than the usual one: names from abroad stand in many texts. */
const LEAD = 0.02;
const LEAD_OF_USUAL = 0.05;
/**
 * Looked at: of a text whose first letters are found all are. For nine alphabets letter by letter fewer: 64 KB of
 * Chinese took 0.3 s.
 */
const MOST_BYTES = 1 << 16;
const MOST_SPELT = 1 << 14;
/** Pairs of bytes as Chinese text on the mainland has them. */
const PAIRS = /^([\xa1-\xf7][\xa1-\xfe])+$/;
const FEWEST_PAIRED = 3;
const ASIAN = /^(gb|big5|euc|cp9|shift)/;

/** Of fewer bytes beyond ASCII nothing can be told. */
const FEWEST_BYTES = 4;
/**
 * Of fewer one is not sure: of 800 real tables, written in each encoding that has their letters, 28 of the 30 that were
 * taken for another had fewer (23 November 2026).
 */
const FEW_BYTES = 12;
const UNKNOWN: Guess = {
  name: 'windows-1252',
  confidence: 0.4,
  reason: 'it is not UTF-8, and nothing else fits better',
};

/**
 * What single-byte or Asian encoding text is in that is not UTF-8. Latin alphabets are told apart by the letters of
 * their languages, and win where these fit; for all others jschardet is asked. MEASURED.md says how often that is
 * right.
 */
export async function guessEncoding(text: Buffer): Promise<Guess> {
  const { default: iconv } = await import('iconv-lite');
  const bytes = linesBeyondAscii(text);
  const decode: Decode = (part, encoding) => iconv.decode(part, encoding);
  const seen = bytes.filter(byte => byte > 127).length;
  const latin = bestAlphabet(bytes, decode);
  if (latin.share >= SURE_SHARE) return asGuess(latin, seen);
  if (seen < FEWEST_BYTES) return UNKNOWN;
  const { default: jschardet } = await import('jschardet');
  const { encoding, confidence } = jschardet.detect(bytes);
  const isLatin =
    encoding === null ||
    /^(ascii|windows-125[0247]|iso-?8859-?(1|2|3|4|9|1[0-6])|macroman|hp\S*|cp(437|77\d|85\d))$/i.test(encoding);
  if (isLatin && latin.share >= LIKELY_SHARE) return asGuess(latin, seen);
  const isKnown =
    encoding !== null &&
    !/^(utf|ascii|iso-8859-1$)/i.test(encoding) &&
    iconv.encodingExists(encoding) &&
    !mixesScripts(decode(bytes, encoding));
  // Its confidence is how alike two bags of letters are: a Latin alphabet has 0.03 where it is right, Cyrillic 0.2.
  const found = { name: encoding?.toLowerCase() ?? '', confidence: round(0.5 + 2 * Math.min(confidence, 0.2)) };
  if (isKnown && ASIAN.test(found.name)) return { ...found, reason: 'its bytes are those of its characters' };
  if (isInPairs(bytes)) return { name: 'gb18030', confidence: 0.5, reason: 'its bytes come in pairs' };
  return isKnown ? { ...found, reason: 'what its letters look like' } : UNKNOWN;
}

/**
 * Whether each word has an even number of bytes beyond ASCII, as Chinese on the mainland has: of other scripts every
 * second has.
 */
function isInPairs(bytes: Buffer): boolean {
  const words = bytes.toString('latin1').match(/[\x80-\xff]+/g) ?? [];
  return words.length >= FEWEST_PAIRED && words.every(word => PAIRS.test(word));
}

/** Whether letters of another script stand in words of Latin ones: `Karlìk` has no Cyrillic letter. */
function mixesScripts(text: string): boolean {
  const words =
    text.match(
      /\p{L}*[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Han}\p{Script=Hangul}]\p{L}*/gu,
    ) ?? [];
  return words.filter(word => /[a-z]/i.test(word)).length > words.length / 2;
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

/** An alphabet, and how well it fits. */
interface Fit extends Pick<Alphabet, 'encoding' | 'region'> {
  share: number;
}

function asGuess({ encoding, region, share }: Fit, seen: number): Guess {
  const confidence = round(Math.min(share, seen < FEW_BYTES ? 0.8 : 0.97));
  return { name: encoding, confidence, reason: `its letters are those of ${region}` };
}

function bestAlphabet(bytes: Buffer, decode: Decode): Fit {
  const hasControls = bytes.some(byte => byte >= 0x80 && byte < 0xa0);
  let best: Fit = { encoding: 'windows-1252', region: 'Western Europe', share: 0 };
  for (const alphabet of ALPHABETS) {
    if (best.share + LEAD >= 1) break;
    if (alphabet.encoding.startsWith('iso') && hasControls) continue;
    const share = alphabetShare(decode(bytes.subarray(0, MOST_SPELT), alphabet.encoding), alphabet);
    const lead = best.encoding === 'windows-1252' && alphabet.region !== best.region ? LEAD_OF_USUAL : LEAD;
    if (share > best.share + lead) best = { ...alphabet, share };
  }
  return { ...best, encoding: variantOf(best.encoding, bytes, hasControls) };
}

/** Encodings that differ in a few letters which only one of them has. */
function variantOf(encoding: string, bytes: Buffer, hasControls: boolean): string {
  if (encoding === 'windows-1252' && !hasControls && hasLatin9(bytes)) return 'iso-8859-15';
  return encoding === 'cp858' && !bytes.includes(EURO_OF_DOS) ? 'cp850' : encoding;
}

/** ISO 8859-15 has € and œ where Windows-1252 has ¤ and ½. */
function hasLatin9(bytes: Buffer): boolean {
  const text = bytes.toString('latin1');
  return /\xa4/.test(text) || /[a-z][\xbc-\xbe]|[\xbc-\xbe][a-z]/i.test(text);
}

function round(share: number): number {
  return Number(share.toFixed(2));
}
