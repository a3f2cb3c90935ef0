const MAX_DIGITS = 15;

/**
 * Whether numberText() would give the number back as it is written: then its bytes are copied. At most 15 digits, a point inside them or none, no
 * zero at the front of a whole part or at the end of a fraction, and none of the small ones that numberText() writes with an exponent.
 */
export function isUsualNumber(bytes: Buffer, length: number): boolean {
  const first = bytes[0] === 45 ? 1 : 0;
  if (length - first > MAX_DIGITS + 1) return false;
  let point = -1;
  for (let at = first; at < length; at++) {
    const byte = bytes[at] as number;
    if (byte === 46) {
      if (point >= 0) return false;
      point = at;
    } else if (byte < 48 || byte > 57) return false;
  }
  const wholeEnd = point < 0 ? length : point;
  if (wholeEnd === first || wholeEnd - first > MAX_DIGITS) return false;
  if (bytes[first] === 48 && wholeEnd - first > 1) return false;
  if (point < 0) return bytes[first] !== 48 || first === 0;
  if (point === length - 1 || bytes[length - 1] === 48) return false;
  // 0.000… is left to numberText().
  return bytes[first] !== 48 || bytes[point + 1] !== 48 || bytes[point + 2] !== 48 || bytes[point + 3] !== 48;
}
