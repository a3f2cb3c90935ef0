import { readdirSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import { libc, requireKoffi } from '../../libc.ts';

/** A call that the kernel refused. */
export class KernelError extends Error {
  /** `EPERM` and its like. */
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = getSystemErrorName(-errno);
    super(`${call}: ${code}`);
    this.name = 'KernelError';
    this.code = code;
  }
}

/** From sched.h: what a thread can have of its own. */
export const NAMESPACES = {
  files: 0x0002_0000,
  ipc: 0x0800_0000,
  processes: 0x2000_0000,
  network: 0x4000_0000,
} as const;

export interface MountFlags {
  readOnly?: boolean;
  /** What is mounted below it, too, where the kernel can (5.12). */
  recursive?: boolean;
}

/** Calls of the kernel that concern the calling thread, and what it starts; Linux. Each throws a KernelError. */
export interface Kernel {
  /** From now on umask and mounts are this thread's own matter, and no program that it starts can gain a right. */
  setApart(umask: number): void;
  /** What it starts can't have a capability, be it root itself. Only root can. */
  dropCapabilities(): void;
  /** No program that is started from now on gets a descriptor that this process was itself started with. */
  keepDescriptors(): void;
  /** New ones, made like those it has; `NAMESPACES` added up. */
  unshare(namespaces: number): void;
  /** Into the namespace that a descriptor of /proc/…/ns names. */
  enter(descriptor: number, namespace: number): void;
  /** Mounts made from now on stay in here; those that others make are still seen. */
  keepMountsIn(): void;
  mountMemory(target: string, options: string): void;
  bind(source: string, target: string): void;
  /** Nothing that is mounted now can be written, and no set-uid program in it counts. */
  freeze(): void;
  /**
   * No device and no set-uid program below a mount counts; with `readOnly` nothing can be written, without it can be
   * what was frozen.
   */
  restrict(target: string, flags: MountFlags): void;
}

interface Change {
  set: number;
  cleared: number;
  recursive: boolean;
}

const F_SETFD = 2;
const FD_CLOEXEC = 1;
const FIRST_OWN_DESCRIPTOR = 3;
const CLONE_FS = 0x200;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAPBSET_DROP = 24;
const MS = {
  readOnly: 1,
  noSuid: 2,
  noDevices: 4,
  remount: 32,
  bind: 4096,
  recursive: 16_384,
  slave: 1 << 19,
} as const;
const MOUNT_SETATTR = 442;
const AT_FDCWD = -100;
const AT_RECURSIVE = 0x8000;
/** Of linux/capability.h: two halves of three words each, effective, permitted and inheritable. */
const CAPABILITY_VERSION = 0x2008_0522;
const MOST_CAPABILITIES = 64;
const ENOSYS = 38;

export function openKernel(): Kernel {
  const library = libc();
  const errno = () => requireKoffi().errno();
  const call = (name: string, signature: string) => {
    const native = library.func(signature);
    return (...values: unknown[]) => {
      if (native(...values) !== 0) throw new KernelError(name, errno());
    };
  };
  const unshare = call('unshare', 'int unshare(int flags)');
  const setns = call('setns', 'int setns(int descriptor, int kind)');
  const mount = call(
    'mount',
    'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
  );
  const prctl = library.func(
    'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
  );
  const getCapabilities = library.func('int capget(void *header, void *sets)');
  const setCapabilities = call('capset', 'int capset(void *header, void *sets)');
  const setMask = library.func('unsigned int umask(unsigned int mask)');
  const setAttributes = library.func(
    'long syscall(long number, int folder, const char *path, unsigned int flags, void *attributes, size_t size)',
  );

  return {
    setApart(umask) {
      // Docker's default profile forbids even this, without CAP_SYS_ADMIN: then there are no views, for which the umask is.
      if (library.func('int unshare(int flags)')(CLONE_FS) === 0) setMask(umask);
      if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) !== 0) throw new KernelError('prctl', errno());
    },
    dropCapabilities() {
      // Those that a program inherits, whatever the bounds are: the third word of each half.
      const header = Buffer.from(new Uint32Array([CAPABILITY_VERSION, 0]).buffer);
      const sets = new Uint32Array(6);
      if (getCapabilities(header, sets) !== 0) throw new KernelError('capget', errno());
      sets[2] = sets[5] = 0;
      setCapabilities(header, sets);
      for (let capability = 0; capability < MOST_CAPABILITIES; capability++) {
        // There are no more.
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) !== 0) return;
      }
    },
    keepDescriptors() {
      const control = library.func('int fcntl(int descriptor, int command, int value)');
      for (const name of readdirSync('/proc/self/fd'))
        if (Number(name) >= FIRST_OWN_DESCRIPTOR) control(Number(name), F_SETFD, FD_CLOEXEC);
    },
    unshare,
    enter: setns,
    keepMountsIn: () => mount('none', '/', null, MS.recursive | MS.slave, null),
    mountMemory: (target, options) => mount('tmpfs', target, 'tmpfs', MS.noSuid | MS.noDevices, options),
    bind: (source, target) => mount(source, target, null, MS.bind | MS.recursive, null),
    freeze: () => change('/', { set: MS.readOnly | MS.noSuid, cleared: 0, recursive: true }),
    restrict: (target, { readOnly = false, recursive = false }) =>
      change(target, {
        set: MS.noSuid | MS.noDevices | (readOnly ? MS.readOnly : 0),
        cleared: readOnly ? 0 : MS.readOnly,
        recursive,
      }),
  };

  function change(target: string, { set, cleared, recursive }: Change): void {
    // struct mount_attr of linux/mount.h: what is set, what is cleared, propagation, user namespace.
    const attributes = Buffer.from(new BigUint64Array([BigInt(set), BigInt(cleared), 0n, 0n]).buffer);
    const flags = recursive ? AT_RECURSIVE : 0;
    if (setAttributes(MOUNT_SETATTR, AT_FDCWD, target, flags, attributes, attributes.length) === 0) return;
    if (errno() !== ENOSYS) throw new KernelError('mount_setattr', errno());
    mount(null, target, null, MS.remount | MS.bind | set, null);
  }
}
