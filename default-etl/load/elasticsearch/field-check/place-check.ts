import { isPosition, isWktPoint } from '../../../types/text-cell.ts';
import { javaDouble } from './java-number.ts';

/** Elasticsearch reads twelve letters of one, whatever comes behind them. */
const GEOHASH = /^(?:[0-9b-hjkmnp-z]{1,11}$|[0-9b-hjkmnp-z]{12})/;
const COMMENT = /#[^\r\n]*/g;
const GAP = '[ \\t\\r\\n]*';
const LETTER = '[-+.A-Za-z0-9\\xa0-\\uffff]';
/** None goes on behind it. */
const WORD = `(?!${LETTER})${GAP}`;
const NUMBER = `(${LETTER}+)${WORD}`;
/** What stands behind it counts for nothing. */
const POINT = new RegExp(
  `^${GAP}[Pp][Oo][Ii][Nn][Tt]${WORD}(?:([ZM])${WORD})?(?:[Ee][Mm][Pp][Tt][Yy]${WORD}|\\(${GAP}${NUMBER}${NUMBER}(?:${NUMBER})?\\))`,
);

export function isPlace(bytes: Buffer, start: number, end: number, takesAltitude: boolean): boolean {
  if (isPosition(bytes, start, end) || isWktPoint(bytes, start, end)) return true;
  const text = bytes.toString('utf8', start, end);
  if (text.toLowerCase().includes('point')) return isWellKnownPoint(text, takesAltitude);
  return text.includes(',') ? isPair(text, takesAltitude) : GEOHASH.test(text);
}

/** Latitude and longitude, and the altitude. What is beyond a pole goes on on the other side. */
function isPair(text: string, takesAltitude: boolean): boolean {
  const numbers = text.split(',');
  // As Java splits: what is empty at the end is nothing.
  while (numbers.at(-1) === '') numbers.pop();
  const [latitude = '', longitude = '', altitude] = numbers;
  if (numbers.length > 3 || !Number.isFinite(javaDouble(latitude)) || !Number.isFinite(javaDouble(longitude)))
    return false;
  return altitude === undefined || (takesAltitude && javaDouble(altitude) !== undefined);
}

function isWellKnownPoint(text: string, takesAltitude: boolean): boolean {
  const found = POINT.exec(text.replaceAll(COMMENT, ' '));
  if (!found) return false;
  const [, dimension, longitude, latitude, altitude] = found;
  const height = altitude === undefined ? Number.NaN : wordNumber(altitude);
  if (height === undefined || (dimension !== undefined && Number.isNaN(height))) return false;
  if (!takesAltitude && !Number.isNaN(height)) return false;
  return longitude === undefined || (isWithin(longitude, 180) && isWithin(latitude, 90));
}

function wordNumber(word: string): number | undefined {
  return word.toLowerCase() === 'nan' ? Number.NaN : javaDouble(word);
}

function isWithin(word: string | undefined, most: number): boolean {
  return Math.abs(wordNumber(word ?? '') ?? Infinity) <= most;
}
