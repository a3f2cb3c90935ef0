import { join, resolve } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import type { Journal } from '../journal/journal.ts';
import { isWithin } from '../files/within.ts';
import { namedFile } from './find-run.ts';

export interface ExplainRequest {
  /** Absolute, or relative to the working directory; else a run's id, or the end of the path that a run has. */
  file: string;
  datasets: readonly Dataset[];
  journal: Journal;
  /** explain() of watch/, with the datasets and the journal in hand: whether the orchestrator runs does not matter. */
  explain(file: string): Promise<string[]>;
  print(line: string): void;
}

/** `orchestrator explain FILE`: why a file was or was not taken, a sentence a line. Resolves to the exit code. */
export async function explainCommand(request: ExplainRequest): Promise<number> {
  for (const sentence of await request.explain(await meantPath(request))) request.print(sentence);
  return 0;
}

/**
 * A file that no run has is explained as well, so what lies here goes before what has that name elsewhere; so does what
 * was moved to where it is named.
 */
async function meantPath({ file, datasets, journal }: ExplainRequest): Promise<string> {
  if (datasets.some(({ watchDir }) => isWithin(resolve(file), watchDir))) return file;
  const named = await namedFile(journal, file);
  const dataset = datasets.find(({ name }) => name === named?.dataset);
  return named === undefined || named.runId !== null || dataset === undefined
    ? file
    : join(dataset.watchDir, named.file);
}
