/** How bytes are packed. */
export type Compression = 'gzip' | 'zstd';

/** Packed in a way that is not read: the first bytes in hexadecimal → name. */
const UNREADABLE: ReadonlyArray<readonly [RegExp, string]> = [
  [/^425a683[1-9](314159265359|177245385090)/, 'bzip2'],
  [/^fd377a585a00/, 'xz'],
  [/^377abcaf271c/, '7-Zip'],
  [/^526172211a07/, 'RAR'],
  [/^04224d18/, 'LZ4'],
  [/^5d000080/, 'LZMA'],
  [/^504b0708/, 'zip in several parts'],
  [/^1f9d/, 'compress (.Z)'],
  [/^4d53434600000000/, 'a Windows cabinet'],
];

/** The compression that the first bytes show: a magic number, never the name (RFC 1952; RFC 8878, skippable frames too). */
export function compressionOf(head: Buffer): Compression | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  const magic = head.length < 4 ? 0 : head.readUInt32LE(0);
  if (magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50) return 'zstd';
  return undefined;
}

/** Name of the packing where it is one that can't be read. */
export function unreadablePacking(head: Buffer): string | undefined {
  const start = head.toString('hex', 0, 16);
  const found = UNREADABLE.find(([magic]) => magic.test(start))?.[1];
  if (found !== undefined) return found;
  return head.toString('latin1', 257, 262) === 'ustar' ? 'tar' : undefined;
}
