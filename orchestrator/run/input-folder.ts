import { readlink } from 'node:fs/promises';
import { codeOf, OrchestratorError } from '../errors.ts';
import { openAdminFolder } from '../files/admin-folder.ts';
import { descriptorPath } from '../files/reach.ts';
import type { Job } from './runner.ts';

/**
 * The real path of the folder that an attempt finds at /data, as it is now: whoever can write above it may have put
 * something else there since it was watched. Null where it isn't there. Throws `wait` where a link that others can have
 * made has its place, or the policy keeps it from the dataset.
 */
export async function realInputFolder({
  inputFolder,
  dataset,
}: Pick<Job, 'inputFolder' | 'dataset'>): Promise<string | null> {
  const refuse = (why: string, cause?: unknown) =>
    new OrchestratorError('wait', `dataset ${dataset.name}: ${inputFolder} ${why}`, { cause });
  try {
    const folder = await openAdminFolder(inputFolder);
    try {
      const at = descriptorPath(folder.descriptor);
      const real = at === undefined ? inputFolder : await readlink(at);
      // A file from elsewhere was judged by whoever handed it in.
      const why = inputFolder === dataset.watchDir ? dataset.whyForbidden('folders', real) : null;
      if (why !== null) throw refuse(why);
      return real;
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    if (codeOf(error) !== 'ENOTDIR') throw error;
    throw refuse('is not a folder, or lies behind a link that others than root can have made; nothing is run', error);
  }
}
