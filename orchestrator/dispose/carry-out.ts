import type { BigIntStats } from 'node:fs';
import type { OpenFile } from '../files/open-file.ts';
import { basename, dirname, join } from 'node:path';
import { codeOf, messageOf, OrchestratorError } from '../errors.ts';
import { Folder } from '../files/folder.ts';
import { unless } from '../files/unless.ts';
import { UntrustedFile } from '../files/untrusted-file.ts';
import { isSameVersion, versionOf } from '../files/version.ts';
import type { Disposal, Run } from '../journal/journal.ts';
import { runName, stagedName, storedName } from './names.ts';
import { isSame, nameFreely, pathOf, type Room, stage } from './place.ts';
import { type Spot, withSource, withTarget } from './places.ts';

/** Whether someone has an open file open for writing, too. `path`: the name it has, for messages. */
export type HasWriter = (descriptor: number, path: string) => 'yes' | 'no' | 'unknown';

/** What became of a disposal. `target`: where the file is now, null where it was removed. */
export type Carried = { state: 'disposed'; target: string | null } | { state: 'put-back' | 'abandoned'; error: string };

export interface CarryOut {
  hasWriter: HasWriter;
  /** Where it is noted that a file was removed: nothing else would tell after a crash. */
  witnessDir: string;
  /** Device and inode of the run's WATCH_DIR; null where they aren't known. */
  known: string | null;
  room: Room;
}

/** A disposal with its folders held open: whatever is put in their place meanwhile is never touched. */
interface Work extends CarryOut {
  disposal: Disposal;
  source: Folder;
  /** Names in the source. */
  name: string;
  hidden: string;
  marker: string | null;
  /** null: it is to be removed. */
  target: Spot | null;
}

/** The hidden file, opened, and whether what stands staged was made of it just now. */
interface Taken {
  file: OpenFile;
  isCopied: boolean;
}

/**
 * Moves or removes a file as its intent says, in steps of which each can be told from what is there, so that it can be called
 * again after a crash at any of them. Throws where it can't be done now; then the file is under its own name.
 *
 * 1. the content stands beside the target, under a hidden name (a hard link, or a synced copy)
 * 2. the file gets a hidden name, so that nobody new finds it
 * 3. its version and its writers are looked at again: if anything differs it is put back
 * 4. the content gets the target's name, the marker goes; only then the hidden file goes
 *
 * A link is never moved, removed or followed: what is no regular file is left alone.
 */
export function carryOut(disposal: Disposal, run: Run, options: CarryOut): Promise<Carried> {
  const atTarget = <T>(act: (target: Spot | null) => Promise<T>): Promise<T> =>
    disposal.target === null ? act(null) : withTarget(disposal.target, run, act);
  return withSource(run, options.known, source =>
    atTarget(target => {
      if (source === undefined) return outcomeWithout(disposal, target, options);
      const [hidden, marker] = [disposal.hidden, disposal.marker].map(path => path && basename(path));
      const { folder, name } = source;
      return carry({
        ...options,
        disposal,
        source: folder,
        name,
        hidden: hidden as string,
        marker: marker ?? null,
        target,
      });
    }),
  );
}

/** Forgets what was noted of a removal, once the journal knows. */
export async function forgetWitness(runId: string, { witnessDir }: Pick<CarryOut, 'witnessDir'>): Promise<void> {
  await Folder.useNow(witnessDir, folder => folder.unlink(runId)).catch(unless('ENOENT'));
}

