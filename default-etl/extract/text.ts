import { isUtf8 } from 'node:buffer';
import { configFailure, neverFailure } from '../failure.ts';
import type { ByteStream, Source } from '../source.ts';
import { isBinary } from './binary-bytes.ts';
import { guessEncoding } from './encoding-guess.ts';

const HEAD_BYTES = 1 << 20;
const LF = 10;
const CHUNK_BYTES = 1 << 20;

export interface Encoding {
  /** As iconv-lite knows it; utf8 needs no conversion. */
  name: string;
  /** Bytes of the byte order mark. */
  bomBytes: number;
  /** From 0 to 1. */
  confidence: number;
  /** Why, for people. */
  reason: string;
}

/**
 * The encoding of the file: by its byte order mark, or by the zero bytes of UTF-16, else UTF-8 where all of it is valid, else what its letters look like.
 * A file that is UTF-8 but for a few bytes stays UTF-8: its bad rows are rejects.
 */
export async function findEncoding(source: Source, declared: string | undefined): Promise<Encoding> {
  const head = await source.head(HEAD_BYTES);
  const bom = byteOrderMark(head);
  if (declared !== undefined) {
    const name = normalName(declared);
    if (name !== 'utf8') await assertKnown(declared);
    return { name, bomBytes: bom?.name === name ? bom.bomBytes : 0, confidence: 1, reason: 'as EXTRACT.encoding says' };
  }
  const wide = bom ?? withoutMark(head);
  if (wide) return wide;
  const invalid = await firstInvalid(source, head);
  if (invalid === undefined) return { name: 'utf8', bomBytes: 0, confidence: 1, reason: 'every byte is valid' };
  if (isMostlyUtf8(invalid)) return { name: 'utf8', bomBytes: 0, confidence: 0.9, reason: 'but for a few bytes' };
  if (isBinary(invalid))
    throw neverFailure(
      `${source.path} is no text: its bytes are those of a packed, encrypted or binary file; put the table itself in, or name its encoding in EXTRACT.encoding`,
    );
  return { bomBytes: 0, ...(await guessEncoding(invalid)) };
}

/** That of UTF-32 begins with that of UTF-16. */
const MARKS: ReadonlyArray<[string, Buffer]> = [
  ['utf8', Buffer.from([0xef, 0xbb, 0xbf])],
  ['utf-32le', Buffer.from([0xff, 0xfe, 0, 0])],
  ['utf-32be', Buffer.from([0, 0, 0xfe, 0xff])],
  ['utf-16le', Buffer.from([0xff, 0xfe])],
  ['utf-16be', Buffer.from([0xfe, 0xff])],
];

/** Twice where two programs each put one before the text. */
function byteOrderMark(head: Buffer): Encoding | undefined {
  for (const [name, mark] of MARKS) {
    let bomBytes = 0;
    while (head.subarray(bomBytes, bomBytes + mark.length).equals(mark)) bomBytes += mark.length;
    if (bomBytes > 0) return { name, bomBytes, confidence: 1, reason: 'by its byte order mark' };
  }
  return undefined;
}

const HEAD_OF_WIDE = 1 << 16;

/**
 * UTF-16 without a byte order mark: delimiters, digits and line ends have a zero byte beside them, on the same side. Of Chinese text few characters have,
 * so line ends tell; 一 (4E 00) has one on the other side.
 */
function withoutMark(head: Buffer): Encoding | undefined {
  const looked = Math.min(head.length, HEAD_OF_WIDE) & ~1;
  const found = { le: 0, be: 0, leLines: 0, beLines: 0, narrowLines: 0 };
  for (let at = 0; at < looked; at += 2) {
    const [first, second] = [head[at] as number, head[at + 1] as number];
    if (second === 0 && isPlain(first)) found.le++;
    if (first === 0 && isPlain(second)) found.be++;
    if (first === LF && second === 0) found.leLines++;
    else if (first === 0 && second === LF) found.beLines++;
    else if (first === LF || second === LF) found.narrowLines++;
  }
  const isWide = (count: number, other: number, lines: number, otherLines: number) =>
    count >= 2 && (lines > otherLines ? lines > found.narrowLines / 2 : count > looked / 4 && count > 5 * other);
  const reason = 'letters of one byte have a zero beside them';
  if (isWide(found.le, found.be, found.leLines, found.beLines))
    return { name: 'utf-16le', bomBytes: 0, confidence: 0.95, reason };
  if (isWide(found.be, found.le, found.beLines, found.leLines))
    return { name: 'utf-16be', bomBytes: 0, confidence: 0.95, reason };
  return undefined;
}

