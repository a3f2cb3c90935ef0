import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OrchestratorError } from '../../errors.ts';
import { assertOwnDatabase } from './own-file.ts';
import { giveUpRoom } from './room.ts';
import { isForWantOfSpace, journalError } from './sqlite-errors.ts';

const MIGRATIONS = join(import.meta.dirname, 'migrations');

const PRAGMAS = `
  PRAGMA trusted_schema = OFF;
  PRAGMA cell_size_check = ON;
  PRAGMA busy_timeout = 5000;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA foreign_keys = ON;
  PRAGMA temp_store = MEMORY;
  PRAGMA cache_size = -32000;
`;

/** What must be set before the first table is made; of a database that is there it would be a write, and fail on a full disk. */
const FIRST_PRAGMAS = 'PRAGMA auto_vacuum = INCREMENTAL';
/** Without the memory that connections share, which is a file. */
const ALONE = 'PRAGMA locking_mode = EXCLUSIVE';

export interface OpenOptions {
  /** Where the disk is full and nobody has the database open: for us alone, so that it can at least be read. */
  aloneWhenFull?: boolean;
}

/**
 * The journal's database, made or brought up to date. Throws an OrchestratorError that says what to do where it can't be
 * opened, is damaged, or was written by a newer program.
 */
export function openDatabase(path: string, { aloneWhenFull = false }: OpenOptions = {}): DatabaseSync {
  try {
    return open(path, '');
  } catch (error) {
    // Who only reads leaves it to whom it is held for.
    if (!aloneWhenFull && isForWantOfSpace(error) && giveUpRoom(path)) return openDatabase(path);
    const alone = aloneWhenFull && isForWantOfSpace(error) ? openAlone(path) : undefined;
    if (alone === undefined) throw journalError(path, error);
    return alone;
  }
}

function openAlone(path: string): DatabaseSync | undefined {
  try {
    return open(path, ALONE);
  } catch {
    // Why it can't be opened as it should has been told.
    return undefined;
  }
}

function open(path: string, first: string): DatabaseSync {
  assertOwnDatabase(path);
  const database = new DatabaseSync(path);
  try {
    database.enableDefensive(true);
    database.exec(first);
    if (schemaVersion(database) === 0) database.exec(FIRST_PRAGMAS);
    database.exec(PRAGMAS);
    migrate(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: DatabaseSync, path: string): void {
  const texts = migrationTexts();
  if (schemaVersion(database) === texts.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    const from = schemaVersion(database);
    if (from > texts.length) throw tooNew(path, from, texts.length);
    for (const text of texts.slice(from)) database.exec(text);
    database.exec(`PRAGMA user_version = ${texts.length}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** `<number>-<name>.sql`, numbered from 1 without a gap; what is in one that was released never changes. */
function migrationTexts(): string[] {
  const names = readdirSync(MIGRATIONS).filter(name => name.endsWith('.sql'));
  names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  return names.map(name => readFileSync(join(MIGRATIONS, name), 'utf8'));
}

function schemaVersion(database: DatabaseSync): number {
  return database.prepare('PRAGMA user_version').get()?.['user_version'] as number;
}

function tooNew(path: string, found: number, known: number): OrchestratorError {
  return new OrchestratorError(
    'never',
    `journal ${path} was written by a newer orchestrator (its schema is ${found}, this program knows ${known}); start that version again, or give this one another journal`,
  );
}
