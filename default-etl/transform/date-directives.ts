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
