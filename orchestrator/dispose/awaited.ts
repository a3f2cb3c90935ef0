import { relative } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import { isSameVersion } from '../files/version.ts';
import { FINAL_STATES, type Journal, type Run } from '../journal/journal.ts';
import type { Intent } from './plan.ts';

interface Known {
  journal: Pick<Journal, 'latest' | 'openRun' | 'knownFile'>;
  /** Every dataset that would take a file at this absolute path. */
  datasetsMatching: (path: string) => Dataset[];
}

/**
 * Whether a dataset that takes the file of a disposal has not come to an end with this version of it. `run`: whose
 * disposal it is, over.
 */
export async function isAwaited({ journal, datasetsMatching }: Known, { source }: Intent, run: Run): Promise<boolean> {
  for (const dataset of datasetsMatching(source)) {
    const file = relative(dataset.watchDir, source);
    const latest = await journal.latest(dataset.name, file);
    if (latest ? mayStillRead(latest, run) : !(await isIgnored(journal, dataset.name, file))) return true;
  }
  return false;
}

/** Whether the latest run that a dataset has of the path reads the version that `ended` read, or comes before one that does. */
function mayStillRead(latest: Run, ended: Run): boolean {
  if (isSameVersion(latest.fileVersion, ended.fileVersion)) return !FINAL_STATES.includes(latest.state);
  // A newer one: its file took the name of ours, which was taken away before a crash, or is left alone now.
  const isNewer = latest.dataset === ended.dataset || latest.seenAt > (ended.endedAt ?? Infinity);
  return !isNewer;
}

/** EXISTING: ignore: known, with no run to come. Only of a path none of whose runs has a version. */
async function isIgnored(journal: Known['journal'], dataset: string, file: string): Promise<boolean> {
  if ((await journal.openRun(dataset, file)) !== undefined) return false;
  const known = await journal.knownFile(dataset, file);
  return known !== undefined && known.version !== null;
}
