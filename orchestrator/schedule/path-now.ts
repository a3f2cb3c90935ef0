import type { Dataset } from '../config/dataset.ts';
import { openKnownFolder } from '../files/admin-folder.ts';
import { forKnownFile } from '../files/local.ts';
import { lookAtSource, type SourceRules } from '../files/source.ts';
import { UntrustedFile } from '../files/untrusted-file.ts';
import { isSameVersion, versionOf } from '../files/version.ts';
import type { Run } from '../journal/journal.ts';
import { mountOf } from '../run/job.ts';

/** What a path holds, beside the version that the run is about. `unknown`: it can't be told, as its root is not there. */
export type PathNow = 'same' | 'changed' | 'gone' | 'unknown';

/**
 * Which links lead to a run's file: those that are followed below WATCH_DIR; a file from elsewhere, or in a backup, has
 * none on its path.
 */
export function sourceRulesOf(
  { settings, watchDir }: Dataset,
  { root, readFrom }: Pick<Run, 'root' | 'readFrom'>,
): SourceRules {
  return { followLinks: settings.FOLLOW_LINKS && root === watchDir && readFrom === null };
}

type Placed = Pick<Run, 'root' | 'file' | 'readFrom'>;

/**
 * What the path of a run holds now, beside the version the run is about. What is not taken there is as good as gone.
 * `known`: the identity of its root, where it is known. Never throws.
 */
export async function pathNow(
  dataset: Dataset,
  run: Placed & Pick<Run, 'fileVersion'>,
  known: string | null,
): Promise<PathNow> {
  try {
    // A root that is not there, or another folder, is an unmounted one, and says nothing of its files.
    const source = await lookBelow(dataset, run, known);
    if (source === undefined) return 'gone';
    return isSameVersion(versionOf(source.stats), run.fileVersion) ? 'same' : 'changed';
  } catch (error) {
    return error instanceof UntrustedFile ? 'gone' : 'unknown';
  }
}

async function lookBelow(dataset: Dataset, run: Placed, known: string | null): ReturnType<typeof lookAtSource> {
  const isStored = run.readFrom !== null;
  const { folder, path } = isStored ? mountOf(run) : { folder: run.root, path: run.file };
  const root = await openKnownFolder(folder, isStored ? null : known);
  try {
    return await lookAtSource(forKnownFile(root, path), path, sourceRulesOf(dataset, run));
  } finally {
    await root.close();
  }
}
