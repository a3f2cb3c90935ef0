import { isUtf8 } from 'node:buffer';

/**
 * Characters on each side of a cut that are looked at. The longest form of a secret that is looked for whole has 900;
 * credentials in a URL may have more.
 */
const REACH = 8 * 1024;
/** What is looked at when a text is cut: so much behind the place is enough. */
export const BESIDE_CUT = REACH;
/** Each of them masks 24 KB, which takes some 0.3 ms (2026-11). */
const MOST_TRIALS = 64;
const HIDDEN_AT_ONCE = /\*+/g;
const LOW_SURROGATE = /[\uDC00-\uDFFF]/;

/** Takes secrets out of a text: what is cut is masked afterwards, so that no secret may be cut. */
export type MaskText = (text: string) => string;

/**
 * Where a text can be cut, at `wished` or at most 8 KB before it, so that masking the two parts shows no more than
 * masking the whole. A text that is nothing but secrets which overlap has no such place: it is cut at `wished`.
 */
export function placeBetweenSecrets(text: string, wished: number, mask: MaskText): number {
  const from = Math.max(0, wished - 2 * REACH);
  const around = text.slice(from, wished + REACH);
  return from + placeIn(around, wished - from, mask);
}

/** The same of bytes that are printed, of which no character is cut. */
export function cutBetweenSecrets(bytes: Buffer, wished: number, mask: MaskText): number {
  const from = characterStart(bytes, Math.max(0, wished - 2 * REACH));
  const around = bytes.subarray(from, characterStart(bytes, Math.min(bytes.length, wished + REACH)));
  const encoding = isUtf8(around) ? 'utf8' : 'latin1';
  const before = around.toString(encoding, 0, characterStart(bytes, wished) - from);
  const place = placeIn(around.toString(encoding), before.length, mask);
  return from + Buffer.byteLength(before.slice(0, place), encoding);
}

function placeIn(text: string, wished: number, mask: MaskText): number {
  const whole = mask(text);
  const least = Math.max(0, wished - REACH);
  let place = wished;
  for (let trial = 0; trial < MOST_TRIALS && place >= least; trial += 1) {
    if (LOW_SURROGATE.test(text[place] ?? '')) place -= 1;
    const before = mask(text.slice(0, place));
    if (shown(before + mask(text.slice(place))) === shown(whole)) return place;
    // What is not masked of the first part alone is the beginning of a secret.
    place -= Math.max(1, before.length - alike(before, whole));
  }
  return wished;
}

/** One secret or several in a row look the same. */
function shown(masked: string): string {
  return masked.replaceAll(HIDDEN_AT_ONCE, '*');
}

function alike(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

function characterStart(bytes: Buffer, at: number): number {
  let start = at;
  // Bytes that go on with a character of UTF-8; it has three of them at most.
  while (start > 0 && at - start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start -= 1;
  return start;
}
