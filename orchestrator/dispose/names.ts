import { basename, dirname, join } from 'node:path';
import { formerPaths } from '../files/stored-name.ts';

// 255 bytes is the longest name of most file systems; a run's id and the rest take less than 60.
const LONGEST_NAME_BYTES = 255;
const LONGEST_STEM_BYTES = 180;

/** Where a file waits, unseen by anyone, while it is looked at for the last time. */
export function hiddenName(path: string, runId: string): string {
  return join(dirname(path), `.${shortened(basename(path))}.${runId}.taken`);
}

/** Where the content stands beside its target before it gets its name. */
export function stagedName(target: string, runId: string): string {
  return join(dirname(target), `.${shortened(basename(target))}.${runId}.part`);
}

/** `<name>.<run><ext>`: free for sure, since no other run has this id. `.csv.gz` is one ending. */
export function runName(path: string, runId: string): string {
  return named(path, runId);
}

/**
 * `<name>.<when><ext>` beside a file of the same name in the backup or the quarantine, such as
 * `january.2026-01-31T140307Z-5ed84c.csv`: when its run was made, in UTC, and the end of the run's id, since more than
 * one may be of a second.
 */
export function storedName(path: string, runId: string): string {
  const [, high, low, end] = UUID_V7.exec(runId) ?? [];
  if (high === undefined || low === undefined || end === undefined) return named(path, runId);
  const time = new Date(Number.parseInt(high + low, 16)).toISOString();
  return named(path, `${time.slice(0, 19).replaceAll(':', '')}Z-${end}`);
}

/** Its first 48 bits are milliseconds since 1970 (RFC 9562). */
const UUID_V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{6}([0-9a-f]{6})$/;

function named(path: string, what: string): string {
  const name = basename(path);
  const ending =
    /[^.](?<ending>(\.[a-z0-9]{1,10})?\.(gz|zst|bz2|xz|zip)|\.[^.]+)$/i.exec(name)?.groups?.['ending'] ?? '';
  const stem = name.slice(0, name.length - ending.length);
  return join(dirname(path), `${shortened(stem)}.${what}${ending}`);
}

/**
 * Paths, relative to WATCH_DIR, of which the file at this absolute path may be the backup, or in quarantine: all that
 * its own ends with, since both keep the path below their folder; and the name may have got what tells it from others.
 * The longest first.
 */
export function pathsOfStored(path: string): string[] {
  const names = path.split('/').filter(name => name !== '');
  return names.map((_, depth) => names.slice(depth).join('/')).flatMap(formerPaths);
}

/** Of a note beside a file: the file's name and the ending, shortened where that is too long. */
export function noteName(name: string, ending: string, runId: string): string {
  const plain = name + ending;
  if (Buffer.byteLength(plain) <= LONGEST_NAME_BYTES) return plain;
  return `${shortened(name)}.${runId}${ending}`;
}

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= LONGEST_STEM_BYTES) return name;
  // What is cut in the middle of a character ends in U+FFFD.
  return Buffer.from(name)
    .subarray(0, LONGEST_STEM_BYTES)
    .toString()
    .replace(/\uFFFD$/, '');
}
