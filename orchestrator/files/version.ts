import type { BigIntStats } from 'node:fs';

/**
 * What makes one version of a file differ from another. `token` says nothing to anybody but this module; of a local
 * file it is `<mtime in ns>.<inode>`.
 */
export interface FileVersion {
  sizeBytes: number;
  token: string;
}

/** What stat(2) says of a file's version. */
export function versionOf({ size, mtimeNs, ino }: Pick<BigIntStats, 'size' | 'mtimeNs' | 'ino'>): FileVersion {
  return { sizeBytes: Number(size), token: `${mtimeNs}.${ino}` };
}

/** Null is no version, and none is the same as another. */
export function isSameVersion(one: FileVersion | null, other: FileVersion | null): boolean {
  if (one === null || other === null) return false;
  return one.sizeBytes === other.sizeBytes && one.token === other.token;
}

/** Whether both are versions of one file, be it that it was written to in between; another file has another inode. */
export function isSameFile(one: FileVersion, other: FileVersion): boolean {
  return inodeOf(one) === inodeOf(other);
}

/** Nanoseconds since 1970-01-01 UTC, as decimal text: they exceed 2^53. */
export function mtimeNsOf({ token }: FileVersion): string {
  return token.slice(0, token.indexOf('.'));
}

/** Decimal text: it may exceed 2^53. */
export function inodeOf({ token }: FileVersion): string {
  return token.slice(token.indexOf('.') + 1);
}

/**
 * The earlier one first. Of two times that are not before 1970 the longer text is the later one: reading 200,000 of
 * them as numbers would take ten times as long.
 */
export function compareMtimes(one: FileVersion, other: FileVersion): number {
  const [left, right] = [one.token, other.token];
  if (left.startsWith('-') || right.startsWith('-'))
    return Math.sign(Number(BigInt(mtimeNsOf(one)) - BigInt(mtimeNsOf(other))));
  const length = left.indexOf('.');
  if (length !== right.indexOf('.')) return length - right.indexOf('.');
  for (let at = 0; at < length; at++) {
    const difference = left.charCodeAt(at) - right.charCodeAt(at);
    if (difference !== 0) return difference;
  }
  return 0;
}
