import { isUtf8 } from 'node:buffer';

const NEWLINE = 10;

/** Printed bytes, masked: in UTF-8 where that is what they are. The very ones that were given, where there is nothing to hide. */
export function maskBytes(bytes: Buffer, mask: (text: string) => string): Buffer {
  if (isUtf8(bytes)) return maskAs('utf8', bytes, mask);
  const shown = maskAs('latin1', bytes, mask);
  const text = shown.toString();
  if (mask(text) === text) return shown;
  // A secret stands in UTF-8 beside bytes that are none: its line alone loses those.
  return Buffer.concat(linesOf(shown).map(line => maskAs('utf8', line, mask)));
}

function maskAs(encoding: BufferEncoding, bytes: Buffer, mask: (text: string) => string): Buffer {
  const text = bytes.toString(encoding);
  const shown = mask(text);
  return shown === text ? bytes : Buffer.from(shown, encoding);
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, from) + 1 || bytes.length;
    lines.push(bytes.subarray(from, end));
    from = end;
  }
  return lines;
}
