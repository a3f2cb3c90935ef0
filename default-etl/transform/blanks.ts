// Blanks as Python's str.strip() takes them: those of ASCII, U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029,
// U+202F, U+205F, U+3000.

/** All of them, one character each. */
const BLANKS = new Set(
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000',
);

/** A text without them at both ends. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && BLANKS.has(text[start] as string)) start++;
  while (end > start && BLANKS.has(text[end - 1] as string)) end--;
  return text.slice(start, end);
}

/** Where the text behind the blanks of bytes[from, to) begins; `to` where there is none. */
export function skipBlanks(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to) {
    const length = blankLength(bytes, at, to);
    if (length === 0) return at;
    at += length;
  }
  return to;
}

/** Where the text before the blanks at the end of bytes[from, to) ends. */
export function skipBlanksBack(bytes: Buffer, from: number, to: number): number {
  let end = to;
  while (end > from) {
    const last = bytes[end - 1] as number;
    if (last < 0x80) {
      if (!isAsciiBlank(last)) return end;
      end--;
    } else if (end - 2 >= from && blankLength(bytes, end - 2, end) === 2) end -= 2;
    else if (end - 3 >= from && blankLength(bytes, end - 3, end) === 3) end -= 3;
    else return end;
  }
  return from;
}

/** Bytes of the blank at a position; 0 where there is none. */
export function blankLength(bytes: Buffer, at: number, to: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return isAsciiBlank(first) ? 1 : 0;
  const second = at + 1 < to ? (bytes[at + 1] as number) : 0;
  if (first === 0xc2) return second === 0xa0 || second === 0x85 ? 2 : 0;
  if (first < 0xe1 || first > 0xe3 || at + 2 >= to) return 0;
  const third = bytes[at + 2] as number;
  if (first === 0xe2 && second === 0x80)
    return (third >= 0x80 && third <= 0x8a) || third === 0xa8 || third === 0xa9 || third === 0xaf ? 3 : 0;
  if (first === 0xe2) return second === 0x81 && third === 0x9f ? 3 : 0;
  return (first === 0xe1 ? second === 0x9a : second === 0x80) && third === 0x80 ? 3 : 0;
}

function isAsciiBlank(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13) || (byte >= 28 && byte <= 31);
}
