import { relative, resolve, sep } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import type { KeptFolder } from '../config/kept-folders.ts';
import { codeOf, messageOf } from '../errors.ts';
import { openAdminFolder } from '../files/admin-folder.ts';
import type { Folder } from '../files/folder.ts';
import { lookAtSource, type OpenSource, openSource } from '../files/source.ts';
import { UntrustedFile, type UntrustedReason } from '../files/untrusted-file.ts';
import { versionOf } from '../files/version.ts';
import type { Journal } from '../journal/journal.ts';
import { describeRun, explainHistory, type History, type HistoryJournal } from './explain-history.ts';
import { fileSystemKind } from '../files/file-system.ts';
import { hasWriter } from './open-writers.ts';
import { isGone } from './listing.ts';
import { nameRules } from './names.ts';
import { DEFAULT_SETTLE_MS } from './settling.ts';
import { isWithin } from '../files/within.ts';
import { versionKey } from './version.ts';
import { describeWriters } from './writers.ts';

/** What explaining asks of the journal: reading only, so that it works beside a running orchestrator. */
export type ExplainJournal = HistoryJournal & Pick<Journal, 'pathsAt' | 'run'>;

/**
 * Why a file was or was not taken, in sentences for people. `path` is absolute or relative to the working directory;
 * `keptFor` gives a dataset's kept folders, as for watchDataset. Works whether the orchestrator runs or not. Throws
 * only what the journal throws.
 */
export async function explain(
  path: string,
  datasets: readonly Dataset[],
  journal: ExplainJournal,
  keptFor: (dataset: Dataset) => readonly KeptFolder[] = () => [],
): Promise<string[]> {
  const absolute = resolve(path);
  const watching = datasets.filter(dataset => isWithin(absolute, dataset.watchDir) && absolute !== dataset.watchDir);
  if (watching.length === 0) {
    const moved = await explainMoved(absolute, journal);
    return moved.length > 0 ? moved : [notWatched(absolute, datasets)];
  }
  const sentences: string[] = [];
  for (const dataset of watching) {
    for (const sentence of await explainFor(absolute, dataset, journal, keptFor(dataset))) {
      sentences.push(`dataset ${dataset.name}: ${sentence}`);
    }
  }
  return sentences;
}

/** A file in the backup or the quarantine. */
async function explainMoved(absolute: string, journal: ExplainJournal): Promise<string[]> {
  const sentences: string[] = [];
  for (const { dataset, file, runId } of await journal.pathsAt(absolute)) {
    const run = runId === null ? undefined : await journal.run(runId);
    if (run !== undefined)
      sentences.push(`dataset ${dataset}: it is what ${file} was, and was moved here. ${describeRun(run)}`);
  }
  return sentences;
}

function notWatched(path: string, datasets: readonly Dataset[]): string {
  const folders = datasets.map(dataset => `${dataset.watchDir} (${dataset.name})`).join(', ');
  return `${path} is not below the WATCH_DIR of any dataset; watched are: ${folders || 'none'}.`;
}

async function explainFor(
  absolute: string,
  dataset: Dataset,
  journal: ExplainJournal,
  kept: readonly KeptFolder[],
): Promise<string[]> {
  const path = relative(dataset.watchDir, absolute).split(sep).join('/');
  const refusal = nameRules(dataset, () => kept).refuseFile(path);
  const history = await explainHistory(path, dataset, journal);
  if (refusal !== null) return [`${path} is never taken: it ${refusal}.`, ...history.sentences];
  const now = await explainNow(path, dataset, history);
  return [...now, ...history.sentences];
}

/** What keeps a file from being taken because of what it is; the rest says its error. */
const REFUSALS: Partial<Record<UntrustedReason, string>> = {
  'not-a-file': 'is never taken: it is not a regular file, nor a link to one.',
  link: 'is not taken: it is a symbolic link, and those are not followed; set FOLLOW_LINKS: true to have those followed that lead to files their owners can read.',
};

async function explainNow(path: string, dataset: Dataset, history: History): Promise<string[]> {
  try {
    const root = await openAdminFolder(dataset.watchDir);
    try {
      return await explainIn(root, path, dataset, history);
    } finally {
      await root.close();
    }
  } catch (error) {
    if (isGone(error)) return [`${path} is not there.`];
    if (error instanceof UntrustedFile)
      return [`${path} ${REFUSALS[error.reason] ?? `is not taken: ${error.message}.`}`];
    return [`${path} can't be looked at: ${codeOf(error) === 'EACCES' ? closedText() : messageOf(error)}.`];
  }
}

/** It is tried again with each listing. */
function closedText(): string {
  const uid = process.getuid?.();
  return `uid ${uid} lacks the permission (EACCES); it is taken once it may be read: allow that with setfacl -m u:${uid}:rX on the file and its folders, or chmod o+rX, or run the orchestrator as a user that may read it`;
}

async function explainIn(root: Folder, path: string, dataset: Dataset, history: History): Promise<string[]> {
  const rules = { followLinks: dataset.settings.FOLLOW_LINKS };
  const found = await lookAtSource(root, path, rules);
  if (found === undefined) return [`${path} is not there.`];
  if (versionKey(versionOf(found.stats)) === history.known)
    return [`${path} ${history.isLeftAlone ? 'is left alone' : 'was taken'} in the version it has now.`];
  const source = await openSource(root, path, rules);
  try {
    return [
      history.known === null
        ? `${path} is not taken yet.`
        : `${path} has changed since it was ${history.isLeftAlone ? 'left alone' : 'taken'}.`,
      ...(await explainWaiting(root, path, source, dataset)),
    ];
  } finally {
    await source.file.close();
  }
}

/** What stands between the file and the queue. */
async function explainWaiting(root: Folder, path: string, source: OpenSource, dataset: Dataset): Promise<string[]> {
  const { READY_MARKER: marker, SETTLE_MS: settleMs } = dataset.settings;
  const { file, stats } = source;
  if (marker !== undefined && (await root.look(path + marker)) === undefined)
    return [`Its READY_MARKER ${root.path}/${path}${marker} is missing.`];
  const writer = (await fileSystemKind(file.fd)) === 'local' ? hasWriter(file.fd) : 'unknown';
  if (writer === 'yes') return [`It is open for writing${await describeWriters(stats)}.`];
  const quietMs = settleMs ?? (writer === 'no' ? 0 : DEFAULT_SETTLE_MS);
  const sentences: string[] = [];
  if (writer === 'unknown') sentences.push('Whether someone still writes to it can’t be seen here.');
  if (quietMs > 0)
    sentences.push(
      `It is taken once it has not changed for ${quietMs} ms; it last did ${Math.round(Date.now() - Number(stats.mtimeMs))} ms ago.`,
    );
  return [
    ...sentences,
    'Nothing keeps it from being taken: if it stays so, see whether the orchestrator runs, and `status` for its errors.',
  ];
}
