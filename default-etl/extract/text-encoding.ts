import { isUtf8 } from 'node:buffer';
import { configFailure, neverFailure } from '../contract/failure.ts';
import type { Decision } from '../contract/protocol.ts';
import type { ByteStream, Source } from '../unpack/source.ts';
import { readHead } from '../unpack/byte-stream.ts';
import { byteOrderMark, type Encoding, withoutMark } from './byte-order.ts';

const HEAD_BYTES = 1 << 20;
/** Looked at for characters that were encoded twice. */
const HEAD_OF_TWICE = 1 << 16;
/** How sure the guess must be that the lines which are not UTF-8 are in one encoding. */
const LIKELY = 0.8;
const CHUNK_BYTES = 1 << 20;
const CONTEXT_BYTES = 1 << 14;
/** A byte of UTF-8 that begins no character. */
const CONTINUATION = 0x80;
const CONTINUATION_MASK = 0xc0;

/** What is looked at of a file to find out how its text is encoded. */
export type EncodedBytes = Pick<Source, 'path' | 'head' | 'stream'>;

/** Unicode, as the bytes show it; else the first stretch of them that is not valid UTF-8. */
type Found = { encoding: Encoding } | { encoding: undefined; invalid: Buffer; bomBytes: number };

/**
 * The encoding of the file: by its byte order mark, or by the zero bytes of UTF-16, else UTF-8 where all of it is
 * valid, else what its letters look like. A file that is UTF-8 but for a few bytes stays UTF-8: its bad rows are
 * rejects.
 */
export async function findEncoding(source: EncodedBytes, declared: string | undefined): Promise<Encoding> {
  if (declared !== undefined) return await declaredEncoding(source, declared);
  const found = await findUnicode(source);
  if (found.encoding) return found.encoding;
  const { isBinary } = await import('./binary-bytes.ts');
  if (isBinary(found.invalid))
    throw neverFailure(
      `${source.path} is no text: its bytes are those of a packed, encrypted or binary file; put the table itself in, or name its encoding in EXTRACT.encoding`,
    );
  const { guessEncoding } = await import('./encoding-guess.ts');
  return { bomBytes: found.bomBytes, ...(await guessEncoding(found.invalid)) };
}

/** How a text is encoded, for people. */
export function encodingDecision({ name, confidence, reason }: Encoding): Decision {
  return { name: 'encoding', value: name, confidence, reason };
}

async function declaredEncoding(source: EncodedBytes, declared: string): Promise<Encoding> {
  const bom = byteOrderMark(await source.head(HEAD_BYTES));
  const name = normalName(declared);
  if (name !== 'utf8' && !(await isKnown(declared)))
    throw configFailure(
      `EXTRACT.encoding ${declared} is not known; name it as iconv does, such as windows-1252 or utf-8`,
    );
  return { name, bomBytes: bom?.name === name ? bom.bomBytes : 0, confidence: 1, reason: 'as EXTRACT.encoding says' };
}

/** UTF-16, UTF-32, GB 18030 with its mark, or UTF-8, wholly or but for a few bytes or lines: what the bytes alone show. */
export async function findUnicode(source: EncodedBytes): Promise<Found> {
  const head = await source.head(HEAD_BYTES);
  const bom = byteOrderMark(head);
  const wide = bom ?? withoutMark(head);
  if (wide && wide.name !== 'utf8') return { encoding: wide };
  const bomBytes = bom?.bomBytes ?? 0;
  const stretch = await firstInvalid(source, head);
  const invalid = stretch?.subarray(byteOrderMark(stretch)?.bomBytes);
  if (invalid === undefined) return { encoding: { name: 'utf8', bomBytes, ...sureness(head, bom) } };
  if (isMostlyUtf8(invalid))
    return { encoding: { name: 'utf8', bomBytes, confidence: 0.9, reason: 'but for a few bytes' } };
  const mixed = await findMixed(invalid);
  return mixed ? { encoding: { bomBytes, ...mixed } } : { encoding: undefined, invalid, bomBytes };
}

/** How sure it is that valid UTF-8 is what was meant. */
function sureness(head: Buffer, bom: Encoding | undefined): { confidence: number; reason: string } {
  const twice = encodedTwice(head);
  if (twice === undefined) return { confidence: 1, reason: bom?.reason ?? 'every byte is valid' };
  const reason = `every byte is valid, but ${twice} stands for a letter: it was taken for Windows-1252 before it came here, and stays so; have it written anew`;
  return { confidence: 0.5, reason };
}

