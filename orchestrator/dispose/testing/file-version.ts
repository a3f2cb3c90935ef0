import { stat } from 'node:fs/promises';
import { type FileVersion, versionOf } from '../../files/version.ts';

/** Size, mtime and inode of a file. */
export async function fileVersionAt(path: string): Promise<FileVersion> {
  return versionOf(await stat(path, { bigint: true }));
}