async function carry(work: Work): Promise<Carried> {
  const { source, name, hidden, disposal, target } = work;
  if (isSame(await source.look(hidden), await source.look(name))) await source.unlink(hidden);
  let isCopied = false;
  if ((await source.look(hidden)) === undefined) {
    const now = await source.look(name);
    if (!now || !isSameVersion(versionOf(now), disposal.fileVersion)) {
      return outcomeWithout(disposal, target, work, now && othernessOf(now));
    }
    const refusal = await take(work, copied => (isCopied = copied));
    if (refusal) return refusal;
  }
  const file = await source.openFile(hidden).catch(unlessUnreadable);
  if (file === undefined) return putBack(work, false);
  try {
    // Writers first: one that has closed the file between the two looks has changed its version.
    // rule 8: so are its writers
    const isWritten = work.hasWriter(file.fd, join(source.path, hidden)) === 'yes';
    const version = versionOf(await file.stat({ bigint: true }));
    // rule 8: under its hidden name the version is looked at again
    const unchanged = isSameVersion(version, disposal.fileVersion);
    if (unchanged && !isWritten) return await finish(work, { file, isCopied });
    return await putBack(work, unchanged);
  } finally {
    await file.close();
  }
}

function othernessOf(now: BigIntStats): string {
  return now.isSymbolicLink() ? 'it is a link, and only files are moved' : 'the path holds another version now';
}

/** Stages the content and hides the file. Resolves with why not, where the file may not be taken. */
async function take(work: Work, onStaged: (isCopied: boolean) => void): Promise<Carried | undefined> {
  const { source, name, target, disposal } = work;
  const path = join(source.path, name);
  let file: OpenFile;
  try {
    file = await source.openFile(name);
  } catch (error) {
    if (error instanceof UntrustedFile) return { state: 'abandoned', error: messageOf(error) };
    // Someone else's write lease (a file server's): they may be writing.
    throw codeOf(error) === 'EAGAIN' ? isBeingWritten(path) : error;
  }
  try {
    if (work.hasWriter(file.fd, path) === 'yes') throw isBeingWritten(path);
    if (target !== null) {
      const to = { folder: target.folder, name: stagedName(target.name, disposal.runId) };
      onStaged((await stage(file, { folder: source, name }, to, work.room)) === 'copied');
    }
    await source.rename(name, source, work.hidden);
    return undefined;
  } finally {
    await file.close();
  }
}

/** With no file to take: done before a crash, or nothing to do any more. */
async function outcomeWithout(
  { runId, source, fileVersion }: Disposal,
  target: Spot | null,
  { witnessDir }: CarryOut,
  error = 'the file is gone',
): Promise<Carried> {
  if (target === null && (await isWitnessed(runId, witnessDir))) return { state: 'disposed', target: null };
  const placed = target && (await placedAt(target, runId, fileVersion.sizeBytes));
  if (target && placed) return { state: 'disposed', target: pathOf({ ...target, name: placed }) };
  if (target) await target.folder.unlink(stagedName(target.name, runId));
  return { state: 'abandoned', error: `${source} was left alone: ${error}` };
}

/** The target's name was free when the intent was written. */
async function placedAt({ folder, name }: Spot, runId: string, sizeBytes: number): Promise<string | undefined> {
  for (const candidate of [storedName(name, runId), name]) {
    const stats = await folder.look(candidate);
    if (stats?.isFile() && Number(stats.size) === sizeBytes) return candidate;
  }
  return undefined;
}

function isBeingWritten(path: string): OrchestratorError {
  return new OrchestratorError('wait', `${path} is open for writing: it is left alone until it is closed`);
}

async function finish(work: Work, taken: Taken): Promise<Carried> {
  const { disposal, source, hidden, target } = work;
  if (target === null) return remove(work, taken);
  const isStaged = (await target.folder.look(stagedName(target.name, disposal.runId))) !== undefined;
  // Without it, it has its name already; or a loss of power took it.
  const before = isStaged ? undefined : await placedAt(target, disposal.runId, disposal.fileVersion.sizeBytes);
  const placed = before ?? (await nameTarget(work, target, taken));
  await moveMarker(work, { ...target, name: placed });
  await removeTaken(source, hidden, taken);
  return { state: 'disposed', target: pathOf({ ...target, name: placed }) };
}

