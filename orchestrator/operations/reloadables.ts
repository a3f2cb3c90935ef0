import type { Dataset } from '../config/dataset.ts';
import { OrchestratorError } from '../errors.ts';
import { type Journal, type LoadedKey, MOST_STORED, type Run, type StoredFile } from '../journal/journal.ts';
import { everyRun } from './every-run.ts';

export interface ReloadOptions {
  journal: Journal;
  dataset: Dataset;
  dataDir: string;
  now(): number;
  signal: AbortSignal;
}

/**
 * What is loaded of a path: the file there, a certain one of those in the backup, or the one that came last. That one
 * is looked up when its turn comes, since another may have come by then; `known` is the newest by the rows that are
 * there, should its runs be pruned.
 */
export type Version =
  | { file: string; at: 'path' }
  | { file: string; at: 'backup'; stored: StoredFile }
  | { file: string; at: 'newest'; known: StoredFile };

/** What of a path is loaded anew. */
export interface Reloadable {
  file: string;
  versions: Version[];
  /** What can't be loaded. */
  lost: string[];
}

/**
 * All that is to be loaded anew of a dataset, as it is to be queued: where their order decides which rows are there, in
 * that order.
 */
export function reloadables(options: ReloadOptions): AsyncGenerator<Reloadable> {
  const { id, overwrite } = options.dataset.settings.LOAD;
  if (overwrite) return lastAlone(options);
  return id === undefined ? pathsOf(options) : inOrder(options);
}

/** By LOAD.overwrite a file takes the place of all former ones. */
async function* lastAlone(options: ReloadOptions): AsyncGenerator<Reloadable> {
  const { journal, dataset } = options;
  if (dataset.settings.RUN_PER === 'folder') {
    const text = `with LOAD.overwrite and RUN_PER: folder the rows of dataset ${dataset.name} are those of the files that came together last, and reload runs them one by one: copy them into ${dataset.watchDir} again, all at once`;
    throw new OrchestratorError('never', text);
  }
  let last: Run | undefined;
  for await (const { file } of pathsOf(options)) {
    const run = await journal.latestDone(dataset.name, file);
    if ((run?.version ?? 0) > (last?.version ?? 0)) last = run;
  }
  if (last !== undefined) yield inPlaceAlone(last.file);
}

/**
 * By LOAD.id a row takes the place of one that came before: all files that are known, as they came, and at last those
 * that came meanwhile.
 */
async function* inOrder(options: ReloadOptions): AsyncGenerator<Reloadable> {
  let newest = await newestRun(options);
  const known: Delivery[] = [];
  for await (const path of pathsOf(options)) {
    const { deliveries, lost } = await deliveriesOf(path, options);
    known.push(...deliveries);
    if (lost.length > 0) yield { file: path.file, versions: [], lost };
  }
  known.sort((one, other) => one.order - other.order);
  yield* known.map(({ version }) => ({ file: version.file, versions: [version], lost: [] }));
  for (;;) {
    const since = newest;
    newest = await newestRun(options);
    const came = await cameAfter(since, options);
    if (came.length === 0) return;
    yield* came.map(inPlaceAlone);
  }
}

interface Delivery {
  version: Version;
  /** As deliveredAs() gives it. */
  order: number;
}

async function deliveriesOf(
  { file, versions, lost: gone }: Reloadable,
  { journal, dataset }: ReloadOptions,
): Promise<{ deliveries: Delivery[]; lost: string[] }> {
  const deliveries: Delivery[] = [];
  const lost = [...gone];
  const stored = await journal.stored(dataset.name, file);
  for (const one of stored.filter(({ kind }) => kind === 'backup')) {
    const run = one.runId === null ? undefined : await journal.run(one.runId);
    if (run?.version) deliveries.push({ version: { file, at: 'backup', stored: one }, order: deliveredAs(run) });
    else lost.push(`${one.place} came so long ago that nobody knows in which order: its rows stay as they are`);
  }
  if (stored.length >= MOST_STORED)
    lost.push(
      `of the files in the backup only the newest ${MOST_STORED} are known: the rows of older ones stay as they are`,
    );
  const [version] = versions;
  if (version?.at === 'path') {
    const run = await journal.latestVersion(dataset.name, file);
    deliveries.push({ version, order: run === undefined ? Number.MAX_SAFE_INTEGER : deliveredAs(run) });
  }
  return { deliveries, lost };
}

async function newestRun({ journal, dataset }: ReloadOptions): Promise<string> {
  const { items } = await journal.runs({ dataset: dataset.name, limit: 1 });
  return items[0]?.id ?? '';
}

/** Paths of which a file came after a run, the oldest first. */
async function cameAfter(runId: string, { journal, dataset }: ReloadOptions): Promise<string[]> {
  const came = new Set<string>();
  for await (const run of everyRun(page => journal.runs({ dataset: dataset.name, ...page }))) {
    if (run.id <= runId) break;
    if (isDelivery(run)) came.add(run.file);
  }
  return [...came].toReversed();
}

/** When the file of a run came, among all of the dataset: a VERSION. Whoever runs it again changes nothing of that. */
export function deliveredAs({ delivered, version }: Run): number {
  return delivered ?? version ?? 0;
}

/** Whether a run is of a file that came, and not one of those that people had run again. */
function isDelivery({ action, replayOf, readFrom }: Run): boolean {
  return (action === 'add' || action === 'change') && replayOf === null && readFrom === null;
}

/** Those that have rows, and those that are there; both lists are in the order of their bytes. */
async function* pathsOf({ journal, dataset }: ReloadOptions): AsyncGenerator<Reloadable> {
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
function inPlaceAlone(file: string): Reloadable {
  return { file, versions: [{ file, at: 'path' }], lost: [] };
}

function versionsOf(file: string, keys: readonly LoadedKey[], isPresent: boolean, { settings }: Dataset): Reloadable {
  const isAppended = settings.ON_CHANGE === 'append' && settings.LOAD.id === undefined;
  const stored = new Map<string, StoredFile>();
  let lost = 0;
  for (const { kept, stored: place, contentHash, rows } of keys) {
    if (!kept || rows === 0) continue;
    if (place === null || contentHash === null) lost += 1;
    else stored.set(contentHash, { kind: 'backup', place, contentHash, fileVersion: null, runId: null });
  }
  const inPlace: Version[] = isPresent ? [{ file, at: 'path' }] : [];
  if (isAppended) {
    const each = [...stored.values()].map((one): Version => ({ file, at: 'backup', stored: one }));
    return { file, versions: [...each, ...inPlace], lost: lost === 0 ? [] : [lostText(lost)] };
  }
  const known = [...stored.values()].at(-1);
  if (isPresent || known === undefined)
    return { file, versions: inPlace, lost: isPresent || lost === 0 ? [] : [lostText(lost)] };
  return { file, versions: [{ file, at: 'newest', known }], lost: [] };
}

function lostText(files: number): string {
  const which = files === 1 ? 'it was removed' : `${files} files of this name were removed`;
  return `${which} after having been loaded, and no backup is known: the rows stay as they are`;
}
