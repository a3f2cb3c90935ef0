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
  if (leader.bootId !== readBootId()) return [];
  const { uid } = leader;
  return uid === undefined ? membersOfSession(leader) : livingOf(uid);
}

function membersOfSession(leader: Leader): ProcessEntry[] {
  const first = readProcess(leader.pid);
  // A pid isn't given anew while a group or session bears it; without its leader a session could be a stranger's that
  // came and went.
  // rule 10: they are found by pid and start time
  const isOurs = first !== undefined && first.startTime === leader.startTime;
  // rule 10: without a uid of their own they are killed by group
  const isMember = ({ group, session }: ProcessEntry): boolean => group === leader.pid || session === leader.pid;
  // By the environment who went into a session of its own is found, too, and where nobody leads any more that alone decides.
  return listProcesses().filter(
    // rule 10: or by their environment, in whichever session
    entry => !entry.isZombie && ((isOurs && isMember(entry)) || hasVariable(entry.pid, 'WORK_DIR', leader.workDir)),
  );
}

/** Sends the signal to each living member. Returns how many there were. Throws `wait` where one is another user's. */
export function signalMembers(leader: Leader, signal: NodeJS.Signals): number {
  const members = livingMembers(leader);
  for (const member of members) signalOne(member.pid, signal);
  return members.length;
}

/** SIGKILL until no member is alive: without a uid of its own one may fork while it is done. Returns how many were seen. */
export async function killMembers(leader: Leader): Promise<number> {
  let killed = 0;
  for (let pauseMs = POLL_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_POLL_MS)) {
    const count = killOnce(leader);
    if (count === 0) return killed;
    killed = Math.max(killed, count);
    await delay(pauseMs);
  }
}

/** None found before the kill proves nothing, for one that forks and ends is missed by every look; none found after it does. */
function killOnce(leader: Leader): number {
  const { uid, bootId } = leader;
  if (uid === undefined || bootId !== readBootId()) return signalMembers(leader, 'SIGKILL');
  const before = livingMembers(leader).length;
  // rule 10: they are killed by their uid, wherever they went
  if (!killAllOf(uid)) return signalMembers(leader, 'SIGKILL');
  // Those that were there a moment ago get time to end: a look at all processes takes milliseconds.
  return before > 0 ? before : livingMembers(leader).length;
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
