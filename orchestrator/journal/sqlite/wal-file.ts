import { close, constants, fdatasync, open } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';

/** SQLite's log of what was written, `<path>-wal`. */
export interface WalFile {
  /** Resolves once all transactions that were committed before are on disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * SQLite would sync it within each commit, and keep the event loop for a millisecond (synchronous=FULL). With
 * synchronous=NORMAL it leaves that to us: here it is done in a thread, and whoever made the commit hears of it
 * afterwards. Its frames have checksums, so a loss of power in between takes the last commits back, whole. Where the
 * file system allows no WAL, SQLite syncs itself.
 */
export function openWalFile(path: string, database: DatabaseSync): WalFile {
  const { journal_mode: mode } = database.prepare('PRAGMA journal_mode').get() ?? {};
  if (mode !== 'wal') {
    database.exec('PRAGMA synchronous = FULL');
    return { sync: async () => undefined, close: async () => undefined };
  }
  // The same file for as long as the database is open; there from the first commit on.
  let descriptor: number | undefined;
  return {
    async sync() {
      descriptor ??= await promisify(open)(`${path}-wal`, constants.O_RDONLY | constants.O_NOFOLLOW);
      await promisify(fdatasync)(descriptor);
    },
    async close() {
      if (descriptor !== undefined) await promisify(close)(descriptor);
      descriptor = undefined;
    },
  };
}
