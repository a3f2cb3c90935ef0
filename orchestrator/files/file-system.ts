import { statfsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';

/**
 * local: a read lease tells whether a file has a writer · network: changes made elsewhere send no event here, and leases
 * say nothing reliable · other: events work, writers can't be seen.
 */
export type FileSystemKind = 'local' | 'network' | 'other';

/** f_type of statfs(2), from linux/magic.h and the sources of the file systems that are not in it. */
const LOCAL = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // xfs
  0x9123683e, // btrfs
  0x2fc12fc1, // zfs
  0x01021994, // tmpfs
  0x794c7630, // overlay
]);

const NETWORK = new Set([
  0x6969, // nfs
  0x517b, // smb
  0xff534d42, // cifs
  0xfe534d42, // smb2
  0x65735546, // fuse: sshfs, virtiofs, Docker Desktop's mounts
  0x01021997, // 9p
  0x786f4256, // vboxsf
  0xbacbacbc, // vmhgfs
  0x7c7c6673, // Parallels
  0x00c36400, // ceph
  0x5346414f, // OpenAFS
  0x6b414653, // kAFS
  0x73757245, // coda
  0x0bd00bd0, // lustre
  0x47504653, // gpfs
  0x19830326, // beegfs
  0x01161970, // gfs2
  0x7461636f, // ocfs2
]);

/** The kind of the file system that what is open here is on. Throws what statfs(2) throws. */
export async function fileSystemKind(descriptor: number): Promise<FileSystemKind> {
  return process.platform === 'linux' ? kindOfType((await statfs(`/proc/self/fd/${descriptor}`)).type) : 'other';
}

/** The same, at once. Linux only. */
export function fileSystemKindOf(descriptor: number): FileSystemKind {
  return kindOfType(statfsSync(`/proc/self/fd/${descriptor}`).type);
}

function kindOfType(type: number): FileSystemKind {
  // Some kernels hand out the 32 bits sign-extended.
  const unsigned = type >>> 0;
  if (LOCAL.has(unsigned)) return 'local';
  return NETWORK.has(unsigned) ? 'network' : 'other';
}
