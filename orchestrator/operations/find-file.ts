import { basename, dirname, join } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import { restoreQuarantined } from '../dispose/restore.ts';
import { codeOf, kindOf, messageOf, OrchestratorError } from '../errors.ts';
import { openKnownFolder } from '../files/admin-folder.ts';
import { hashOf } from '../files/content.ts';
import { openSource } from '../files/source.ts';
import { UntrustedFile } from '../files/untrusted-file.ts';
import { type FileVersion, isSameVersion, versionOf } from '../files/version.ts';
import { type FoundFile, knownRoot } from '../journal/journal.ts';
import type { Journal, Run, StoredFile } from '../journal/journal.ts';
import { sourceRulesOf } from '../schedule/path-now.ts';

export interface FindOptions {
  journal: Pick<Journal, 'stored' | 'place' | 'run' | 'latestDone' | 'intents'>;
  dataset: Dataset;
  dataDir: string;
}

/** What a run was about, with its version of the file. */
export type Meant = Pick<Run, 'id' | 'dataset' | 'file' | 'root'> & { fileVersion: FileVersion; contentHash: string };

/** What lies at a place. */
interface Content {
  fileVersion: FileVersion;
  contentHash: string;
}

/**
 * Finds the file of a run again: at its path, whatever its mtime and inode are by now, else in the quarantine, from
 * which it is put back, or in the backup, where it stays. What is there has to have the content that was meant, but for
 * a quarantined file, which somebody may have mended there. Throws `never` where there is no such file, with what to
 * do, and `wait` where WATCH_DIR is not what it was.
 */
export async function findFile(meant: Meant, options: FindOptions): Promise<FoundFile> {
  const inPlace = await readAtPath(meant, options);
  if (inPlace?.contentHash === meant.contentHash) return { ...inPlace, readFrom: null };
  const isAppended = options.dataset.settings.ON_CHANGE === 'append';
  if (inPlace && !isAppended) throw await holdsOther(meant, options);
  const stored = await options.journal.stored(meant.dataset, meant.file);
  const found = await findStored(
    meant,
    stored.filter(({ contentHash }) => contentHash === meant.contentHash),
    { ...options, isFree: inPlace === undefined },
  );
  if (typeof found !== 'string') {
    if (found.readFrom !== null && !isAppended) await demandNewest(meant, found.readFrom, options);
    return found;
  }
  if (inPlace) throw await holdsOther(meant, options);
  const path = join(meant.root, meant.file);
  const isMoving = (await options.journal.intents()).some(({ source }) => source === path);
  const text = isMoving
    ? `${path} is just being moved away: try again in a moment`
    : `${path} is gone${found}: copy the file there again to load it`;
  throw new OrchestratorError('never', text);
}

/** The newest first. What was tried in vain is said. */
async function findStored(
  meant: Meant,
  stored: readonly StoredFile[],
  options: FindOptions & { isFree: boolean },
): Promise<FoundFile | string> {
  const tried: string[] = [];
  for (const one of stored) {
    const found =
      one.kind === 'backup'
        ? await readBackup(one)
        : options.isFree
          ? await takeBack(meant, one, options)
          : 'is in quarantine';
    if (typeof found !== 'string') return { ...found, readFrom: one.kind === 'backup' ? one.place : null };
    tried.push(`${one.place} ${found}`);
  }
  return tried.length === 0 ? ', and no copy of it was kept' : `, and ${tried.join(', and ')}`;
}

/** Reads a file that was backed up, if it still is what was. */
export async function readBackup({ place, contentHash, fileVersion }: StoredFile): Promise<Content | string> {
  try {
    const found = await readAt(
      dirname(place),
      basename(place),
      { known: null, followLinks: false },
      { fileVersion, contentHash },
    );
    // rule 12: it reads a file of the content that was meant, wherever that lies
    return found.contentHash === contentHash ? found : 'is not what was backed up there';
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return 'is gone, too';
    return `can't be read (${messageOf(error)})`;
  }
}

async function takeBack(meant: Meant, { place, runId }: StoredFile, options: FindOptions): Promise<Content | string> {
  const { journal, dataset, dataDir } = options;
  const run = runId === null ? undefined : await journal.run(runId);
  if (run === undefined) return 'is unknown by now';
  try {
    await restoreQuarantined(run, dataset, { dataDir, place, known: await knownRoot(run, journal, dataset) });
  } catch (error) {
    if (kindOf(error) === 'never') return messageOf(error);
    throw error;
  }
  return (await readAtPath(meant, options)) ?? 'was swapped while it was put back';
}

async function readAtPath(meant: Meant, { journal, dataset }: FindOptions): Promise<Content | undefined> {
  const known = await knownRoot(meant, journal, dataset);
  const { followLinks } = sourceRulesOf(dataset, { ...meant, readFrom: null });
  try {
    return await readAt(meant.root, meant.file, { known, followLinks }, meant);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    if (error instanceof UntrustedFile) throw new OrchestratorError('never', messageOf(error), { cause: error });
    throw error;
  }
}

/** A file of the version that is meant need not be read. */
async function readAt(
  folder: string,
  path: string,
  rules: { known: string | null; followLinks: boolean },
  meant: Pick<StoredFile, 'fileVersion' | 'contentHash'>,
): Promise<Content> {
  const root = await openKnownFolder(folder, rules.known);
  try {
    const { file, stats } = await openSource(root, path, rules);
    await using source = file;
    const fileVersion = versionOf(stats);
    if (isSameVersion(fileVersion, meant.fileVersion)) return { fileVersion, contentHash: meant.contentHash };
    const contentHash = await hashOf(source);
    if (isSameVersion(versionOf(await source.stat({ bigint: true })), fileVersion)) return { fileVersion, contentHash };
    throw new OrchestratorError('never', `${join(folder, path)} is being written: try again once it is closed`);
  } finally {
    await root.close();
  }
}

async function holdsOther({ id, dataset, file, root }: Meant, { journal }: FindOptions): Promise<OrchestratorError> {
  const latest = await journal.latestDone(dataset, file);
  const newer = latest === undefined || latest.id === id ? '' : `; run ${latest.id} loaded what came last`;
  const text = `${join(root, file)} holds other content than run ${id} was about${newer}: it is loaded by a run of its own, or by orchestrator run ${dataset} ${join(root, file)}`;
  return new OrchestratorError('never', text);
}

/** With ON_CHANGE: replace an older version from the backup would take the place of the newer rows. */
async function demandNewest(
  { id, dataset, file, contentHash, root }: Meant,
  place: string,
  { journal }: FindOptions,
): Promise<void> {
  const latest = await journal.latestDone(dataset, file);
  if (latest === undefined || latest.id === id || latest.contentHash === contentHash) return;
  const text = `run ${latest.id} loaded a newer ${file}, and the rows of this one would take the place of its rows (ON_CHANGE: replace): if that is meant, copy ${place} to ${join(root, file)}`;
  throw new OrchestratorError('never', text);
}