async function nameTarget(
  { disposal, source, hidden, room }: Work,
  { folder, name }: Spot,
  { file, isCopied }: Taken,
): Promise<string> {
  const staged = stagedName(name, disposal.runId);
  const names = [name, storedName(name, disposal.runId)];
  const begun = await namedBefore(folder, staged, names);
  if (begun !== undefined) return begun;
  const isIt = isCopied || isSame(await folder.look(staged), await file.stat({ bigint: true }));
  // What was staged of another file, or before a crash, is made anew.
  if (!isIt) await stage(file, { folder: source, name: hidden }, { folder, name: staged }, room);
  for (const free of names) if (await nameFreely(folder, staged, free)) return free;
  throw new OrchestratorError(
    'retry',
    `${disposal.target} and its name with the time of the run are both taken: move them away`,
  );
}

/** A crash came between the target's name and the end of the other one. */
async function namedBefore(folder: Folder, staged: string, names: readonly string[]): Promise<string | undefined> {
  const content = await folder.look(staged);
  for (const name of names) {
    if (!isSame(content, await folder.look(name))) continue;
    await folder.unlink(staged);
    return name;
  }
  return undefined;
}

async function remove({ disposal, source, hidden, marker, witnessDir }: Work, taken: Taken): Promise<Carried> {
  await Folder.useNow(dirname(witnessDir), async data => {
    const folder = await data.makeFolder(basename(witnessDir));
    try {
      await (await folder.openLog(disposal.runId)).close();
      await folder.sync();
    } finally {
      await folder.close();
    }
  });
  if (marker !== null && (await source.look(marker))?.isFile()) await source.unlink(marker);
  await removeTaken(source, hidden, taken);
  return { state: 'disposed', target: null };
}

/** What has its name by now, and is something else, is somebody's doing, and stays. */
async function removeTaken(source: Folder, hidden: string, { file }: Taken): Promise<void> {
  if (isSame(await source.look(hidden), await file.stat({ bigint: true }))) await source.unlink(hidden);
}

async function isWitnessed(runId: string, witnessDir: string): Promise<boolean> {
  const witness = await Folder.useNow(witnessDir, folder => folder.look(runId)).catch(unless('ENOENT'));
  return witness !== undefined;
}

/** READY_MARKER goes where its file went, and before the hidden file: a later marker is of a new file. */
async function moveMarker(
  { disposal, source, name, marker, room }: Work,
  { folder, name: placed }: Spot,
): Promise<void> {
  const file = marker === null ? undefined : await source.openFile(marker).catch(unlessUnreadable);
  if (marker === null || file === undefined) return;
  try {
    const beside = placed + marker.slice(name.length);
    const staged = stagedName(beside, disposal.runId);
    await stage(file, { folder: source, name: marker }, { folder, name: staged }, room);
    if (!(await nameFreely(folder, staged, beside))) await folder.unlink(staged);
    await source.unlink(marker);
  } finally {
    await file.close();
  }
}

/** Never over a new file that has its name by now: then it gets a name of its own, and is an arrival. */
async function putBack({ disposal, source, name, hidden, target }: Work, unchanged: boolean): Promise<Carried> {
  const { runId } = disposal;
  if (target !== null) await target.folder.unlink(stagedName(target.name, runId));
  // rule 8: it is put back without overwriting
  const own = await nameFreely(source, hidden, name);
  const free = own ? name : runName(name, runId);
  const path = join(source.path, free);
  if (!own && !(await nameFreely(source, hidden, free)))
    throw new OrchestratorError('retry', `${path} is taken: move it away`);
  if (own && unchanged) throw new OrchestratorError('wait', `${path} was opened for writing: it was put back`);
  return {
    state: 'put-back',
    error: `${source.path}: the file changed while it was taken; it was put back as ${path}`,
  };
}

/** Nothing has the name, or what has it is no file, or is somebody's who may be writing it. */
function unlessUnreadable(error: unknown): undefined {
  if (error instanceof UntrustedFile) return undefined;
  return unless('ENOENT', 'EAGAIN')(error);
}
