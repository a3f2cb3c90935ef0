import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { WORK_FILES } from '../../default-etl/contract.ts';
import { codeOf } from '../errors.ts';

/** The rejected rows of a run's attempt, or of the last one that left any; null where there are none. */
export async function openRejects(
  dataDir: string,
  run: { id: string; attempt: number },
  only: number | undefined,
): Promise<Readable | null> {
  for (let attempt = only ?? run.attempt; attempt >= (only ?? 1); attempt -= 1) {
    const path = join(dataDir, 'runs', run.id, String(attempt), WORK_FILES.rejects);
    if (await isFile(path)) return createReadStream(path);
  }
  return null;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return false;
  }
}
