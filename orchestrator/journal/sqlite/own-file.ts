import { lstatSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf, OrchestratorError } from '../../errors.ts';

/** What SQLite keeps beside a database, https://www.sqlite.org/tempfiles.html. */
const SIDE_FILES = ['', '-wal', '-shm', '-journal'] as const;
const OTHERS_WRITE = 0o002;

/**
 * Throws an OrchestratorError where the database at this path, or what SQLite keeps beside it, is anything but a file
 * of this user, of root or of the folder's owner: a FIFO would be waited for, a log of another's making would be
 * believed. Only looked at, never opened: closing a descriptor would give back the locks that this process has on the
 * file.
 */
export function assertOwnDatabase(path: string): void {
  for (const side of SIDE_FILES) assertOwnFile(path + side);
}

/** As assertOwnDatabase(), of one file; one that is missing is fine. */
export function assertOwnFile(path: string): void {
  const found = findOwn(path);
  if (found !== undefined && !found.isFile()) throw foreign(path, 'it is no regular file');
}

/** As assertOwnFile(), of a folder. */
export function assertOwnFolder(path: string): void {
  const found = findOwn(path);
  if (found !== undefined && !found.isDirectory()) throw foreign(path, 'it is no folder');
}

/** What is there, or where an administrator's link to another disk leads. */
function findOwn(path: string): Stats | undefined {
  const found = look(path);
  if (found === undefined) return undefined;
  if (!trustedOwners(dirname(path)).includes(found.uid)) throw foreign(path, `it belongs to uid ${found.uid}`);
  return found.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : found;
}

/** Throws an OrchestratorError where everybody can put files into a folder: what they put beside a database would be read. */
export function assertOursAlone(folder: string): void {
  const { mode } = statSync(folder);
  if ((mode & OTHERS_WRITE) === 0) return;
  throw new OrchestratorError(
    'never',
    `${folder} can be written by everybody, who could put a journal of their own there; give JOURNAL a folder that only uid ${process.geteuid?.()} can write`,
  );
}

/** Root, this user, and whoever owns the folder, who could do anything there. */
function trustedOwners(folder: string): number[] {
  return [0, process.geteuid?.() ?? 0, statSync(folder).uid];
}

function foreign(path: string, why: string): OrchestratorError {
  return new OrchestratorError(
    'never',
    `${path} is not this orchestrator's (${why}): somebody else put it there; look at it, and remove it`,
  );
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    if (codeOf(error) === 'EACCES') throw closed(dirname(path), error);
    throw error;
  }
}

/** DATA_DIR is its user's alone. */
function closed(folder: string, cause: unknown): OrchestratorError {
  const owner = statSync(folder, { throwIfNoEntry: false })?.uid;
  const whose = owner === undefined ? 'its owner' : `uid ${owner}`;
  return new OrchestratorError('never', `${folder} can be entered by ${whose} alone; run this command as that user`, {
    cause,
  });
}
