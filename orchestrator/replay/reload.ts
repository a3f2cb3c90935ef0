import type { Dataset } from '../config/dataset.ts';
import { kindOf, messageOf } from '../errors.ts';
import type { Journal, LoadedKey, Run, StoredFile } from '../journal/journal.ts';
import { readBackup } from './find-file.ts';
import { replayRun } from './replay.ts';

export interface ReloadOptions {
  journal: Journal;
  dataset: Dataset;
  dataDir: string;
  now(): number;
  signal: AbortSignal;
}

/** One file of a dataset that was to be loaded anew. */
export type Reloaded = { file: string; run: Run } | { file: string; why: string };

/** A version of a path: where it lies, and of which content it is. */
type Version = { file: string; at: 'path' } | { file: string; at: StoredFile };

const OVER_EVERY_MS = 200;

/**
 * Queues all files of a dataset again: those in WATCH_DIR, and those in the backup; with ON_CHANGE: replace one of each path, with append all whose rows stand beside each other, one after the other. Each says its run, or why there is none.
 */
export async function* reloadFiles(options: ReloadOptions): AsyncGenerator<Reloaded> {
  for await (const { file, versions, lost } of pathsOf(options)) {
    for (const why of lost) yield { file, why };
    for (const version of versions) {
      if (options.signal.aborted) return;
      yield { file, ...(await queue(version, options)) };
    }
  }
}

interface Path {
  file: string;
  versions: Version[];
  /** What can't be loaded. */
  lost: string[];
}

/** Those that have rows, and those that are there; both lists are in the order of their bytes. */
async function* pathsOf({ journal, dataset }: ReloadOptions): AsyncGenerator<Path> {
  const present = presentPaths(journal, dataset.name);
  let there = await present.next();
  for await (const [file, keys] of keysByPath(journal, dataset.name)) {
    for (; !there.done && isBefore(there.value, file); there = await present.next()) yield inPlaceAlone(there.value);
    const isPresent = !there.done && there.value === file;
    if (isPresent) there = await present.next();
    yield versionsOf(file, keys, isPresent, dataset);
  }
  for (; !there.done; there = await present.next()) yield inPlaceAlone(there.value);
}

async function* keysByPath(journal: Journal, dataset: string): AsyncGenerator<[string, LoadedKey[]]> {
  for (let after = ''; ; ) {
    const keys = await journal.loadedKeys(dataset, after);
    const last = keys.at(-1);
    if (last === undefined) return;
    yield* Map.groupBy(keys, key => key.file);
    after = last.file;
  }
}

async function* presentPaths(journal: Journal, dataset: string): AsyncGenerator<string, undefined> {
  for (let after = ''; ; ) {
    const files = await journal.knownFiles(dataset, { after, present: true });
    const last = files.at(-1);
    if (last === undefined) return undefined;
    for (const { path } of files) yield path;
    after = last.path;
  }
}

function isBefore(one: string, other: string): boolean {
  return Buffer.compare(Buffer.from(one), Buffer.from(other)) < 0;
}

/** It has no rows, perhaps since it failed. */
function inPlaceAlone(file: string): Path {
  return { file, versions: [{ file, at: 'path' }], lost: [] };
}

function versionsOf(file: string, keys: readonly LoadedKey[], isPresent: boolean, { settings }: Dataset): Path {
  const isAppended = settings.ON_CHANGE === 'append' && settings.LOAD.id === undefined;
  const stored = new Map<string, Version>();
  let lost = 0;
  for (const { kept, stored: place, contentHash, rows } of keys) {
    if (!kept || rows === 0) continue;
    if (place === null || contentHash === null) lost += 1;
    else stored.set(contentHash, { file, at: { kind: 'backup', place, contentHash, fileVersion: null, runId: null } });
  }
  const inPlace: Version[] = isPresent ? [{ file, at: 'path' }] : [];
  if (isAppended) return { file, versions: [...stored.values(), ...inPlace], lost: lost === 0 ? [] : [lostText(lost)] };
  const newest = [...inPlace, ...[...stored.values()].toReversed()].slice(0, 1);
  return { file, versions: newest, lost: newest.length === 0 && lost > 0 ? [lostText(lost)] : [] };
}

function lostText(files: number): string {
  const which = files === 1 ? 'it was removed' : `${files} files of this name were removed`;
  return `${which} after having been loaded, and no backup is known: the rows stay as they are`;
}

async function queue(version: Version, options: ReloadOptions): Promise<{ run: Run } | { why: string }> {
  const { signal } = options;
  try {
    const submit = await submitter(version, options);
    if (typeof submit === 'string') return { why: submit };
    for (;;) {
      const run = await submit();
      if (run !== null) return { run };
      if (signal.aborted) return { why: 'a run of it is under way' };
      await isOver(version.file, options);
    }
  } catch (error) {
    if (kindOf(error) !== 'never' && kindOf(error) !== 'wait') throw error;
    return { why: messageOf(error) };
  }
}

/** What queues it; null: a run of its path is under way. Or why it can't be queued. */
async function submitter(
  { file, at }: Version,
  { journal, dataset, dataDir, now }: ReloadOptions,
): Promise<(() => Promise<Run | null>) | string> {
  if (at !== 'path') {
    const known = (await journal.stored(dataset.name, file)).find(({ place }) => place === at.place);
    const found = await readBackup(known ?? at);
    if (typeof found === 'string') return `${at.place} ${found}`;
    const place = { dataset: dataset.name, file, root: dataset.watchDir, priority: dataset.settings.PRIORITY };
    return () => journal.submitStored({ ...place, ...found, readFrom: at.place, now: now() });
  }
  const run = await journal.latestVersion(dataset.name, file);
  if (run === undefined || run.action === 'delete') return 'it was never run: EXISTING is ignore, or it is waited for';
  return () => replayRun(run, { journal, dataset, dataDir, now: now() });
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
