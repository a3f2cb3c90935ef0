import { isAscii, isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import type { ByteStream } from '../../source.ts';
import { speaksForUtf8 } from '../markup/xml-encoding.ts';

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** XML's own entities and characters by number, and line ends as XML has them; another entity throws what `unknown` says. */
export function decodeEntities(text: string, unknown: (entity: string) => Error): string {
  return text.replaceAll(/\r\n?|&([^;&\s]{0,32};?)/g, (found, reference: string | undefined) => {
    if (reference === undefined) return '\n';
    const name = reference.slice(0, -1);
    const character = reference.endsWith(';') ? (ENTITIES[name] ?? characterOf(name)) : undefined;
    if (character === undefined) throw unknown(found);
    return character;
  });
}

function characterOf(name: string): string | undefined {
  const digits = /^#(?:x([\da-f]+)|(\d+))$/i.exec(name);
  if (digits === null) return undefined;
  const code = digits[1] === undefined ? Number(digits[2]) : Number.parseInt(digits[1], 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

const HEAD_BYTES = 256;

/**
 * The same XML in UTF-8 and without a byte order mark, whatever its mark or its first line say that it is in. Where the first bytes beyond ASCII are UTF-8, its
 * first line counts for nothing.
 */
export async function utf8Xml(stream: ByteStream): Promise<ByteStream> {
  const head = Buffer.alloc(HEAD_BYTES);
  let used = 0;
  for (let count = -1; count !== 0 && used < HEAD_BYTES; used += count) count = await stream.fill(head, used);
  const whole = withHead(head.subarray(0, used), stream);
  const encoding = encodingOf(head.subarray(0, used));
  return encoding === undefined ? whole : decoded(whole, encoding.toLowerCase());
}

/** undefined for UTF-8 without a mark, which needs nothing done to it. */
function encodingOf(head: Buffer): string | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  if (head[0] === 0x3c && head[1] === 0) return 'utf-16le';
  if (head[0] === 0 && head[1] === 0x3c) return 'utf-16be';
  if (head[0] === 0xef && head[1] === 0xbb) return 'utf-8';
  const declared = /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)["']/
    .exec(head.toString('latin1'))?.[1]
    ?.toLowerCase();
  // What is declared as UTF-16 but written in bytes is UTF-8.
  return declared === undefined || /^(utf-?8|utf-?16.*|us-ascii|ascii)$/.test(declared) ? undefined : declared;
}

function withHead(head: Buffer, stream: ByteStream): ByteStream {
  let left = head;
  return {
    fill: async (buffer, offset) => {
      if (left.length === 0) return await stream.fill(buffer, offset);
      const count = left.copy(buffer, offset);
      left = left.subarray(count);
      return count;
    },
    close: () => stream.close(),
  };
}

function decoded(stream: ByteStream, encoding: string): ByteStream {
  let decoder: TextDecoder | undefined;
  const input = Buffer.allocUnsafeSlow(1 << 16);
  let output: Buffer = Buffer.alloc(0);
  let isEnded = false;
  return {
    fill: async (buffer, offset) => {
      while (output.length === 0 && !isEnded) {
        const count = await stream.fill(input, 0);
        isEnded = count === 0;
        const bytes = input.subarray(0, count);
        if (decoder === undefined && !isEnded && isAsciiText(bytes, encoding)) output = Buffer.from(bytes);
        else
          output = Buffer.from(
            (decoder ??= newDecoder(seenEncoding(bytes, encoding))).decode(bytes, { stream: !isEnded }),
          );
      }
      const count = output.copy(buffer, offset);
      output = output.subarray(count);
      return count;
    },
    close: () => stream.close(),
  };
}

/** Whether the bytes are the same in that encoding and in UTF-8. */
function isAsciiText(bytes: Buffer, encoding: string): boolean {
  return !encoding.startsWith('utf') && !encoding.startsWith('iso-2022') && isAscii(bytes);
}

/** That of the first bytes beyond ASCII. A character at their end may be cut. */
function seenEncoding(bytes: Buffer, declared: string): string {
  if (declared.startsWith('utf') || !speaksForUtf8(bytes, declared)) return declared;
  const isValid = [0, 1, 2, 3].some(cut => isUtf8(bytes.subarray(0, bytes.length - cut)));
  return isValid ? 'utf-8' : declared;
}

/** An encoding that nobody knows is read as UTF-8. */
function newDecoder(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding);
  } catch {
    return new TextDecoder();
  }
}
