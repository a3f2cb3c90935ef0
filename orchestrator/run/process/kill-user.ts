import { randomInt } from 'node:crypto';
import { isRunUid } from '../../config/run-uids.ts';
import { OrchestratorError } from '../../errors.ts';
import { libc } from '../../libc.ts';

type SetUids = (call: number, real: number, effective: number, saved: number) => number;
type Kill = (pid: number, signal: number) => number;

/** setresuid(2) of this thread alone; the C library's own would change all threads. */
const SETRESUID: Partial<Record<NodeJS.Architecture, number>> = { x64: 117, arm64: 147 };
/**
 * Users that nobody is: who is to be killed can't signal whoever has one as real uid, as he could where that were his
 * own. Each process takes one at random, for those with the same real uid may signal each other: two orchestrators that
 * kill at the same moment would kill each other.
 */
const UNUSED_UIDS = { from: 2 ** 31, to: 2 ** 32 - 2 };
const SIGKILL = 9;
const EVERYBODY = -1;

const ownUid = randomInt(UNUSED_UIDS.from, UNUSED_UIDS.to);
let setUids: SetUids | undefined;
let kill: Kill | undefined;

/**
 * SIGKILL for all processes of a run's uid at one stroke, so that none can get away by forking: this thread is that
 * user for the time of one call of the kernel, in which it may signal nobody else, and which leaves out our own
 * process. Returns false where that can't be done here. Throws where the uid can't be a run's.
 */
export function killAllOf(uid: number): boolean {
  if (process.getuid?.() !== 0 || !isRunUid(uid)) throw new OrchestratorError('bug', `uid ${uid} is no run's`);
  const call = process.platform === 'linux' ? SETRESUID[process.arch] : undefined;
  if (call === undefined) return false;
  setUids ??= libc().func(
    'long syscall(long number, unsigned int real, unsigned int effective, unsigned int saved)',
  ) as SetUids;
  kill ??= libc().func('int kill(int pid, int signal)') as Kill;
  // In a user namespace there may be no such user.
  if (setUids(call, ownUid, uid, 0) !== 0 && setUids(call, uid, uid, 0) !== 0) return false;
  kill(EVERYBODY, SIGKILL);
  // As somebody else we must not go on.
  if (setUids(call, 0, 0, 0) !== 0) process.abort();
  return true;
}
