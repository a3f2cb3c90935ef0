import { neverFailure } from '../../contract/failure.ts';
import type { ByteStream } from '../../unpack/source.ts';

/** What a zip file is read through. */
export interface RandomAccess {
  readonly path: string;
  readonly sizeBytes: number;
  /** Bytes [start, start + length); fewer at the end. */
  readAt(start: number, length: number): Promise<Buffer>;
  /** The bytes from `start` on. */
  stream(start: number): ByteStream;
}

/** A record of the central directory (APPNOTE.TXT 6.3.10, 4.3.12). */
export interface DirectoryRecord {
  name: string;
  /** Of compression: 0 stored, 8 deflate… */
  method: number;
  isEncrypted: boolean;
  /** A symbolic link of Unix. */
  isLink: boolean;
  /** Its bytes are another's, too. */
  isOverlapping: boolean;
  crc: number;
  compressedBytes: number;
  sizeBytes: number;
  /** Where the record's local header begins in the file. */
  headerOffset: number;
}

const END_BYTES = 22;
const END_SIGNATURE = 0x06054b50;
const END64_SIGNATURE = 0x06064b50;
const LOCATOR64_BYTES = 20;
const LOCATOR64_SIGNATURE = 0x07064b50;
/** Of a member's own header, without its name. */
const LOCAL_BYTES = 30;
const RECORD_BYTES = 46;
const RECORD_SIGNATURE = 0x02014b50;
/** Of a digital signature, which may come behind the records. */
const SIGNATURE_SIGNATURE = 0x05054b50;
const MAX_COMMENT_BYTES = 0xffff;
/** A million members; more is no file that people make. */
const MAX_DIRECTORY_BYTES = 1 << 28;

const ZIP64_EXTRA = 0x0001;
const UNICODE_NAME_EXTRA = 0x7075;
const MADE_BY_UNIX = 3;
/** Of the mode of a file (POSIX, sys/stat.h). */
const FILE_TYPE = 0xf000;
const SYMBOLIC_LINK = 0xa000;

const FULL_32 = 0xffff_ffff;

interface DirectoryPlace {
  start: number;
  sizeBytes: number;
  /** Bytes in front of the zip file's own first byte, as in one that unpacks itself. */
  shift: number;
}

/** The central directory, in its order. Throws EtlFailure 65 where the file is damaged. */
export async function readDirectory(file: RandomAccess): Promise<DirectoryRecord[]> {
  const { start, sizeBytes, shift } = await findDirectory(file);
  const bytes = await file.readAt(start, sizeBytes);
  const records: DirectoryRecord[] = [];
  let at = 0;
  while (at + RECORD_BYTES <= bytes.length && bytes.readUInt32LE(at) === RECORD_SIGNATURE) {
    const end =
      at + RECORD_BYTES + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (end > bytes.length) throw damaged(file, 'its list of members ends too early');
    records.push(await parseRecord(bytes.subarray(at, end), shift));
    at = end;
  }
  const isWhole = bytes.length === sizeBytes && (at === sizeBytes || isSignature(bytes, at));
  if (!isWhole) throw damaged(file, 'its list of members is overwritten or cut off');
  markOverlaps(records);
  return records;
}

/** A bomb may have many members over the same bytes: a file of 10 MB that unpacks to 281 TB (D. Fifield, 2019). */
function markOverlaps(records: readonly DirectoryRecord[]): void {
  const inOrder = records.toSorted((a, b) => a.headerOffset - b.headerOffset);
  for (let index = 1; index < inOrder.length; index++) {
    const before = inOrder[index - 1] as DirectoryRecord;
    const record = inOrder[index] as DirectoryRecord;
    if (before.headerOffset + LOCAL_BYTES + before.compressedBytes <= record.headerOffset) continue;
    before.isOverlapping = true;
    record.isOverlapping = true;
  }
}

function isSignature(bytes: Buffer, at: number): boolean {
  return at + 4 <= bytes.length && bytes.readUInt32LE(at) === SIGNATURE_SIGNATURE;
}

