import { fileVersionIn } from '../dispose/file-version.ts';
import { Folder } from '../files/folder.ts';
import { isSameVersion, type Run } from '../journal/journal.ts';
import type { PathNow } from './decide.ts';

/** What the path of a run holds now, beside the version the run is about. `followLinks`: FOLLOW_LINKS. Never throws. */
export async function pathNow(run: Pick<Run, 'root' | 'file' | 'fileVersion'>, followLinks: boolean): Promise<PathNow> {
  try {
    // A root that is not there is an unmounted one, and says nothing of its files.
    return await Folder.use(run.root, async root => {
      const version = await fileVersionIn(root, run.file, followLinks);
      if (version === undefined) return 'gone';
      return isSameVersion(version, run.fileVersion) ? 'same' : 'changed';
    });
  } catch {
    return 'unknown';
  }
}
