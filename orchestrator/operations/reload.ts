import { kindOf, messageOf, OrchestratorError } from '../errors.ts';
import type { Run, StoredFile } from '../journal/journal.ts';
import { deliveredAs, type ReloadOptions, reloadables, type Version } from './reloadables.ts';
import { replayRun } from './replay.ts';
import { submitBackup } from './submit-backup.ts';

/**
 * One file of a dataset that was to be loaded anew. `mended`: of its rejected rows, those that had been mended, which
 * are rejected again.
 */
export type Reloaded = { file: string; run: Run; mended: number } | { file: string; why: string };

const OVER_EVERY_MS = 200;

/**
 * Queues all files of a dataset again: those in WATCH_DIR, and those in the backup; with ON_CHANGE: replace one of each
 * path, with append all whose rows stand beside each other, one after the other. Each says its run, or why there is
 * none. Throws an OrchestratorError (`never`) where they can't be run as they were.
 */
export async function* reloadFiles(options: ReloadOptions): AsyncGenerator<Reloaded> {
  for await (const { file, versions, lost } of reloadables(options)) {
    for (const why of lost) yield { file, why };
    for (const version of versions) {
      if (options.signal.aborted) return;
      yield { file, ...(await queue(version, options)) };
    }
  }
}

async function queue(
  version: Version,
  options: ReloadOptions,
): Promise<{ run: Run; mended: number } | { why: string }> {
  const { journal, dataset, signal } = options;
  try {
    for (;;) {
      const latest = await journal.latestDone(dataset.name, version.file);
      const run = await submit(version, latest, options);
      if (run !== null) return { run, mended: latest?.rowsMended ?? 0 };
      if (signal.aborted) return { why: 'a run of it is under way' };
      if (await waitsForResume(version, options)) {
        return {
          why: `a run of it waits, and dataset ${dataset.name} is paused: orchestrator resume ${dataset.name}, then reload again`,
        };
      }
      await isOver(version.file, options);
    }
  } catch (error) {
    if (kindOf(error) !== 'never' && kindOf(error) !== 'wait') throw error;
    return { why: messageOf(error) };
  }
}

/** null: a run of the path is under way, or has just been. Throws `never` where there can be none. */
async function submit(
  version: Version,
  latest: Run | undefined,
  { journal, dataset, dataDir, now }: ReloadOptions,
): Promise<Run | null> {
  const { file } = version;
  if ((await journal.openRun(dataset.name, file)) !== undefined) return null;
  if (version.at === 'path') {
    const run = await journal.latestVersion(dataset.name, file);
    if (run === undefined || run.action === 'delete')
      throw new OrchestratorError('never', 'it was never run: EXISTING is ignore, or it is waited for');
    return replayRun(run, { journal, dataset, dataDir, now: now() });
  }
  const kept = (await journal.stored(dataset.name, file)).filter(({ kind }) => kind === 'backup');
  const meant = version.at === 'backup' ? version.stored : await newestOf(version, kept, { journal, dataset });
  // With the version of the file as it was moved it need not be read.
  const stored = kept.find(({ place }) => place === meant.place) ?? meant;
  return submitBackup(stored, { journal, dataset, file, latest, now: now() });
}

/** The file that was delivered last under a path, whatever was run again since. Throws `never` where that can't be had. */
async function newestOf(
  { file, known }: Version & { at: 'newest' },
  kept: readonly StoredFile[],
  { journal, dataset }: Pick<ReloadOptions, 'journal' | 'dataset'>,
): Promise<StoredFile> {
  const { items } = await journal.runs({ dataset: dataset.name, path: file, states: ['done'], limit: 1000 });
  const loads = items.filter(({ action }) => action === 'add' || action === 'change');
  const [last] = loads.toSorted((one, other) => deliveredAs(other) - deliveredAs(one));
  if (last === undefined || last.contentHash === known.contentHash) return known;
  const stored = kept.find(({ contentHash }) => contentHash === last.contentHash);
  if (stored !== undefined) return stored;
  const text = `run ${last.id} loaded a newer ${file}, of which no backup is known: its rows stay as they are`;
  throw new OrchestratorError('never', text);
}

async function waitsForResume({ file }: Version, { journal, dataset: { name } }: ReloadOptions): Promise<boolean> {
  const open = await journal.openRun(name, file);
  if (open?.state !== 'queued') return false;
  return (await journal.summaries()).some(({ dataset, paused }) => dataset === name && paused);
}

/** Resolves when a run of the path may have ended. */
function isOver(file: string, { journal, dataset, signal }: ReloadOptions): Promise<void> {
  return new Promise(resolve => {
    const off = journal.onChange(run => {
      if (run.dataset === dataset.name && run.file === file) end();
    });
    // What came before, or was lost.
    const timer = setTimeout(end, OVER_EVERY_MS);
    signal.addEventListener('abort', end, { once: true });
    function end(): void {
      off();
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    }
  });
}
