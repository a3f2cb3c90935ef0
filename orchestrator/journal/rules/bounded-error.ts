/** Characters; what an attempt itself says is at most 16 KB. */
const LONGEST = 20_000;

/**
 * An error as it is kept: an engine, a server or a program may answer with pages, and each look at a list of runs would
 * show them all.
 */
export function boundedError<Text extends string | null>(error: Text): Text {
  if (error === null || error.length <= LONGEST) return error;
  const kept = error.slice(0, LONGEST).replace(/[\uD800-\uDBFF]$/, '');
  return `${kept}… (${error.length} characters)` as Text;
}
