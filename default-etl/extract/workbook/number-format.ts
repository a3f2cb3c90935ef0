/** What a number is, by the format of its cell. */
export const NUMBER = 0;
export const DATE = 1;
export const SPAN = 2;

/**
 * Numbers of formats that no file declares (ECMA-376 part 1, 18.8.30): 27 to 36 and 50 to 58 are dates of East Asian
 * versions.
 */
const ELAPSED_FORMAT = 46;
const DATE_FORMATS: ReadonlyArray<readonly [from: number, to: number]> = [
  [14, 22],
  [27, 36],
  [45, 47],
  [50, 58],
];

/** What a number is whose format is one of those that no file declares. */
export function kindOfBuiltin(id: number): number {
  if (id === ELAPSED_FORMAT) return SPAN;
  return DATE_FORMATS.some(([from, to]) => id >= from && id <= to) ? DATE : NUMBER;
}

/** Excel takes 255 characters. */
const MOST_OF_FORMAT = 1000;

/** What a number is whose format is this, such as `[$-40C]d mmmm yyyy;@`: its first section counts. */
export function kindOfFormat(format: string): number {
  const bare = format
    .slice(0, MOST_OF_FORMAT)
    .replaceAll(/"[^"]*"?|\\.|_.|\*./g, '')
    .split(';', 1)[0] as string;
  if (/\[(h+|m+|s+)\]/i.test(bare)) return SPAN;
  const letters = bare
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/general/gi, '')
    .replaceAll(/[0#?.,]E[+-]/gi, '');
  return /[dmyhseb]/i.test(letters) ? DATE : NUMBER;
}
