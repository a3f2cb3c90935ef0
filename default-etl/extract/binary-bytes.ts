const LOOKED_AT_BYTES = 1 << 16;
/**
 * Text has one or two of them, as delimiters or by accident; of packed or random bytes a tenth are such, and all of
 * them come up.
 */
const MOST_DIFFERENT = 8;
const MOST_SHARE = 0.02;

/**
 * Whether bytes that are no UTF-8 are no text at all: packed, encrypted, an image. Zeros say nothing: they fill fields
 * of a fixed width.
 */
export function isBinary(bytes: Buffer): boolean {
  const counts = new Uint32Array(256);
  for (const byte of bytes.subarray(0, LOOKED_AT_BYTES)) counts[byte] = (counts[byte] as number) + 1;
  let controls = 0;
  let different = 0;
  for (let byte = 1; byte < 128; byte++) {
    if (!isControl(byte) || counts[byte] === 0) continue;
    controls += counts[byte] as number;
    different++;
  }
  const total = Math.min(bytes.length, LOOKED_AT_BYTES) - (counts[0] as number);
  return different >= MOST_DIFFERENT && controls > total * MOST_SHARE;
}

/** Those that no text has: no tab, line end, page break, ^Z or escape. */
function isControl(byte: number): boolean {
  return byte < 9 || (byte > 13 && byte < 26) || (byte > 27 && byte < 32) || byte === 127;
}
