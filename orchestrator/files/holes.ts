import type { BigIntStats } from 'node:fs';
import { statfs } from 'node:fs/promises';

/** Smaller ones are read, whatever is in them. */
const LARGE_BYTES = 1n << 30n;
const BLOCK_BYTES = 512n;
/** What a large file claims to hold is at most so many times what the disk holds of it. */
const MOST_TIMES = 64n;

/**
 * Where stat(2) tells of each file how much of it was written: btrfs counts what it compresses as it was before. Not
 * zfs, which packs honest text 250 times at best and counts late; not what is mounted from elsewhere. From
 * linux/magic.h.
 */
const COUNTING = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // xfs
  0x9123683e, // btrfs
  0x01021994, // tmpfs
  0x794c7630, // overlay
]);

/** Whether next to nothing of a large file was ever written, as far as the blocks say that it has. */
export function seemsHollow({ size, blocks }: BigIntStats): boolean {
  return size > LARGE_BYTES && blocks * BLOCK_BYTES * MOST_TIMES < size;
}

/** Whether the blocks mean that, where the descriptor is: of the file or of its folder. */
export async function countsBlocks(descriptor: number): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const { type } = await statfs(`/proc/self/fd/${descriptor}`);
  // Some kernels hand out the 32 bits sign-extended.
  return COUNTING.has(type >>> 0);
}