async function findDirectory(file: RandomAccess): Promise<DirectoryPlace> {
  const tailStart = Math.max(0, file.sizeBytes - END_BYTES - MAX_COMMENT_BYTES - LOCATOR64_BYTES);
  const tail = await file.readAt(tailStart, file.sizeBytes - tailStart);
  let hasEnd = false;
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END_SIGNATURE) continue;
    hasEnd = true;
    const end64 = await findEnd64(file, tail, at);
    const endStart = end64?.position ?? tailStart + at;
    const sizeBytes = end64?.sizeBytes ?? tail.readUInt32LE(at + 12);
    const declared = end64?.start ?? tail.readUInt32LE(at + 16);
    const shift = Math.max(0, endStart - sizeBytes - declared);
    // The signature may stand by chance in the comment at the end.
    if (declared + shift + sizeBytes <= endStart && sizeBytes <= MAX_DIRECTORY_BYTES)
      return { start: declared + shift, sizeBytes, shift };
  }
  if (hasEnd) throw damaged(file, 'its list of members has an impossible size');
  throw damaged(file, 'its end is missing, as after a copy or download that was cut off');
}

async function findEnd64(
  file: RandomAccess,
  tail: Buffer,
  endAt: number,
): Promise<{ position: number; start: number; sizeBytes: number } | undefined> {
  const at = endAt - LOCATOR64_BYTES;
  if (at < 0 || tail.readUInt32LE(at) !== LOCATOR64_SIGNATURE) return undefined;
  const position = Number(tail.readBigUInt64LE(at + 8));
  const end = await file.readAt(position, 56);
  if (end.length < 56 || end.readUInt32LE(0) !== END64_SIGNATURE) return undefined;
  return { position, sizeBytes: Number(end.readBigUInt64LE(40)), start: Number(end.readBigUInt64LE(48)) };
}

async function parseRecord(bytes: Buffer, shift: number): Promise<DirectoryRecord> {
  const flags = bytes.readUInt16LE(8);
  const nameEnd = RECORD_BYTES + bytes.readUInt16LE(28);
  const extra = extraFields(bytes.subarray(nameEnd, nameEnd + bytes.readUInt16LE(30)));
  const large = largeNumbers(extra.get(ZIP64_EXTRA));
  const sizeBytes = large(bytes.readUInt32LE(24));
  const compressedBytes = large(bytes.readUInt32LE(20));
  return {
    name: await nameOf(bytes.subarray(RECORD_BYTES, nameEnd), extra.get(UNICODE_NAME_EXTRA)),
    method: bytes.readUInt16LE(10),
    isEncrypted: (flags & 1) !== 0,
    isLink: bytes[5] === MADE_BY_UNIX && (bytes.readUInt16LE(40) & FILE_TYPE) === SYMBOLIC_LINK,
    isOverlapping: false,
    crc: bytes.readUInt32LE(16),
    compressedBytes,
    sizeBytes,
    headerOffset: large(bytes.readUInt32LE(42)) + shift,
  };
}

/** Those numbers that do not fit into 32 bits are in the zip64 field, one after the other in the order of the record. */
function largeNumbers(field: Buffer | undefined): (small: number) => number {
  let at = 0;
  return small => {
    if (small !== FULL_32 || field === undefined || at + 8 > field.length) return small;
    at += 8;
    return Number(field.readBigUInt64LE(at - 8));
  };
}

function extraFields(bytes: Buffer): Map<number, Buffer> {
  const fields = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt16LE(at + 2);
    fields.set(bytes.readUInt16LE(at), bytes.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

/**
 * UTF-8 where it is valid, whatever the flag says: many writers forget it. Else code page 437, as the format has it, or
 * Windows-1252, whose letters are where the former has lines and signs.
 */
async function nameOf(bytes: Buffer, unicode: Buffer | undefined): Promise<string> {
  if (unicode !== undefined && unicode.length > 5) return unicode.toString('utf8', 5);
  const text = bytes.toString('utf8');
  if (!text.includes('\ufffd')) return text;
  const { default: iconv } = await import('iconv-lite');
  return iconv.decode(bytes, bytes.every(byte => byte < 0x80 || byte >= 0xc0) ? 'windows-1252' : 'cp437');
}

function damaged(file: RandomAccess, reason: string): Error {
  return neverFailure(`${file.path} is a damaged zip file: ${reason}; copy or pack it again`);
}
