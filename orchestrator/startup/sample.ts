import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import { codeOf } from '../errors.ts';
import { makeAdminFolder } from '../files/admin-folder.ts';
import type { Folder } from '../files/folder.ts';
import { FINAL_STATES, type Journal, type Run } from '../journal/journal.ts';

/**
 * The shipped dataset that the sample goes to, and the sample, relative to CONFIG_DIR (its source and licence:
 * config/examples/README.md).
 */
const SAMPLE_DATASET = 'default';
const SAMPLE = 'examples/seattle-weather.csv';

interface FirstStartOptions {
  journal: Journal;
  datasets: ReadonlyMap<string, Dataset>;
  configDir: string;
}

/**
 * On the very first start, copies the sample into the default dataset's folder, so that a newcomer sees rows at once.
 * Does nothing once the journal knows a run, or where the folder holds a file or the sample is gone.
 * Returns the path of the copy, or undefined.
 */
export async function offerSample({ journal, datasets, configDir }: FirstStartOptions): Promise<string | undefined> {
  const dataset = datasets.get(SAMPLE_DATASET);
  if (dataset === undefined || (await journal.runs({ limit: 1 })).items.length > 0) return undefined;
  const sample = await readFile(join(configDir, SAMPLE)).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (sample === undefined) return undefined;
  // What is wrong with it the watch tells.
  const folder = await makeAdminFolder(dataset.watchDir).catch(() => undefined);
  if (folder === undefined) return undefined;
  try {
    if (!(await isEmpty(folder))) return undefined;
    await folder.replace(basename(SAMPLE), sample, { mode: 0o644 });
    return join(dataset.watchDir, basename(SAMPLE));
  } finally {
    await folder.close();
  }
}

/** Calls back once, when the run of the sample at this path has ended. Returns how to stop waiting for it. */
export function whenSampleEnds(journal: Journal, path: string, tell: (run: Run) => void): () => void {
  const off = journal.onChange(run => {
    if (run.dataset !== SAMPLE_DATASET || run.file !== basename(path) || !FINAL_STATES.includes(run.state)) return;
    off();
    // After the line of the log that tells its end.
    setImmediate(tell, run);
  });
  return off;
}

async function isEmpty(folder: Folder): Promise<boolean> {
  for await (const _ of folder.names()) return false;
  return true;
}
