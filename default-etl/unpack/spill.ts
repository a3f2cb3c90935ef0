import { mkdir, open, type FileHandle, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { awayFailure } from '../contract/failure.ts';
import type { ByteStream, Source } from './source.ts';
import { fillUp } from './byte-stream.ts';
import { FileStretch } from './file-stretch.ts';

const PART_BYTES = 1 << 20;
/** Left free on the disk; asked for each time as many bytes were written. */
const FLOOR_BYTES = 2 ** 28;
const ASK_BYTES = 2 ** 26;

/**
 * A file on disk, already without a name, for what is packed but has to be entered in the middle (workbooks, Parquet,
 * archives): each takes a stretch of it. Made with the first one; its space is free again once it is closed, whatever
 * happens.
 */
export class Spill {
  private readonly folder: string;
  private handle: FileHandle | undefined;
  private usedBytes = 0;

  /** `folder` is on the disk that may be used. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** The same content as a source that can be entered anywhere. Throws EtlFailure 75 where the disk has no room for it. */
  async seekable(source: Source): Promise<Source> {
    if (source.isSeekable) return source;
    const handle = await this.open();
    const start = this.usedBytes;
    const stream = source.stream();
    try {
      await this.copy(stream, handle, source.path);
    } finally {
      stream.close();
    }
    return new FileStretch({ within: source, handle, start, sizeBytes: this.usedBytes - start });
  }

  async close(): Promise<void> {
    await this.handle?.close();
    this.handle = undefined;
  }

  private async copy(stream: ByteStream, handle: FileHandle, path: string): Promise<void> {
    const part = Buffer.allocUnsafeSlow(PART_BYTES);
    for (let copied = 0; ; copied += part.length) {
      if (copied % ASK_BYTES === 0) await this.assertRoom(path);
      const count = await fillUp(stream, part);
      if (count === 0) return;
      await handle.write(part, 0, count, this.usedBytes);
      this.usedBytes += count;
    }
  }

  private async assertRoom(path: string): Promise<void> {
    const { bavail, bsize } = await statfs(this.folder);
    if (bavail * bsize >= FLOOR_BYTES) return;
    throw awayFailure(
      `${path} can't be unpacked: ${this.folder} has less than ${FLOOR_BYTES / 2 ** 20} MB left; make room, or put the file in unpacked`,
    );
  }

  private async open(): Promise<FileHandle> {
    if (this.handle) return this.handle;
    await mkdir(this.folder, { recursive: true });
    const path = join(this.folder, 'unpacked');
    this.handle = await open(path, 'w+');
    await rm(path);
    return this.handle;
  }
}
