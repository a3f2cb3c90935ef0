import { isUtf8 } from 'node:buffer';

/** Text in an encoding, as iconv names it; Unicode begins with a byte order mark, by which every spreadsheet program knows it. */
export async function createEncoder(encoding: string): Promise<(text: string) => Buffer> {
  const { default: iconv } = await import('iconv-lite');
  const encoder = iconv.getEncoder(encoding, { addBOM: /^(utf|ucs)/i.test(encoding) });
  return text => Buffer.from(encoder.write(text));
}

/**
 * The text of a file that was saved by whatever program: by its byte order mark, or UTF-8 where all of it is valid,
 * else the encoding it had before it was opened there, or Windows-1252.
 */
export async function decodeText(bytes: Buffer, former: string): Promise<string> {
  const { default: iconv } = await import('iconv-lite');
  const text = iconv.decode(bytes, encodingOf(bytes, former));
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function encodingOf(bytes: Buffer, former: string): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (isUtf8(bytes)) return 'utf8';
  return /^(utf|ucs)/i.test(former) ? 'win1252' : former;
}
