import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, OrchestratorError } from '../../errors.ts';
import { livingOf, hasVariable, listProcesses, type ProcessEntry, readBootId, readProcess } from './process-table.ts';
import { killAllOf } from './kill-user.ts';

/** A process that leads a session and a group of its own, and what tells it from a later one with its pid. */
export interface Leader {
  pid: number;
  startTime: string;
  bootId: string;
  /** WORK_DIR in its environment, which its children inherit. */
  workDir: string;
  /** Where it is nobody else's: whatever has it belongs to the leader. */
  uid?: number;
}

const POLL_MS = 10;
/** One that has much memory, or no core, takes its time to end. */
const LONGEST_POLL_MS = 80;

/** The leader that a process just started is, or undefined where it has ended already. */
export function leaderOf(pid: number, workDir: string, uid: number | undefined): Leader | undefined {
  const entry = readProcess(pid);
  return (
    entry && { pid, startTime: entry.startTime, bootId: readBootId(), workDir, ...(uid === undefined ? {} : { uid }) }
  );
}

/**
 * A leader of an earlier orchestrator. Its uid may be another run's by now: it says who belongs to it only as long as
 * its WORK_DIR is its own.
 */
export function ownOf({ uid, ...leader }: Leader): Leader {
  const owner = statSync(leader.workDir, { throwIfNoEntry: false })?.uid;
  return uid !== undefined && uid === owner ? { ...leader, uid } : leader;
}

/** Whether it is there and has not ended, though nobody may have heard of its end yet. */
export function isLeading({ pid, startTime }: Leader): boolean {
  const entry = readProcess(pid);
  return entry !== undefined && !entry.isZombie && entry.startTime === startTime;
}

/**
 * The leader's processes that are alive, itself among them: those that have its uid, wherever they went; without one of
 * its own those of its group, those of its session that made a group of their own, and those that have its WORK_DIR in
 * their environment.
 */
export function livingMembers(leader: Leader): ProcessEntry[] {
  return livingBeside(leader, []);
}

/** `seen`: members that an earlier look found. */
function livingBeside(leader: Leader, seen: readonly ProcessEntry[]): ProcessEntry[] {
  if (leader.bootId !== readBootId()) return [];
  const { uid } = leader;
  return uid === undefined ? membersOfSession(leader, seen) : livingOf(uid);
}

function membersOfSession(leader: Leader, seen: readonly ProcessEntry[]): ProcessEntry[] {
  const entries = listProcesses();
  const isSeen = (entry: ProcessEntry): boolean => seen.some(member => isSame(member, entry));
  // rule 10: without a uid of their own they are killed by group
  const isBearer = ({ group, session }: ProcessEntry): boolean => group === leader.pid || session === leader.pid;
  // A pid isn't given anew while a group or session bears it; without any whom we know to bear it a session could be a
  // stranger's that came and went.
  const isOurs = entries.some(entry => isSame(leader, entry) || (isBearer(entry) && isSeen(entry)));
  // By the environment who went into a session of its own is found, too, and where nobody leads any more that alone decides.
  return entries.filter(
    entry =>
      !entry.isZombie &&
      // rule 10: or by their environment, in whichever session
      ((isOurs && isBearer(entry)) || isSeen(entry) || hasVariable(entry.pid, 'WORK_DIR', leader.workDir)),
  );
}

function isSame(one: Pick<ProcessEntry, 'pid' | 'startTime'>, other: ProcessEntry): boolean {
  // rule 10: they are found by pid and start time
  return one.pid === other.pid && one.startTime === other.startTime;
}

/** Sends the signal to each living member. Returns how many there were. Throws `wait` where one is another user's. */
export function signalMembers(leader: Leader, signal: NodeJS.Signals): number {
  return signalAll(livingMembers(leader), signal).length;
}

/** SIGKILL until no member is alive: without a uid of its own one may fork while it is done. Returns how many were seen. */
export async function killMembers(leader: Leader): Promise<number> {
  let killed = 0;
  let seen: ProcessEntry[] = [];
  for (let pauseMs = POLL_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_POLL_MS)) {
    seen = killOnce(leader, seen);
    if (seen.length === 0) return killed;
    killed = Math.max(killed, seen.length);
    await delay(pauseMs);
  }
}

/**
 * Returns those that were there. None found before the kill proves nothing, for one that forks and ends is missed by
 * every look; none found after it does.
 */
function killOnce(leader: Leader, seen: readonly ProcessEntry[]): ProcessEntry[] {
  const members = livingBeside(leader, seen);
  const { uid, bootId } = leader;
  // rule 10: they are killed by their uid, wherever they went
  if (uid === undefined || bootId !== readBootId() || !killAllOf(uid)) return signalAll(members, 'SIGKILL');
  // Those that were there a moment ago get time to end: a look at all processes takes milliseconds.
  return members.length > 0 ? members : livingMembers(leader);
}

function signalAll(members: ProcessEntry[], signal: NodeJS.Signals): ProcessEntry[] {
  for (const { pid } of members) signalOne(pid, signal);
  return members;
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return;
    throw new OrchestratorError(
      'wait',
      `process ${pid} can't be stopped (${codeOf(error)}): it took another user; end it`,
      {
        cause: error,
      },
    );
  }
}
