import { lstatSync, realpathSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isWithin } from '../files/within.ts';
import { realPathOf } from './places.ts';

const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;
const STICKY = 0o1000;

/**
 * Why somebody may write a file, or put another in its place, who is neither root nor the orchestrator's user nor the
 * owner of its program: `/srv/x can be written by uid 1234`; undefined where nobody can. `path` and its links are
 * followed to the end. Throws the system's error.
 */
export function whyUntrusted(path: string): string | undefined {
  const real = realpathSync(path);
  const own = ofEntry(real, lstatSync(real)) ?? ofFoldersAbove(real);
  if (own !== undefined) return own;
  // The folder of each link on the way counts, too: another link could be put there.
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    const writer = ofFoldersAbove(join(realpathSync(dirname(at)), basename(at)));
    if (writer !== undefined) return writer;
  }
  return undefined;
}

/**
 * Why an orchestrator that is root should not run a program: somebody else decides what it is. Undefined where nobody
 * does, where it isn't root, and for what is in `ownFolder`, which is for whoever asks for the program to write. Throws
 * the system's error.
 */
export function whyUnsafe(program: string, ownFolder: string): string | undefined {
  if (process.getuid?.() !== 0 || isWithin(realPathOf(program), realPathOf(ownFolder))) return undefined;
  return whyUntrusted(program);
}

function ofFoldersAbove(path: string): string | undefined {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    const writer = ofEntry(dirname(at), lstatSync(dirname(at)), lstatSync(at));
    if (writer !== undefined) return writer;
  }
  return undefined;
}

function ofEntry(path: string, found: Stats, child?: Stats): string | undefined {
  const writer = whoWrites(found, child);
  return writer && `${path} can be written by ${writer}`;
}

function whoWrites({ uid, gid, mode }: Stats, child: Stats | undefined): string | undefined {
  const { uids, gids } = trusted();
  if (!uids.has(uid)) return `uid ${uid}`;
  // In a sticky folder (/tmp) only the owner of an entry can move it.
  if (child !== undefined && (mode & STICKY) !== 0) return uids.has(child.uid) ? undefined : `uid ${child.uid}`;
  if ((mode & OTHERS_WRITE) !== 0) return 'everybody';
  return (mode & GROUP_WRITES) !== 0 && !gids.has(gid) ? `group ${gid}` : undefined;
}

/** Whoever owns the program's own code decides what it does anyway. */
function trusted(): { uids: ReadonlySet<number>; gids: ReadonlySet<number> } {
  const code = statSync(fileURLToPath(import.meta.url));
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  return { uids: new Set([0, own.uid, code.uid]), gids: new Set([0, own.gid, code.gid]) };
}
