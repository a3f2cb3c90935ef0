// A thread that opens paths as another user, and says what it got. Only this thread changes: setfsuid(2) and
// setfsgid(2) are a thread's own, and so is setgroups(2) where it is called past the C library, which would tell all
// threads. A process in its place would belong to that user, who could make it lie.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { libc } from '../libc.ts';
import type { UserAnswer, UserQuestion } from './as-user.ts';
import { OPEN } from './reach.ts';

interface User {
  uid: number;
  gid: number;
  groups: readonly number[];
}

/** From the kernel's tables of system calls. */
const SETGROUPS: Partial<Record<NodeJS.Architecture, number>> = { x64: 116, arm64: 159, riscv64: 159, loong64: 159 };
/** Changes nothing, and gives what is in force. */
const ASK = 0xff_ff_ff_ff;

const setfsuid = libc().func('int setfsuid(uint32_t uid)');
const setfsgid = libc().func('int setfsgid(uint32_t gid)');
const syscall = libc().func('long syscall(long number, ...)');
const own: User = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, groups: process.getgroups?.() ?? [] };

parentPort?.on('message', ({ id, path, ...user }: UserQuestion) => {
  parentPort?.postMessage({ id, identity: asUser(user, () => identityAt(path)) } satisfies UserAnswer);
});

function asUser<T>(user: User, act: () => T): T {
  become(user);
  try {
    return act();
  } finally {
    become(own);
  }
}

/** Throws, which ends this thread, where anything of it was refused. */
function become({ uid, gid, groups }: User): void {
  setGroups(groups);
  setfsgid(gid);
  setfsuid(uid);
  if (setfsgid(ASK) !== gid || setfsuid(ASK) !== uid)
    throw new Error(`setfsuid(${uid}) was refused: it takes CAP_SETUID`);
}

function setGroups(groups: readonly number[]): void {
  const number = SETGROUPS[process.arch];
  if (number === undefined) throw new Error(`unknown on ${process.arch}`);
  const done = syscall(number, 'size_t', groups.length, 'uint32_t *', Uint32Array.from(groups)) as number;
  if (done !== 0) throw new Error('setgroups was refused: it takes CAP_SETGID');
}

function identityAt(path: string): string | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, OPEN.file);
  } catch {
    return null;
  }
  try {
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    return `${dev}:${ino}`;
  } finally {
    closeSync(descriptor);
  }
}
