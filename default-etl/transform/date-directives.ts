/** Directives that dates can be read by, and written as. `%F` is `%Y-%m-%d`, `%T` `%H:%M:%S`. */
const DIRECTIVES = 'YymdeHIMSfpjAaBbhzFT%';

/** The first directive of a pattern that is not known; undefined where all are. */
export function badDirective(pattern: string): string | undefined {
  for (const [directive, letter] of pattern.matchAll(/%([^]?)/g)) {
    if (letter === '' || !DIRECTIVES.includes(letter as string)) return directive;
  }
  return undefined;
}

const SHORTHANDS: Readonly<Record<string, readonly string[]>> = {
  '%F': ['%Y', '-', '%m', '-', '%d'],
  '%T': ['%H', ':', '%M', ':', '%S'],
  '%h': ['%b'],
};

/** The pattern in parts: a directive's letter with a `%` before it, or text. `%F`, `%T` and `%h` are written out. */
export function patternParts(pattern: string): string[] {
  return (pattern.match(/%[^]|[^%]+/g) ?? []).flatMap(part => SHORTHANDS[part] ?? [part]);
}

/** What other programs' letters stand for (`dd/mm/yyyy hh:mm`), by how many there are: `mm` are minutes once hours came. */
const LETTERS: Readonly<Record<string, string>> = {
  yyyy: '%Y',
  yy: '%y',
  d: '%d',
  dd: '%d',
  m: '%m',
  mm: '%m',
  mmm: '%b',
  mmmm: '%B',
  h: '%H',
  hh: '%H',
  s: '%S',
  ss: '%S',
  t: 'T',
};

/**
 * The pattern in directives that was probably meant by one in letters (Excel, Java, Python's own excepted); undefined
 * where it is none.
 */
export function likelyPattern(text: string): string | undefined {
  let hasHours = false;
  let isKnown = /[a-z]/i.test(text);
  const pattern = text.replaceAll(/[a-z]+/gi, word => {
    const letters = word.toLowerCase();
    const directive = Object.hasOwn(LETTERS, letters) ? LETTERS[letters] : undefined;
    isKnown &&= directive !== undefined;
    if (directive === '%m' && hasHours) return '%M';
    hasHours ||= directive === '%H';
    return directive ?? word;
  });
  return isKnown ? pattern : undefined;
}
