import { MOST_RATIO, USUAL } from '../../contract/limits.ts';
import type { ByteStream } from '../../unpack/source.ts';
import { type RandomAccess, readDirectory } from './zip-directory.ts';
import { type ZipLimits, ZipMember } from './zip-member.ts';

/** One file in a zip file. */
export interface ZipEntry {
  /** Path in the archive, with `/`. */
  name: string;
  isFolder: boolean;
  /** Its content is the path of another file. */
  isLink: boolean;
  /** Unpacked, as the archive says; that it is true is seen when it is read. */
  sizeBytes: number;
  compressedBytes: number;
  /** Where it begins in the archive. */
  offset: number;
  /** Its content, from the beginning. Opening and reading throw EtlFailure 65 where it is damaged, encrypted or too large. */
  stream(): Promise<ByteStream>;
  /** All of it at once, with the same errors. */
  content(): Promise<Buffer>;
}

/** What is usual; `anyRatioBytes` is EXTRACT.limits.unpacked_size. */
const LIMITS: ZipLimits = { anyRatioBytes: USUAL.unpackedBytes, maxRatio: MOST_RATIO, maxBytes: 2 ** 40 };

/**
 * The members of a zip file in the order of its central directory. Own lines instead of a library: yauzl wants a file
 * descriptor or its own reader class, has no limits and no CRC check. Throws EtlFailure 65 where the file is damaged.
 */
export async function openZip(file: RandomAccess, said: Partial<ZipLimits> = {}): Promise<ZipEntry[]> {
  const limits = { ...LIMITS, ...said };
  const records = await readDirectory(file);
  return records.map(record => {
    const member = new ZipMember(file, record, limits);
    return {
      name: record.name.replaceAll('\\', '/'),
      isFolder: /[/\\]$/.test(record.name),
      isLink: record.isLink,
      sizeBytes: record.sizeBytes,
      compressedBytes: record.compressedBytes,
      offset: record.headerOffset,
      stream: async () => await member.stream(),
      content: async () => await member.content(),
    };
  });
}