/**
 * What stands for a letter in UTF-8 that was taken for Windows-1252 and encoded once more, such as Ã©; undefined where
 * that is less than half of what is beyond ASCII.
 */
function encodedTwice(head: Buffer): string | undefined {
  const text = head.toString('latin1', 0, HEAD_OF_TWICE);
  const twice = text.match(/\xc3[\x82\x83]([\xc2\xc5\xc6\xcb][\x80-\xbf]|\xe2[\x80-\xbf]{2})/g) ?? [];
  const characters = text.match(/[\xc2-\xf4]/g) ?? [];
  return twice.length > 1 && 4 * twice.length > characters.length
    ? Buffer.from(twice[0] as string, 'latin1').toString()
    : undefined;
}

/** UTF-8 in some lines, one of the Latin alphabets in others. */
async function findMixed(invalid: Buffer): Promise<Omit<Encoding, 'bomBytes'> | undefined> {
  const { otherLines } = await import('./mixed-text.ts');
  const { guessEncoding } = await import('./encoding-guess.ts');
  const others = otherLines(invalid);
  const guess = others && (await guessEncoding(others));
  if (!guess || guess.confidence < LIKELY || !/^(win|iso|mac)/.test(guess.name)) return undefined;
  const reason = `some lines are UTF-8, others ${guess.name}: each is read as what it is`;
  return { name: 'utf8', otherName: guess.name, confidence: 0.8, reason };
}

function normalName(declared: string): string {
  const name = declared.toLowerCase();
  if (/^(utf-?8|utf-?8-sig|ascii|us-ascii)$/.test(name)) return 'utf8';
  if (/^utf-?16(-?le)?$/.test(name)) return 'utf-16le';
  return /^utf-?16-?be$/.test(name) ? 'utf-16be' : declared;
}

/** Whether text in an encoding of this name can be read. */
export async function isKnown(name: string): Promise<boolean> {
  const { default: iconv } = await import('iconv-lite');
  return iconv.encodingExists(name);
}

/** The first stretch of the file that is not valid UTF-8. */
async function firstInvalid(source: EncodedBytes, head: Buffer): Promise<Buffer | undefined> {
  if (head.length < HEAD_BYTES) return isUtf8(head) ? undefined : head;
  const stream = source.stream();
  try {
    return await firstInvalidOf(stream);
  } finally {
    stream.close();
  }
}

async function firstInvalidOf(stream: ByteStream): Promise<Buffer | undefined> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES + 4);
  let kept = 0;
  let before = Buffer.alloc(0);
  for (;;) {
    const count = await stream.fill(buffer, kept);
    const filled = buffer.subarray(0, kept + count);
    const whole = count === 0 ? filled : cutPartial(filled);
    // Of a character that the end cuts the few bytes alone say nothing.
    if (!isUtf8(whole)) return count === 0 ? Buffer.concat([before, whole]) : whole;
    if (count === 0) return undefined;
    before = Buffer.from(lastCharacters(whole));
    kept = filled.copy(buffer, 0, whole.length);
  }
}

/** Some thousand of them. */
function lastCharacters(bytes: Buffer): Buffer {
  let from = Math.max(0, bytes.length - CONTEXT_BYTES);
  while (from < bytes.length && ((bytes[from] as number) & CONTINUATION_MASK) === CONTINUATION) from++;
  return bytes.subarray(from);
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
  if (encoding.otherName) return await convertLines(stream, encoding.otherName);
  return encoding.name === 'utf8' ? stream : await convert(stream, encoding.name);
}

/** The first bytes of the text as UTF-8; fewer than `length` where that is all of it. */
export async function readTextHead(source: Source, encoding: Encoding, length: number): Promise<Buffer> {
  // A byte becomes three at most: of a small text the buffer need not be large.
  return await readHead(await openText(source, encoding), Math.min(length, 3 * source.sizeBytes + 1));
}

async function skip(stream: ByteStream, byteCount: number): Promise<void> {
  for (let left = byteCount; left > 0; ) {
    const count = await stream.fill(Buffer.allocUnsafe(left), 0);
    if (count === 0) return;
    left -= count;
  }
}

async function convertLines(stream: ByteStream, name: string): Promise<ByteStream> {
  const { default: iconv } = await import('iconv-lite');
  const { mixedStream } = await import('./mixed-text.ts');
  return mixedStream(stream, bytes => iconv.decode(bytes, name));
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
