import { mkdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OrchestratorError } from '../errors.ts';
import { type Disposal, type FileVersion, isSameVersion } from '../journal/journal.ts';
import { fileVersionAt } from './file-version.ts';
import { runName, stagedName } from './names.ts';
import { exists, isSameFile, nameFreely, stage, syncPath } from './place.ts';

/** Whether someone has a file open for writing. */
export type HasWriter = (path: string) => 'yes' | 'no' | 'unknown';

/** What became of a disposal. `target`: where the file is now, null where it was removed. */
export type Carried = { state: 'disposed'; target: string | null } | { state: 'put-back' | 'abandoned'; error: string };

export interface CarryOut {
  hasWriter: HasWriter;
  /** Where it is noted that a file was removed: nothing else would tell after a crash. */
  witnessDir: string;
}

/**
 * Moves or removes a file as its intent says, in steps of which each can be told from what is there, so that it can be called
 * again after a crash at any of them. Throws where it can't be done now; then the file is under its own name.
 *
 * 1. the content stands beside the target, under a hidden name (a hard link, or a synced copy)
 * 2. the file gets a hidden name, so that nobody new finds it
 * 3. its version and its writers are looked at again: if anything differs it is put back
 * 4. the content gets the target's name, the marker goes; only then the hidden file goes
 */
export async function carryOut(disposal: Disposal, options: CarryOut): Promise<Carried> {
  const { source, hidden } = disposal;
  if ((await exists(hidden)) && (await exists(source)) && (await isSameFile(hidden, source))) await unlink(hidden);
  if (!(await exists(hidden))) {
    const over = await wasCarriedOut(disposal, options);
    if (over) return over;
    refuseWriters(source, options);
    if (disposal.target !== null) await stage(source, stagedName(disposal.target, disposal.runId));
    await rename(source, hidden);
  }
  // Writers first: one that has closed the file between the two looks has changed its version.
  const isWritten = options.hasWriter(hidden) === 'yes';
  const version = await fileVersionAt(hidden);
  const unchanged = version !== undefined && isSameVersion(version, disposal.fileVersion);
  if (unchanged && !isWritten) return finish(disposal, options);
  return putBack(disposal, unchanged);
}

/** Forgets what was noted of a removal, once the journal knows. */
export async function forgetWitness(runId: string, { witnessDir }: CarryOut): Promise<void> {
  await rm(join(witnessDir, runId), { force: true });
}

/** With no hidden file: done before a crash, or nothing to do any more; undefined where it is still to be done. */
async function wasCarriedOut(disposal: Disposal, { witnessDir }: CarryOut): Promise<Carried | undefined> {
  const { source, target, runId, fileVersion } = disposal;
  const now = await fileVersionAt(source);
  if (now && isSameVersion(now, fileVersion)) return undefined;
  if (target === null && (await exists(join(witnessDir, runId)))) return { state: 'disposed', target: null };
  const placed = target === null ? undefined : await placedAt(target, runId, fileVersion);
  if (placed) return { state: 'disposed', target: placed };
  if (target !== null) await rm(stagedName(target, runId), { force: true });
  const error = now ? 'the path holds another version now' : 'the file is gone';
  return { state: 'abandoned', error: `${source} was left alone: ${error}` };
}

/** The target's name was free when the intent was written. */
async function placedAt(target: string, runId: string, { sizeBytes }: FileVersion): Promise<string | undefined> {
  for (const path of [runName(target, runId), target]) {
    if ((await fileVersionAt(path))?.sizeBytes === sizeBytes) return path;
  }
  return undefined;
}

function refuseWriters(path: string, { hasWriter }: CarryOut): void {
  if (hasWriter(path) !== 'yes') return;
  throw new OrchestratorError('wait', `${path} is open for writing: it is left alone until it is closed`);
}

async function finish(disposal: Disposal, options: CarryOut): Promise<Carried> {
  if (disposal.target === null) return remove(disposal, options);
  const staged = stagedName(disposal.target, disposal.runId);
  // Without it, it has its name already; or a loss of power took it.
  let placed = (await exists(staged))
    ? undefined
    : await placedAt(disposal.target, disposal.runId, disposal.fileVersion);
  if (placed === undefined) placed = await nameTarget(disposal, staged);
  await moveMarker(disposal, placed);
  await unlink(disposal.hidden);
  return { state: 'disposed', target: placed };
}

async function nameTarget({ hidden, target, runId }: Disposal, staged: string): Promise<string> {
  if (!(await exists(staged))) await stage(hidden, staged);
  for (const path of [target as string, runName(target as string, runId)])
    if (await nameFreely(staged, path)) return path;
  throw new OrchestratorError('retry', `${target} and its name with the run's id are both taken: move them away`);
}

async function remove({ runId, hidden, marker }: Disposal, { witnessDir }: CarryOut): Promise<Carried> {
  await mkdir(witnessDir, { recursive: true });
  await writeFile(join(witnessDir, runId), '', { flush: true });
  await syncPath(witnessDir);
  if (marker !== null) await rm(marker, { force: true });
  await unlink(hidden);
  return { state: 'disposed', target: null };
}

/** READY_MARKER goes where its file went, and before the hidden file: a later marker is of a new file. */
async function moveMarker({ marker, source, runId }: Disposal, target: string): Promise<void> {
  if (marker === null || !(await exists(marker))) return;
  const beside = target + marker.slice(source.length);
  const staged = stagedName(beside, runId);
  await stage(marker, staged);
  if (!(await nameFreely(staged, beside))) await rm(staged, { force: true });
  await unlink(marker);
}

/** Never over a new file that has its name by now: then it gets a name of its own, and is an arrival. */
async function putBack({ source, hidden, target, runId }: Disposal, unchanged: boolean): Promise<Carried> {
  if (target !== null) await rm(stagedName(target, runId), { force: true });
  const own = await nameFreely(hidden, source);
  const name = own ? source : runName(source, runId);
  if (!own && !(await nameFreely(hidden, name))) throw new OrchestratorError('retry', `${name} is taken: move it away`);
  if (own && unchanged) throw new OrchestratorError('wait', `${source} was opened for writing: it was put back`);
  return {
    state: 'put-back',
    error: `${dirname(source)}: the file changed while it was taken; it was put back as ${name}`,
  };
}
