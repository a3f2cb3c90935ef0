import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OrchestratorError, messageOf } from '../../errors.ts';
import { assertOwnDatabase, assertOwnFile, assertOursAlone } from './own-file.ts';
import { isBusy } from './sqlite-errors.ts';

// A lock whose database nobody refers to any more would be given back by the garbage collector.
const held = new Set<DatabaseSync>();

/**
 * Keeps DATA_DIR (made if missing) for this process alone. It is SQLite's own lock on `DATA_DIR/lock`, which the kernel gives
 * back when the process dies, however it dies; `lock.json` beside it only says who it is. Throws an OrchestratorError that
 * names the holder. Returns how to give it back, more than once if need be.
 */
export function lockDataDir(dataDir: string): () => void {
  const database = openLock(dataDir);
  try {
    // rule 10: its lease is freed only when its holder is dead
    database.exec('PRAGMA busy_timeout = 200; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw isBusy(error) ? heldError(dataDir) : cannotLock(dataDir, error);
  }
  held.add(database);
  const note = join(dataDir, 'lock.json');
  writeFileSync(note, `${JSON.stringify({ pid: process.pid, host: hostname() })}\n`);
  return () => {
    if (!database.isOpen) return;
    rmSync(note, { force: true });
    held.delete(database);
    database.close();
  };
}

/** Says in the note beside a lock that this process holds where its API listens. */
export function tellAddress(dataDir: string, listens: { host: string; port: number }): void {
  const note = join(dataDir, 'lock.json');
  assertOwnFile(note);
  writeFileSync(`${note}.new`, `${JSON.stringify({ pid: process.pid, host: hostname(), listens })}\n`);
  renameSync(`${note}.new`, note);
}

/** As lockDataDir(), and the folder of a journal that is elsewhere: two orchestrators never share one. */
export function lockJournal({ dataDir, journal }: { dataDir: string; journal: string }): () => void {
  const unlock = lockDataDir(dataDir);
  const folder = dirname(journal);
  if (folder === dataDir) return unlock;
  try {
    mkdirSync(folder, { recursive: true });
    assertOursAlone(folder);
    // rule 10: two orchestrators never share a journal
    const unlockFolder = lockDataDir(folder);
    return () => {
      unlockFolder();
      unlock();
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Who has DATA_DIR. */
export interface Holder {
  pid: number;
  host: string;
  /** Where its API listens, once it does. */
  listens?: { host: string; port: number };
}

/** Who has DATA_DIR now, as far as is known, or null: nobody. Never disturbs the one who has it. */
export function readHolder(dataDir: string): Holder | null {
  const path = join(dataDir, 'lock');
  assertOwnDatabase(path);
  if (!existsSync(path)) return null;
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    database.exec('PRAGMA busy_timeout = 0; SELECT count(*) FROM sqlite_schema');
    return null;
  } catch (error) {
    if (!isBusy(error)) throw cannotLock(dataDir, error);
    return readNote(dataDir) ?? { pid: 0, host: 'unknown' };
  } finally {
    database.close();
  }
}

function openLock(dataDir: string): DatabaseSync {
  try {
    mkdirSync(dataDir, { recursive: true });
    assertOwnDatabase(join(dataDir, 'lock'));
    assertOwnFile(join(dataDir, 'lock.json'));
    return new DatabaseSync(join(dataDir, 'lock'));
  } catch (error) {
    throw cannotLock(dataDir, error);
  }
}

function heldError(dataDir: string): OrchestratorError {
  return new OrchestratorError(
    'never',
    `DATA_DIR ${dataDir} is in use by another orchestrator (${holderText(dataDir)}); stop that one, or give this one its own DATA_DIR and JOURNAL`,
  );
}

function cannotLock(dataDir: string, error: unknown): OrchestratorError {
  if (error instanceof OrchestratorError) return error;
  return new OrchestratorError(
    'never',
    `DATA_DIR ${dataDir} can’t be locked: ${messageOf(error)}; its user must be able to write there, on a file system with locks`,
    { cause: error },
  );
}

function holderText(dataDir: string): string {
  const note = readNote(dataDir);
  return note ? `pid ${note.pid} on ${note.host}` : 'its pid is not known yet';
}

function readNote(dataDir: string): Holder | undefined {
  try {
    assertOwnFile(join(dataDir, 'lock.json'));
    return JSON.parse(readFileSync(join(dataDir, 'lock.json'), 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}
