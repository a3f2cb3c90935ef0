import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { messageOf, OrchestratorError } from '../errors.ts';

/** Sent to as-user-worker.ts. */
export interface UserQuestion {
  id: number;
  uid: number;
  gid: number;
  groups: readonly number[];
  /** Absolute. */
  path: string;
}

/** What comes back. */
export interface UserAnswer {
  id: number;
  /** Device and inode of what the user could open for reading there; null where nothing. */
  identity: string | null;
}

/** A network mount that hangs keeps nobody waiting but who asks about it. */
const ANSWER_MS = 10_000;
const GROUPS_KNOWN_MS = 60_000;
/** Of users that the system has no groups of. */
const NOGROUP = 65_534;

let worker: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, PromiseWithResolvers<string | null>>();
const groupsOf = new Map<number, { until: number; groups: Promise<number[]> }>();

/**
 * Device and inode (`<dev>:<ino>`) of what this user could open for reading at a path, all folders on the way included;
 * null where he could not. The kernel itself is asked: a thread of its own opens the path with the user's id and
 * groups. Only root can ask. Nothing of the user's runs, so nothing of his can answer. Throws an OrchestratorError
 * (`wait`) where there is no answer.
 */
export async function identityReadableBy(uid: number, path: string): Promise<string | null> {
  const [gid = NOGROUP, ...more] = await knownGroups(uid);
  const answer = Promise.withResolvers<string | null>();
  const id = ++lastId;
  waiting.set(id, answer);
  const timer = setTimeout(() => answer.reject(unanswered(uid, path, 'nothing was heard for 10 s')), ANSWER_MS);
  try {
    ask({ id, uid, gid, groups: more, path });
    return await answer.promise;
  } finally {
    clearTimeout(timer);
    waiting.delete(id);
  }
}

function ask(question: UserQuestion): void {
  worker ??= startWorker();
  worker.postMessage(question);
}

function startWorker(): Worker {
  const started = new Worker(new URL('./as-user-worker.ts', import.meta.url));
  started.on('message', ({ id, identity }: UserAnswer) => waiting.get(id)?.resolve(identity));
  started.on('error', error => {
    worker = undefined;
    for (const { reject } of waiting.values()) reject(unanswered(-1, '', messageOf(error)));
  });
  // Listening would keep the process alive.
  started.unref();
  return started;
}

function knownGroups(uid: number): Promise<number[]> {
  const known = groupsOf.get(uid);
  if (known && known.until > performance.now()) return known.groups;
  const groups = readGroups(uid);
  groupsOf.set(uid, { until: performance.now() + GROUPS_KNOWN_MS, groups });
  return groups;
}

/** By id(1), which asks whatever names users here; the first is his own. None where he has no name. */
async function readGroups(uid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('id', ['-G', String(uid)]).catch(() => ({ stdout: '' }));
  return stdout.split(/\s+/).filter(Boolean).map(Number);
}

function unanswered(uid: number, path: string, why: string): OrchestratorError {
  return new OrchestratorError('wait', `whether uid ${uid} could read ${path} can't be told: ${why}`);
}
