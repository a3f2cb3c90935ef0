import { statfs } from 'node:fs/promises';
import type { Folder } from './folder.ts';
import { descriptorPath } from './reach.ts';

/** Bytes that others than root may still write on the disk that a folder is on. */
export async function freeBytesAt(folder: Folder): Promise<number> {
  const { bavail, bsize } = await statfs(descriptorPath(folder.descriptor) ?? folder.path);
  return bavail * bsize;
}
