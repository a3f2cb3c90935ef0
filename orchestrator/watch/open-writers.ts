import { codeOf } from '../errors.ts';
import type { Folder } from '../files/folder.ts';
import { examineNow } from '../files/now.ts';
import { libc, requireKoffi } from '../libc.ts';
import { fileSystemKindOf } from '../files/file-system.ts';

/** Whether someone has a file open for writing; `unknown` where that can't be seen. */
export type WriterAnswer = 'yes' | 'no' | 'unknown';

/** Sets the kind of lease and gives 0, or the errno. */
type SetLease = (descriptor: number, kind: number) => number;

// From fcntl.h, the same on every Linux architecture.
const F_SETLEASE = 1024;
const F_RDLCK = 0;
const F_UNLCK = 2;

let setLease: SetLease | null | undefined;

/**
 * Whether any process of this kernel, in whatever container, has a file open for writing that is open for reading here.
 * Only regular files have an answer, others are `unknown`, as are files of others without CAP_LEASE, and every file
 * system but ext4, xfs, btrfs, zfs, tmpfs and overlay. The lease is held for microseconds: a writer that opens
 * meanwhile waits that long.
 */
export function hasWriter(descriptor: number): WriterAnswer {
  setLease ??= loadSetLease();
  if (!setLease || fileSystemKindOf(descriptor) !== 'local') return 'unknown';
  const errno = setLease(descriptor, F_RDLCK);
  if (errno === 0) {
    // rule 1: the lease is given back at once
    setLease(descriptor, F_UNLCK);
    return 'no';
  }
  // rule 1: a file with an open writer is not taken
  return errno === requireKoffi().os.errno['EAGAIN'] ? 'yes' : 'unknown';
}

/** The same of a regular file in a folder of a local file system, opened for that moment. Throws what openFile() throws. */
export function hasWriterAt(folder: Folder, path: string): WriterAnswer {
  try {
    return examineNow(folder, path, hasWriter);
  } catch (error) {
    if (isLeased(error)) return 'yes';
    throw error;
  }
}

/** What open(2) says where someone else holds a write lease (a file server): they may be writing. */
export function isLeased(error: unknown): boolean {
  return codeOf(error) === 'EAGAIN';
}

function loadSetLease(): SetLease | null {
  if (process.platform !== 'linux') return null;
  // A writer that opens while the lease is held makes the kernel send SIGIO, which ends a process that does not handle it.
  // rule 1: SIGIO is handled before the first lease
  process.on('SIGIO', () => {});
  const fcntl = libc().func('int fcntl(int descriptor, int command, ...)');
  return (descriptor, kind) => (fcntl(descriptor, F_SETLEASE, 'int', kind) === 0 ? 0 : requireKoffi().errno());
}
