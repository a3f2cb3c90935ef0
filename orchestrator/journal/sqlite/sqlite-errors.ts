import { OrchestratorError, messageOf } from '../../errors.ts';

// https://www.sqlite.org/rescode.html; the low byte is the primary code.
const BUSY = 5;
const LOCKED = 6;
const READ_ONLY = 8;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CAN_NOT_OPEN = 14;
const CONSTRAINT = 19;
const NOT_A_DATABASE = 26;

/** What SQLite threw, as an error for people that names the journal; what isn't SQLite's is returned as it is. */
export function journalError(path: string, error: unknown): unknown {
  const code = primaryCode(error);
  if (code === undefined) return error;
  const [kind, advice] = adviceFor(code);
  return new OrchestratorError(kind, `journal ${path}: ${messageOf(error)}; ${advice}`, { cause: error });
}

/** Whether SQLite says that another connection holds what was asked for. */
export function isBusy(error: unknown): boolean {
  const code = primaryCode(error);
  return code === BUSY || code === LOCKED;
}

/** Whether it may be that the disk is full: the files beside the database could not be made, either. */
export function isForWantOfSpace(error: unknown): boolean {
  const code = primaryCode(error);
  return code === FULL || code === IO_ERROR || code === CAN_NOT_OPEN;
}

/** Whether SQLite says that the disk has no room for a write. */
export function isFull(error: unknown): boolean {
  return primaryCode(error) === FULL;
}

function primaryCode(error: unknown): number | undefined {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' ? errcode & 0xff : undefined;
}

function adviceFor(code: number): ['wait' | 'never' | 'bug', string] {
  switch (code) {
    case BUSY:
    case LOCKED:
      return ['wait', 'another process has been writing to it for 5 s; end what works on it by hand'];
    case READ_ONLY:
      return ['never', 'it can’t be written; give the orchestrator’s user write access to the file and its folder'];
    case IO_ERROR:
      return ['wait', 'its disk is full, or fails to read or write; free some space, or look at the system’s log'];
    case CORRUPT:
    case NOT_A_DATABASE:
      return [
        'never',
        'it is damaged, or not a journal; stop the orchestrator, restore the file from a backup or move it away (with its -wal and -shm): a new journal takes every file anew, and equal files give equal ids',
      ];
    case FULL:
      return ['wait', 'its disk is full; free some space'];
    case CAN_NOT_OPEN:
      return ['never', 'it can’t be opened; its folder must exist and be writable by the orchestrator’s user'];
    case CONSTRAINT:
      return ['bug', 'the journal refused a state that must not be'];
    default:
      return ['bug', 'the journal could not do what it was told'];
  }
}
