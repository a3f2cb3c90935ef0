import type { BigIntStats, Stats } from 'node:fs';
import type { Readable } from 'node:stream';

/** A file, or a folder, that is held open: what a FileHandle has of it that is used here. */
export interface OpenFile extends AsyncDisposable {
  readonly fd: number;
  stat(): Promise<Stats>;
  stat(options: { bigint: true }): Promise<BigIntStats>;
  /** May read less than there is. */
  read<T extends Buffer>(
    buffer: T,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ bytesRead: number; buffer: T }>;
  /** May write less than it is given. */
  write(bytes: Buffer, offset?: number, length?: number, position?: number | null): Promise<{ bytesWritten: number }>;
  /** Writes all of it. */
  writeFile(content: string | Uint8Array): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
  chmod(mode: number): Promise<void>;
  utimes(atime: Date, mtime: Date): Promise<void>;
  truncate(bytes: number): Promise<void>;
  sync(): Promise<void>;
  /** Its content up to the byte `end`. Closes it when it is over. */
  createReadStream(options: { end: number }): Readable;
  /** Idempotent. */
  close(): Promise<void>;
}
