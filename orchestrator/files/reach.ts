import { constants } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../errors.ts';
import { UntrustedFile } from './untrusted-file.ts';

/** From fcntl.h, the same on every Linux architecture: passing through a folder needs no right to list it. */
const O_PATH = process.platform === 'linux' ? 0o10000000 : 0;
// Windows has none of these.
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;
const O_DIRECTORY = constants.O_DIRECTORY ?? 0;
// A FIFO must not make us wait for its writer, nor a terminal become ours.
const O_QUIET = (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * How things are opened: none of these follows a link in the last name, but those for what is trusted: `anyFolder`,
 * `anyFile` and `place`.
 */
export const OPEN = {
  anyFolder: constants.O_RDONLY | O_DIRECTORY | O_QUIET,
  anyFile: constants.O_RDONLY | O_QUIET,
  folder: constants.O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_QUIET,
  /** To go on from there, not to list it. */
  place: O_PATH | O_DIRECTORY,
  step: O_PATH | O_DIRECTORY | O_NOFOLLOW,
  /** Whatever it is, a link itself: to be looked at, not read. */
  thing: O_PATH | O_NOFOLLOW,
  file: constants.O_RDONLY | O_NOFOLLOW | O_QUIET,
  change: constants.O_RDWR | O_NOFOLLOW | O_QUIET,
  log: constants.O_WRONLY | constants.O_APPEND | O_NOFOLLOW | O_QUIET,
  newFile: constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL | O_NOFOLLOW,
} as const;

/** A path that leads to what a descriptor stands for, wherever that is by now; undefined where the system has none. */
export function descriptorPath(descriptor: number): string | undefined {
  return process.platform === 'linux' ? `/proc/self/fd/${descriptor}` : undefined;
}

const PLAIN_NAME = /^(?!\.\.?$)[^/\0]+$/;

/** Whether a relative path is a single name, so that nothing is on the way to it. */
export function isPlainName(relative: string): boolean {
  return PLAIN_NAME.test(relative);
}

/** The names of a relative path, at least one, of which none leads out of the folder. Throws an UntrustedFile. */
export function namesOf(relative: string, folder: string): string[] {
  const names = relative.split('/').filter(name => name !== '' && name !== '.');
  const leadsOut = relative.startsWith('/') || relative.includes('\0') || names.includes('..') || names.length === 0;
  if (leadsOut) throw new UntrustedFile(join(folder, relative), 'path');
  return names;
}

/** What the system says where O_NOFOLLOW met a link. */
export function asBehindLink(error: unknown, path: string): unknown {
  return codeOf(error) === 'ELOOP' ? new UntrustedFile(path, 'link') : error;
}

/** What open(2) says of a socket, and of a folder to be written. */
export function asNoFile(error: unknown, path: string): unknown {
  return ['ENXIO', 'EISDIR'].includes(codeOf(error) ?? '') ? new UntrustedFile(path, 'not-a-file') : error;
}