function isPlain(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === LF || byte === 13;
}

function normalName(declared: string): string {
  const name = declared.toLowerCase();
  if (/^(utf-?8|utf-?8-sig|ascii|us-ascii)$/.test(name)) return 'utf8';
  if (/^utf-?16(-?le)?$/.test(name)) return 'utf-16le';
  return /^utf-?16-?be$/.test(name) ? 'utf-16be' : declared;
}

async function assertKnown(declared: string): Promise<void> {
  const { default: iconv } = await import('iconv-lite');
  const isKnown: boolean = iconv.encodingExists(declared);
  if (!isKnown) {
    throw configFailure(
      `EXTRACT.encoding ${declared} is not known; name it as iconv does, such as windows-1252 or utf-8`,
    );
  }
}

/** The first stretch of the file that is not valid UTF-8. */
async function firstInvalid(source: Source, head: Buffer): Promise<Buffer | undefined> {
  if (head.length < HEAD_BYTES) return isUtf8(head) ? undefined : head;
  const stream = source.stream();
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES + 4);
  let kept = 0;
  for (;;) {
    const count = await stream.fill(buffer, kept);
    const filled = buffer.subarray(0, kept + count);
    const whole = count === 0 ? filled : cutPartial(filled);
    if (!isUtf8(whole)) return whole;
    if (count === 0) return undefined;
    kept = filled.copy(buffer, 0, whole.length);
  }
}

/** Without the character at the end whose last bytes may still be to come. */
function cutPartial(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) break;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? bytes.subarray(0, bytes.length - back) : bytes;
    }
  }
  return bytes;
}

/** Whether at least ten times as many characters are valid sequences as are not. */
function isMostlyUtf8(bytes: Buffer): boolean {
  let valid = 0;
  let invalid = 0;
  for (const character of bytes.toString('utf8', 0, bytes.length)) {
    if (character === '\uFFFD') invalid++;
    else if (character > '\x7f') valid++;
  }
  return valid >= 10 * invalid;
}

/** Text as UTF-8, of bytes in an encoding by iconv's name. */
export async function decodeText(bytes: Buffer, name: string): Promise<Buffer> {
  if (name === 'utf8') return bytes;
  const { default: iconv } = await import('iconv-lite');
  return Buffer.from(iconv.decode(bytes, name, { stripBOM: false }));
}

/** The way back. */
export async function encodeText(text: Buffer, name: string): Promise<Buffer> {
  if (name === 'utf8') return text;
  const { default: iconv } = await import('iconv-lite');
  return iconv.encode(text.toString(), name, { addBOM: false });
}

/** The file's text as UTF-8, without a byte order mark. */
export async function openText(source: Pick<Source, 'stream'>, encoding: Encoding): Promise<ByteStream> {
  const stream = source.stream();
  await skip(stream, encoding.bomBytes);
  return encoding.name === 'utf8' ? stream : await convert(stream, encoding.name);
}

async function skip(stream: ByteStream, byteCount: number): Promise<void> {
  for (let left = byteCount; left > 0; ) {
    const count = await stream.fill(Buffer.allocUnsafe(left), 0);
    if (count === 0) return;
    left -= count;
  }
}

async function convert(stream: ByteStream, name: string): Promise<ByteStream> {
  const { default: iconv } = await import('iconv-lite');
  const decoder = iconv.getDecoder(name);
  const input = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let pending: Buffer = Buffer.alloc(0);
  return {
    async fill(buffer, offset) {
      for (let isMore = true; pending.length === 0 && isMore; ) {
        const count = await stream.fill(input, 0);
        isMore = count > 0;
        pending = Buffer.from((isMore ? decoder.write(input.subarray(0, count)) : decoder.end()) ?? '', 'utf8');
      }
      const count = pending.copy(buffer, offset);
      pending = pending.subarray(count);
      return count;
    },
    close: () => stream.close(),
  };
}
