import { crc32, deflateRawSync } from 'node:zlib';

/** A member of a zip file made for a test. */
export interface TestMember {
  /** As bytes where it is not in UTF-8. */
  name: string | Buffer;
  content: Buffer | string;
  /** A symbolic link to the file that `content` names. */
  isLink?: boolean;
  isStored?: boolean;
  isEncrypted?: boolean;
  /** What the archive says of it, where that is not so. */
  lies?: { crc?: number; sizeBytes?: number; method?: number };
  /** Its sizes come behind it, and in 64 bits. */
  isStreamed64?: boolean;
}

/** A zip file of these members, in their order. */
export function zipOf(members: readonly TestMember[], comment = ''): Buffer {
  const bodies: Buffer[] = [];
  const records: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const { body, record } = packed(member, offset);
    bodies.push(body);
    records.push(record);
    offset += body.length;
  }
  const directory = Buffer.concat(records);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...bodies, directory, end, Buffer.from(comment)]);
}

function packed(member: TestMember, offset: number): { body: Buffer; record: Buffer } {
  const content = Buffer.from(member.content);
  const bytes = member.isStored ? content : deflateRawSync(content);
  const name = Buffer.from(member.name as string);
  const method = member.lies?.method ?? (member.isStored ? 0 : 8);
  const flags = (member.isEncrypted ? 1 : 0) | (member.isStreamed64 ? 8 : 0);
  const crc = member.lies?.crc ?? crc32(content);
  const sizeBytes = member.lies?.sizeBytes ?? content.length;
  const sizes = Buffer.alloc(12);
  sizes.writeUInt32LE(crc, 0);
  sizes.writeUInt32LE(bytes.length, 4);
  sizes.writeUInt32LE(sizeBytes, 8);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(flags, 6);
  local.writeUInt16LE(method, 8);
  if (!member.isStreamed64) sizes.copy(local, 14);
  local.writeUInt16LE(name.length, 26);
  const record = Buffer.alloc(46);
  record.writeUInt32LE(0x02014b50, 0);
  record.writeUInt16LE(flags, 8);
  record.writeUInt16LE(method, 10);
  sizes.copy(record, 16);
  record.writeUInt16LE(name.length, 28);
  if (member.isLink) record[5] = 3;
  if (member.isLink) record.writeUInt16LE(0o120777, 40);
  record.writeUInt32LE(offset, 42);
  const extra = member.isStreamed64 ? zip64Extra(record, sizeBytes, bytes.length) : Buffer.alloc(0);
  const descriptor = member.isStreamed64 ? descriptor64(crc, bytes.length, sizeBytes) : Buffer.alloc(0);
  return {
    body: Buffer.concat([local, name, bytes, descriptor]),
    record: Buffer.concat([record, name, extra]),
  };
}

function zip64Extra(record: Buffer, sizeBytes: number, compressedBytes: number): Buffer {
  const extra = Buffer.alloc(20);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(16, 2);
  extra.writeBigUInt64LE(BigInt(sizeBytes), 4);
  extra.writeBigUInt64LE(BigInt(compressedBytes), 12);
  record.fill(0xff, 20, 28);
  record.writeUInt16LE(extra.length, 30);
  return extra;
}

function descriptor64(crc: number, compressedBytes: number, sizeBytes: number): Buffer {
  const descriptor = Buffer.alloc(24);
  descriptor.writeUInt32LE(0x08074b50, 0);
  descriptor.writeUInt32LE(crc, 4);
  descriptor.writeBigUInt64LE(BigInt(compressedBytes), 8);
  descriptor.writeBigUInt64LE(BigInt(sizeBytes), 16);
  return descriptor;
}
