import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync, realpathSync } from 'node:fs';
import { MOST_FILE_BYTES } from './bounds.ts';

/** Why a file is not read, in words that go on from "can't be read (". */
export class Unreadable extends Error {}

export interface ReadOptions {
  /** Whether a file at this path may be read: its real one, all links followed. Throws Unreadable where not. */
  allow?: (realPath: string) => void;
  /** Files with further names (hard links) are refused: one of them may be out of reach. */
  isOnlyName?: boolean;
}

/**
 * The bytes of a regular file of at most 1 MB. Nothing in its place (a FIFO, a device, a folder, a file of many
 * gigabytes) keeps the caller waiting or takes more memory. Throws Unreadable, or the system's error.
 */
export function readSmallFile(path: string, { allow, isOnlyName = false }: ReadOptions = {}): Buffer {
  const real = realpathSync(path);
  allow?.(real);
  const descriptor = openSync(
    real,
    constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY,
  );
  try {
    const { size, nlink } = regularFile(descriptor);
    if (!isAt(real, descriptor)) throw new Unreadable('it was replaced meanwhile');
    if (isOnlyName && nlink > 1) throw new Unreadable('it has several names (hard links)');
    if (size > MOST_FILE_BYTES) throw tooBig();
    return readAll(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function regularFile(descriptor: number): { size: number; nlink: number } {
  const found = fstatSync(descriptor);
  if (!found.isFile()) throw new Unreadable('it is no regular file');
  return found;
}

/** A folder above may have been swapped for a link since the path was resolved: the kernel says what was opened. */
function isAt(path: string, descriptor: number): boolean {
  if (process.platform !== 'linux') return true;
  return readlinkSync(`/proc/self/fd/${descriptor}`).replace(/ \(deleted\)$/, '') === path;
}

/** Its size is asked for twice: files of /proc say 0, and one may grow. */
function readAll(descriptor: number): Buffer {
  const bytes = Buffer.allocUnsafe(MOST_FILE_BYTES + 1);
  let length = 0;
  while (length < bytes.length) {
    const read = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (read === 0) return Buffer.from(bytes.subarray(0, length));
    length += read;
  }
  throw tooBig();
}

function tooBig(): Unreadable {
  return new Unreadable('it is larger than 1 MB');
}
