const QUOTE = 34;
const BACKSLASH = 92;
/** \b \t \n \f \r have two characters in JSON, other control characters six. */
const SHORT: ReadonlySet<number> = new Set([8, 9, 10, 12, 13]);
/** No character takes more bytes: `\u0000`. */
const MOST_OF_CHARACTER = 6;

/**
 * As much of the text's beginning as takes no more than so many bytes as a JSON string in UTF-8, without its quotes;
 * the text itself where all of it does.
 */
export function fittingJson(text: string, mostBytes: number): string {
  if (text.length * MOST_OF_CHARACTER <= mostBytes || isFitting(text, mostBytes)) return text;
  let bytes = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at) as number;
    bytes += bytesOf(code);
    if (bytes > mostBytes) return text.slice(0, at);
    at += code > 0xffff ? 2 : 1;
  }
  return text;
}

/** The same, with `…` at its end where it is not all. */
export function shortenedJson(text: string, mostBytes: number): string {
  const fitting = fittingJson(text, mostBytes);
  return fitting === text ? text : `${fittingJson(text, mostBytes - 3)}…`;
}

/** What is longer is not made JSON of to find out: it may be of any length. */
function isFitting(text: string, mostBytes: number): boolean {
  return text.length <= mostBytes && Buffer.byteLength(JSON.stringify(text)) - 2 <= mostBytes;
}

function bytesOf(code: number): number {
  if (code < 0x80) return code === QUOTE || code === BACKSLASH || SHORT.has(code) ? 2 : code < 32 ? 6 : 1;
  if (code < 0x800) return 2;
  // One half of a pair is written as \ud800.
  if (code >= 0xd800 && code < 0xe000) return 6;
  return code > 0xffff ? 4 : 3;
}
