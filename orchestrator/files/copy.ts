import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { OpenFile } from './open-file.ts';
import { libc } from '../libc.ts';
import type { Folder } from './folder.ts';

/** Copied in one go: a cancellation, and a disk that fills, are noticed within a second or so. */
const CHUNK_BYTES = 64 << 20;
const BUFFER_BYTES = 1 << 20;

/** From linux/fs.h: the same on all that Node runs on but ppc64, where nothing is shared. */
const FICLONE = 0x40049409;

/** Both give -1 where they can't. */
interface Native {
  /** The target's blocks are the source's from now on. */
  clone(target: number, source: number): Promise<number>;
  /** Bytes copied from where both descriptors stand; 0 at the end. */
  copyRange(source: number, target: number, bytes: number): Promise<number>;
}

let loaded: Native | undefined;

/**
 * Copies an open file, from its beginning, into a new one that is ours alone; returned to be closed. Costs nothing
 * where the file system can share the blocks (btrfs, xfs), and is done by the kernel elsewhere. `beforeEach` is called
 * before each part; what it throws ends the copying.
 */
export async function copyInto(
  source: OpenFile,
  to: Folder,
  name: string,
  beforeEach: () => Promise<void>,
): Promise<OpenFile> {
  const target = await createPlain(to, name);
  try {
    await beforeEach();
    if ((await native().clone(target.fd, source.fd)) !== 0) await copyParts(source, target, beforeEach);
    return target;
  } catch (error) {
    await target.close();
    throw error;
  }
}

/** copy_file_range(2) refuses a descriptor that appends. */
async function createPlain(to: Folder, name: string): Promise<OpenFile> {
  const made = await to.create(name);
  if (process.platform !== 'linux') return made;
  await using appending = made;
  return await open(`/proc/self/fd/${appending.fd}`, constants.O_WRONLY);
}

async function copyParts(source: OpenFile, target: OpenFile, beforeEach: () => Promise<void>): Promise<void> {
  for (;;) {
    const copied = await native().copyRange(source.fd, target.fd, CHUNK_BYTES);
    if (copied === 0) return;
    // Between file systems old kernels can't.
    if (copied < 0 && (await copyByHand(source, target)) === 0) return;
    await beforeEach();
  }
}

async function copyByHand(source: OpenFile, target: OpenFile): Promise<number> {
  const { bytesRead, buffer } = await source.read(Buffer.allocUnsafe(BUFFER_BYTES), 0, BUFFER_BYTES, null);
  let written = 0;
  while (written < bytesRead) written += (await target.write(buffer, written, bytesRead - written)).bytesWritten;
  return bytesRead;
}

function native(): Native {
  return (loaded ??= process.platform === 'linux' ? load() : { clone: async () => -1, copyRange: async () => -1 });
}

function load(): Native {
  const ioctl = libc().func('int ioctl(int target, unsigned long request, int source)');
  const range = libc().func(
    'long copy_file_range(int source, void *at, int target, void *to, size_t bytes, unsigned int flags)',
  );
  return {
    clone: (target, source) => called(done => ioctl.async(target, FICLONE, source, done)),
    copyRange: (source, target, bytes) => called(done => range.async(source, null, target, null, bytes, 0, done)),
  };
}

/** On a thread of its own: a large file takes its time. */
function called(call: (done: (error: Error | null, result: number) => void) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    call((error, result) => (error ? reject(error) : resolve(result)));
  });
}
