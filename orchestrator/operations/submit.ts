import { realpath } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import { pathsOfStored } from '../dispose/names.ts';
import { codeOf, OrchestratorError } from '../errors.ts';
import { hashOf } from '../files/content.ts';
import { type NamedFile, openNamedFile } from '../files/named-file.ts';
import { versionOf } from '../files/version.ts';
import type { Journal, Run, StoredFile } from '../journal/journal.ts';
import { isWithin } from '../files/within.ts';
import { replayRun } from './replay.ts';
import { submitBackup } from './submit-backup.ts';

export interface SubmitOptions {
  journal: Journal;
  dataset: Dataset;
  dataDir: string;
  now: number;
}

/**
 * Queues a file, wherever it lies: below WATCH_DIR under its path there; one of the backup or the quarantine as the
 * file that it is, as by a replay; from elsewhere under its absolute path, lest it take another's place. It is read as
 * whoever typed the command; links on the way to it are followed as long as it is nobody's but one who could read it
 * himself.
 */
export async function submitFile(path: string, options: SubmitOptions): Promise<Run> {
  const { journal, dataset, now } = options;
  const { file, stats, path: found } = await open(path);
  try {
    const place = placeOf(found, await realPathOf(dataset.watchDir));
    const stored = place.root === '/' ? await recognise(found, options) : undefined;
    if (stored !== undefined) return await submitStored(stored, options);
    await demandElsewhere(found, options);
    const contentHash = await hashOf(file);
    const what = { ...place, priority: dataset.settings.PRIORITY, fileVersion: versionOf(stats), contentHash, now };
    return await journal.submit({ dataset: dataset.name, ...what });
  } finally {
    await file.close();
  }
}

/**
 * Of a file in the backup or the quarantine that the journal does not know any more nobody can say whose rows it would
 * double.
 */
async function demandElsewhere(path: string, { dataset, dataDir }: SubmitOptions): Promise<void> {
  const { BACKUP_DIR, QUARANTINE_DIR } = dataset.settings;
  const own = [BACKUP_DIR, QUARANTINE_DIR].flatMap(folder => (folder ? join(folder, dataset.name) : []));
  // Of whichever dataset: this one may have had another name.
  const folders = await Promise.all([...own, join(dataDir, 'backup'), join(dataDir, 'quarantine')].map(realPathOf));
  if (!folders.some(folder => isWithin(path, folder))) return;
  const text = `${path} lies among the files that were taken away once they had been run, and is not known as one of dataset ${dataset.name}: copy it into ${dataset.watchDir}, under the name that it had there, to load it`;
  throw new OrchestratorError('never', text);
}

function realPathOf(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}

interface Recognised extends StoredFile {
  /** Its path below WATCH_DIR. */
  file: string;
}

/** What the journal knows of a file that it moved to this place. */
async function recognise(place: string, { journal, dataset }: SubmitOptions): Promise<Recognised | undefined> {
  for (const file of pathsOfStored(place)) {
    for (const stored of await journal.stored(dataset.name, file)) {
      const isIt = stored.place === place || (await realPathOf(stored.place)) === place;
      if (isIt) return { ...stored, file };
    }
  }
  return undefined;
}

async function submitStored(stored: Recognised, { journal, dataset, dataDir, now }: SubmitOptions): Promise<Run> {
  const { file, place, runId } = stored;
  const run = runId === null ? undefined : await journal.run(runId);
  const next = run
    ? await replayRun(run, { journal, dataset, dataDir, now })
    : await submitForgotten(stored, { journal, dataset, now });
  if (next !== null) return next;
  const text = `${place} is ${file} of dataset ${dataset.name}, of which a run is waiting or running: try again once that has ended`;
  throw new OrchestratorError('never', text);
}

/** Its runs were pruned. */
async function submitForgotten(
  stored: Recognised,
  { journal, dataset, now }: Pick<SubmitOptions, 'journal' | 'dataset' | 'now'>,
): Promise<Run | null> {
  const { file, place } = stored;
  const latest = await journal.latestDone(dataset.name, file);
  if (latest !== undefined && latest.contentHash !== stored.contentHash && dataset.settings.ON_CHANGE !== 'append') {
    throw new OrchestratorError(
      'never',
      `${place} is an older ${file} than run ${latest.id} loaded: copy it into ${dataset.watchDir} if its rows are to take the place of the newer ones`,
    );
  }
  return submitBackup(stored, { journal, dataset, file, latest, now });
}

async function open(path: string): Promise<NamedFile> {
  try {
    return await openNamedFile(resolve(path));
  } catch (error) {
    if (error instanceof OrchestratorError) throw error;
    throw new OrchestratorError('never', `${path} can't be read (${codeOf(error) ?? 'unknown'}); does it exist?`, {
      cause: error,
    });
  }
}

function placeOf(file: string, watchDir: string): { root: string; file: string } {
  const below = relative(watchDir, file);
  if (below === '' || below.startsWith('..') || resolve(below) === below) return { root: '/', file: file.slice(1) };
  return { root: watchDir, file: below.split(sep).join('/') };
}
