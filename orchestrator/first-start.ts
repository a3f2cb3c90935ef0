import { copyFile, mkdir, readdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Dataset } from './config/dataset.ts';
import { codeOf } from './errors.ts';
import { FINAL_STATES, type Journal, type Run } from './journal/journal.ts';

/** The shipped dataset that the sample goes to, and the sample, relative to CONFIG_DIR (its source and licence: config/examples/README.md). */
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
  if (!(await isEmpty(dataset.watchDir))) return undefined;
  const hidden = join(dataset.watchDir, `.${basename(SAMPLE)}.part`);
  const visible = join(dataset.watchDir, basename(SAMPLE));
  try {
    await mkdir(dataset.watchDir, { recursive: true });
    await copyFile(join(configDir, SAMPLE), hidden);
    await rename(hidden, visible);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  return visible;
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

async function isEmpty(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return true;
    throw error;
  }
}
