// Blanks as Python's str.strip() takes them: those of ASCII, U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F, U+3000.

/** The same for texts. */
export const BLANKS_AROUND =
  /^[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/g;

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
