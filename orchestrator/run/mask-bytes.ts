import { isUtf8 } from 'node:buffer';

/** Printed bytes, masked: in UTF-8 where that is what they are. The very ones that were given, where there is nothing to hide. */
export function maskBytes(bytes: Buffer, mask: (text: string) => string): Buffer {
  const encoding = isUtf8(bytes) ? 'utf8' : 'latin1';
  const text = bytes.toString(encoding);
  const shown = mask(text);
  return shown === text ? bytes : Buffer.from(shown, encoding);
}
