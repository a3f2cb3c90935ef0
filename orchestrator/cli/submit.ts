import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Dataset } from '../config/dataset.ts';
import { codeOf, OrchestratorError } from '../errors.ts';
import { type Journal, type Run, versionOf } from '../journal/journal.ts';

/** Queues a file, wherever it lies: below WATCH_DIR under its path there, from elsewhere under its absolute path, lest it take another's place. */
export async function submitFile(journal: Journal, dataset: Dataset, path: string, now: number): Promise<Run> {
  const file = await find(path);
  const stats = await stat(file, { bigint: true });
  if (!stats.isFile()) throw new OrchestratorError('never', `${path} is not a file; name the files to run`);
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return journal.submit({
    dataset: dataset.name,
    ...placeOf(file, await realpath(dataset.watchDir).catch(() => dataset.watchDir)),
    priority: dataset.settings.PRIORITY,
    fileVersion: versionOf(stats),
    contentHash: hash.digest('hex'),
    now,
  });
}

async function find(path: string): Promise<string> {
  try {
    return await realpath(resolve(path));
  } catch (error) {
    throw new OrchestratorError('never', `${path} can't be read (${codeOf(error) ?? 'unknown'}); does it exist?`, {
      cause: error,
    });
  }
}

function placeOf(file: string, watchDir: string): { root: string; file: string } {
  const below = relative(watchDir, file);
  if (below === '' || below.startsWith('..') || resolve(below) === below) return { root: '/', file: file.slice(1) };
  return { root: watchDir, file: below.split(sep).join('/') };
}
