import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { codeOf } from '../errors.ts';
import { libc, requireKoffi } from '../libc.ts';
import { fileSystemKindOf } from './file-system.ts';

/** Whether someone has a file open for writing; `unknown` where that can't be seen. */
export type WriterAnswer = 'yes' | 'no' | 'unknown';

/** Sets the kind of lease and gives 0, or the errno. */
type SetLease = (descriptor: number, kind: number) => number;

// From fcntl.h, the same on every Linux architecture.
const F_SETLEASE = 1024;
const F_RDLCK = 0;
const F_UNLCK = 2;

// O_NONBLOCK: a FIFO must not make us wait for its writer, nor a foreign lease for its holder.
const LOOK = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

let setLease: SetLease | null | undefined;

/**
 * Whether any process of this kernel, in whatever container, has the file open for writing: a descriptor opened for reading,
 * or a path. Only regular files have an answer, others are `unknown`, as are files of others without CAP_LEASE, and every file
 * system but ext4, xfs, btrfs, zfs, tmpfs and overlay. A path throws what open(2) throws (ENOENT, EACCES).
 */
export function hasWriter(file: number | string): WriterAnswer {
  return typeof file === 'number' ? descriptorHasWriter(file) : pathHasWriter(file);
}

function pathHasWriter(path: string): WriterAnswer {
  let descriptor: number;
  try {
    descriptor = openSync(path, LOOK);
  } catch (error) {
    // Someone else's write lease (a file server's): they may be writing.
    if (codeOf(error) === 'EAGAIN') return 'yes';
    throw error;
  }
  try {
    return fstatSync(descriptor).isFile() ? descriptorHasWriter(descriptor) : 'unknown';
  } finally {
    closeSync(descriptor);
  }
}

/** The lease is held for microseconds: a writer that opens meanwhile waits that long. */
function descriptorHasWriter(descriptor: number): WriterAnswer {
  setLease ??= loadSetLease();
  if (!setLease || fileSystemKindOf(descriptor) !== 'local') return 'unknown';
  const errno = setLease(descriptor, F_RDLCK);
  if (errno === 0) {
    setLease(descriptor, F_UNLCK);
    return 'no';
  }
  return errno === requireKoffi().os.errno['EAGAIN'] ? 'yes' : 'unknown';
}

function loadSetLease(): SetLease | null {
  if (process.platform !== 'linux') return null;
  // A writer that opens while the lease is held makes the kernel send SIGIO, which ends a process that does not handle it.
  process.on('SIGIO', () => {});
  const koffi = requireKoffi();
  const fcntl = libc().func('int fcntl(int descriptor, int command, ...)');
  return (descriptor, kind) => (fcntl(descriptor, F_SETLEASE, 'int', kind) === 0 ? 0 : koffi.errno());
}
