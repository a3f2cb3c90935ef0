import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf, messageOf, OrchestratorError } from '../errors.ts';
import { assertOwnFile, assertOwnFolder } from '../journal/sqlite/own-file.ts';

/** What the orchestrator puts into DATA_DIR, and goes into. Somebody else's in their place would be believed, or waited for. */
const OWN_FILES = ['lock', 'lock.json', 'instance', 'token'] as const;
const OWN_FOLDERS = [
  'runs',
  'logs',
  'lake',
  'mended',
  'removed',
  'warm',
  'pids',
  'backup',
  'quarantine',
  'kibana',
] as const;

/** People's own: what lies in there is not ours. */
export const INBOX = 'in';
export const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;

const { O_RDONLY, O_DIRECTORY, O_NONBLOCK, O_NOFOLLOW } = constants;
/** From fcntl.h. Nothing is opened by it, so that its closing gives back no lock of ours (fcntl(2) on POSIX locks). */
const O_PATH = 0o10000000;
const BEYOND_OWNER = 0o077;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/**
 * Makes DATA_DIR where it is missing, and closes it and what stands in it to all but its owner: 0700, which closes all
 * below. What is in its inbox, and what others own, is left as it is. Returns what was changed and what can't be helped
 * here, in sentences for the log; nothing where all was well. Throws an OrchestratorError (`never`) where somebody else
 * made it in a folder that all may write, or put something in there.
 */
export function closeDataDir(dataDir: string): string[] {
  const descriptor = makeAndOpen(dataDir);
  try {
    const stats = fstatSync(descriptor);
    refuseForeign(dataDir, stats);
    for (const name of OWN_FILES) assertOwnFile(join(dataDir, name));
    for (const name of OWN_FOLDERS) assertOwnFolder(join(dataDir, name));
    const closed = closeFolder(descriptor, stats);
    const entries = closed ? closeEntries(dataDir, descriptor) : 0;
    return [...changeText(dataDir, stats, closed, entries), ...doubts(dataDir, stats)];
  } finally {
    closeSync(descriptor);
  }
}

function makeAndOpen(dataDir: string): number {
  try {
    mkdirSync(dataDir, { recursive: true, mode: FOLDER_MODE });
    return openSync(dataDir, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  } catch (error) {
    const why = codeOf(error) ?? messageOf(error);
    const message = `DATA_DIR ${dataDir} can't be made or opened (${why}); it must be a folder in which uid ${process.geteuid?.()} can write`;
    throw new OrchestratorError('never', message, { cause: error });
  }
}

/** Whoever made it before us in /tmp, say, could do in there as he likes, whatever we put into it. */
function refuseForeign(dataDir: string, { uid }: Stats): void {
  if (isTrusted(uid) || (statSync(dirname(realpathSync(dataDir))).mode & OTHERS_WRITE) === 0) return;
  throw new OrchestratorError(
    'never',
    `DATA_DIR ${dataDir} was made by uid ${uid} in a folder that everybody can write; remove it, or choose another`,
  );
}

/** Whether nobody but its owner can enter it now. */
function closeFolder(descriptor: number, { mode }: Stats): boolean {
  if ((mode & BEYOND_OWNER) === 0) return true;
  try {
    fchmodSync(descriptor, FOLDER_MODE);
  } catch (error) {
    if (!['EPERM', 'EROFS', 'ENOTSUP'].includes(codeOf(error) ?? '')) throw error;
  }
  return (fstatSync(descriptor).mode & BEYOND_OWNER) === 0;
}

/** Returns how many it changed. */
function closeEntries(dataDir: string, descriptor: number): number {
  const folder = process.platform === 'linux' ? `/proc/self/fd/${descriptor}` : dataDir;
  return readdirSync(folder).filter(name => name !== INBOX && closeEntry(join(folder, name))).length;
}

/**
 * Closes a folder or file of ours by its descriptor: nothing that is swapped for it meanwhile, and no link's target, is
 * touched. A file with another name may be somebody's elsewhere. Returns whether that changed anything. What vanishes
 * meanwhile is passed over.
 */
export function closeEntry(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || !isLaxAndOurs(found)) return false;
  if (process.platform !== 'linux') return change(path, found);
  const descriptor = openPath(path);
  if (descriptor === undefined) return false;
  try {
    const stats = fstatSync(descriptor);
    return isLaxAndOurs(stats) && change(`/proc/self/fd/${descriptor}`, stats);
  } finally {
    closeSync(descriptor);
  }
}

function isLaxAndOurs(stats: Stats): boolean {
  if ((stats.mode & BEYOND_OWNER) === 0 || stats.uid !== process.geteuid?.()) return false;
  return stats.isDirectory() || (stats.isFile() && stats.nlink === 1);
}

function change(path: string, stats: Stats): boolean {
  chmodSync(path, stats.isDirectory() ? FOLDER_MODE : FILE_MODE);
  return true;
}

function openPath(path: string): number | undefined {
  try {
    return openSync(path, O_PATH | O_NOFOLLOW);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function changeText(dataDir: string, { mode }: Stats, isClosed: boolean, entries: number): string[] {
  const was = (mode & 0o7777).toString(8).padStart(4, '0');
  if (!isClosed)
    return [`DATA_DIR ${dataDir} can be entered by others (${was}), and can't be closed; run: chmod 700 ${dataDir}`];
  if ((mode & BEYOND_OWNER) === 0) {
    const what = entries === 1 ? 'a file or folder was' : `${entries} files and folders were`;
    return entries === 0 ? [] : [`in DATA_DIR ${dataDir} ${what} open to others: closed to all but the owner now`];
  }
  const within = entries === 0 ? '' : `, and ${entries} of the files and folders in it`;
  return [`DATA_DIR ${dataDir} could be entered by others (${was}): it was closed to all but its owner${within}`];
}

/** Who else could put something in the place of DATA_DIR, or of what is in it. */
function doubts(dataDir: string, { uid }: Stats): string[] {
  const owner = isTrusted(uid) ? [] : [`it belongs to uid ${uid}`];
  const above = foldersAbove(realpathSync(dataDir)).flatMap(folder => {
    const stats = statSync(folder);
    if (!isTrusted(stats.uid) && stats.uid !== uid) return [`${folder} belongs to uid ${stats.uid}`];
    return (stats.mode & OTHERS_WRITE) !== 0 && (stats.mode & STICKY) === 0 ? [`everybody can write in ${folder}`] : [];
  });
  const reasons = [...owner, ...above];
  if (reasons.length === 0) return [];
  return [
    `DATA_DIR ${dataDir} can be replaced by others: ${reasons.join(', ')}; give it a place that only this user can write`,
  ];
}

function foldersAbove(path: string): string[] {
  const above = dirname(path);
  return above === path ? [] : [above, ...foldersAbove(above)];
}

function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}
