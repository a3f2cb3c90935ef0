import { join } from 'node:path';
import { fileVersionAt } from '../dispose/file-version.ts';
import { isSameVersion, type Run } from '../journal/journal.ts';
import type { PathNow } from './decide.ts';

/** What the path of a run holds now, beside the version the run is about. Never throws. */
export async function pathNow(run: Pick<Run, 'root' | 'file' | 'fileVersion'>): Promise<PathNow> {
  try {
    const version = await fileVersionAt(join(run.root, run.file));
    if (version) return isSameVersion(version, run.fileVersion) ? 'same' : 'changed';
    // A root that is not there is an unmounted one, and says nothing of its files.
    return (await fileVersionAt(run.root)) ? 'gone' : 'unknown';
  } catch {
    return 'unknown';
  }
}
