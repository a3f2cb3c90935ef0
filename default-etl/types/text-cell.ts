import { DECIMAL, numberKind } from './number-cell.ts';

const COMMA = 44;
const BLANK = 32;
const BRACE = 123;
const BRACKET = 91;
const CLOSING = 41;

/** Bytes from which a cell with blanks in it is a text to be read, not a name to be counted. */
const LONG_TEXT_BYTES = 80;

/**
 * What people and programs write where a value is missing, is kept secret or could not be computed; also in capitals,
 * and with a capital in front. `s` and `ns` are INSEE's: secret, not significant.
 */
const MISSING_WORDS =
  'na|n/a|#n/a|#n/d|null|nan|NaN|none|nil|-|--|–|—|.|..|...|…|/|//|///|:|*|**|***|?|??|nd|n.d.|n.d|n/d|nc|n.c.|nr|n.r.|n/r|ns|n.s.|s|so|s.o.|' +
  'inconnu|inconnue|unknown|missing|vide|néant|non renseigné|non renseignée|non disponible|non communiqué|non connu|non significatif|' +
  'sans objet|indisponible|not available|#div/0!|#ref!|#value!|#valeur!|#num!|#nombre!|#name?|#nom?|#null!|#nul!';
/** As bytes, each as a character: that is how cells are compared with them. */
const MISSING = new Set(
  MISSING_WORDS.split('|')
    .flatMap(word => [word, word.toUpperCase(), (word[0] as string).toUpperCase() + word.slice(1)])
    .map(word => Buffer.from(word).toString('latin1')),
);
const LONGEST_MISSING = Math.max(...[...MISSING].map(word => word.length));
/** Whether one of them begins with this byte. */
const BEGINS_MISSING = new Uint8Array(256);
for (const word of MISSING) BEGINS_MISSING[word.charCodeAt(0)] = 1;

/** 1 for `true` and `false`, 2 with a capital first letter or all in capitals, 0 for anything else. */
export function booleanKind(bytes: Uint8Array, start: number, end: number): 0 | 1 | 2 {
  const length = end - start;
  const first = (bytes[start] as number) | 32;
  if (!(length === 4 && first === 116) && !(length === 5 && first === 102)) return 0;
  const text = textOf(bytes, start, end);
  if (text === 'true' || text === 'false') return 1;
  return /^(True|False|TRUE|FALSE)$/.test(text) ? 2 : 0;
}

/** Whether the cell says that there is no value, `NA` for one, or is blank. */
export function isMissing(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] === BLANK) return textOf(bytes, start, end).trim() === '';
  if (end - start > LONGEST_MISSING || BEGINS_MISSING[bytes[start] as number] === 0) return false;
  return MISSING.has(textOf(bytes, start, end));
}

/** Whether the cell is prose: long, with blanks, and no JSON. */
export function isLongText(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < LONG_TEXT_BYTES || bytes[start] === BRACE || bytes[start] === BRACKET) return false;
  return find(bytes, BLANK, start, end) < end;
}

/** Whether the cell is `latitude,longitude`, each with a point in it: `48,85` is a French number. */
export function isPosition(bytes: Uint8Array, start: number, end: number): boolean {
  const comma = find(bytes, COMMA, start, end);
  if (comma === end) return false;
  const second = bytes[comma + 1] === BLANK ? comma + 2 : comma + 1;
  if (numberKind(bytes, start, comma) !== DECIMAL || numberKind(bytes, second, end) !== DECIMAL) return false;
  return Math.abs(Number(textOf(bytes, start, comma))) <= 90 && Math.abs(Number(textOf(bytes, second, end))) <= 180;
}

const POINT = /^POINT ?\( ?(-?\d+(?:\.\d+)?) (-?\d+(?:\.\d+)?) ?\)$/i;
const LONGEST_POINT = 80;

/** Whether the cell is a point as WKT has it, the longitude in front: `POINT (2.35 48.85)`. */
export function isWktPoint(bytes: Uint8Array, start: number, end: number): boolean {
  if (((bytes[start] as number) | 32) !== 112 || bytes[end - 1] !== CLOSING || end - start > LONGEST_POINT)
    return false;
  const [, longitude = Infinity, latitude = Infinity] = POINT.exec(textOf(bytes, start, end)) ?? [];
  return Math.abs(Number(longitude)) <= 180 && Math.abs(Number(latitude)) <= 90;
}

/** Where the byte is in the cell; `end` where it is not. Looks no further, as indexOf() would. */
function find(bytes: Uint8Array, byte: number, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== byte) at++;
  return at;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}
