import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { WORK_FILES } from '../../default-etl/contract.ts';
import { codeOf } from '../errors.ts';

/** Where a run's rejects lie. */
export interface RejectsFiles {
  /** NDJSON of `Reject`s. */
  rejects: string;
  /** How their raw text is read; not there where another program left the rejects. */
  table: string;
}

/** Those of a run's attempt, or of the last one that left any; null where there are none. */
export async function findRejects(
  dataDir: string,
  run: { id: string; attempt: number },
  only?: number,
): Promise<RejectsFiles | null> {
  for (let attempt = only ?? run.attempt; attempt >= (only ?? 1); attempt -= 1) {
    const folder = join(dataDir, 'runs', run.id, String(attempt));
    const rejects = join(folder, WORK_FILES.rejects);
    if (await isFile(rejects)) return { rejects, table: join(folder, WORK_FILES.table) };
  }
  return null;
}

/** Where mended rows of a run are kept, for as long as the run is. */
export function mendedFolder(dataDir: string, runId: string): string {
  return join(dataDir, 'mended', runId);
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return false;
  }
}
