import { randomBytes } from 'node:crypto';
import {
  constants,
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { codeOf, messageOf, OrchestratorError } from '../../errors.ts';

const RANDOM_BYTES = 32;
const OWN_ALONE = 0o600;
const OTHERS = 0o077;
const LONGEST = 1024;
/** What may stand behind `Bearer` (RFC 6750), and can't be guessed. */
const TOKEN = /^[A-Za-z0-9._~+/-]{32,}=*$/;

export interface TokenFile {
  token: string;
  /** What people must know of the file, or null. */
  warning: string | null;
}

/**
 * The token of DATA_DIR/token, which is made where it is missing; the caller holds DATA_DIR's lock. Throws an
 * OrchestratorError `never` where the file is somebody else's, or no token. One of our own that others could read is
 * closed to them.
 */
export function provideToken(dataDir: string): TokenFile {
  const path = tokenPath(dataDir);
  const found = withFile(path, file => ({ token: tokenOf(path, file), warning: tighten(path, file) }));
  if (found !== null) return found;
  try {
    return { token: writeToken(path), warning: null };
  } catch (error) {
    throw cannot(path, 'written', messageOf(error), 'give its user the right to write in DATA_DIR', error);
  }
}

/**
 * The token, for a command that asks the service; null where there is none yet. Throws an OrchestratorError `never`
 * where it can't be read.
 */
export function readToken(dataDir: string): string | null {
  const path = tokenPath(dataDir);
  return withFile(path, file => tokenOf(path, file));
}

function tokenPath(dataDir: string): string {
  return join(dataDir, 'token');
}

/** Under another name first: a crash leaves no half of a token. Returns it. */
function writeToken(path: string): string {
  const token = randomBytes(RANDOM_BYTES).toString('base64url');
  const made = `${path}.new`;
  rmSync(made, { force: true });
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  const file = openSync(made, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, OWN_ALONE);
  try {
    writeSync(file, `${token}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(made, path);
  return token;
}

/** null where there is none. */
function withFile<Result>(path: string, work: (file: number) => Result): Result | null {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  let file: number;
  try {
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw cannotOpen(path, error);
  }
  try {
    return work(file);
  } finally {
    closeSync(file);
  }
}

function tokenOf(path: string, file: number): string {
  const { size } = fstatSync(file);
  if (!fstatSync(file).isFile() || size > LONGEST) throw notTaken(path, 'it is no small regular file');
  const token = textOf(file);
  if (!TOKEN.test(token)) throw notTaken(path, 'it holds no token of at least 32 letters and digits');
  return token;
}

/** Closes the file to others. Returns what people must know of that. Throws where it isn't ours, or has a name elsewhere. */
function tighten(path: string, file: number): string | null {
  const { uid, mode, nlink } = fstatSync(file);
  const user = geteuid?.() ?? uid;
  if (uid !== user) throw notTaken(path, `it belongs to uid ${uid}, not to ${user}`);
  if (nlink !== 1) throw notTaken(path, 'it has another name besides');
  if ((mode & OTHERS) === 0) return null;
  fchmodSync(file, OWN_ALONE);
  const shown = (mode & 0o777).toString(8);
  return `${path} could be read by others (mode ${shown}) and is closed to them now; remove it and start again for a new token`;
}

function textOf(file: number): string {
  const bytes = Buffer.alloc(LONGEST);
  return bytes.toString('latin1', 0, readSync(file, bytes, 0, LONGEST, 0)).trim();
}

function cannotOpen(path: string, error: unknown): OrchestratorError {
  if (codeOf(error) === 'ELOOP') return notTaken(path, 'it is a link');
  const advice = 'run the command as the user that the orchestrator runs as';
  return cannot(path, 'read', codeOf(error) ?? messageOf(error), advice, error);
}

function notTaken(path: string, why: string): OrchestratorError {
  return cannot(path, 'used', why, 'remove it; the next start makes a new one');
}

function cannot(path: string, what: string, why: string, advice: string, cause?: unknown): OrchestratorError {
  return new OrchestratorError('never', `the API's token ${path} can't be ${what}: ${why}; ${advice}`, { cause });
}
