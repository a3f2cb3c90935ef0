import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Dataset } from '../config/dataset.ts';
import { codeOf, OrchestratorError } from '../errors.ts';
import { type NamedFile, openNamedFile } from '../files/named-file.ts';
import { type Journal, type Run, versionOf } from '../journal/journal.ts';

/**
 * Queues a file, wherever it lies: below WATCH_DIR under its path there, from elsewhere under its absolute path, lest it take another's place. It is read as whoever
 * typed the command; links on the way to it are followed as long as it is nobody's but one who could read it himself.
 */
export async function submitFile(journal: Journal, dataset: Dataset, path: string, now: number): Promise<Run> {
  const { file, stats, path: found } = await open(path);
  try {
    const hash = createHash('sha256');
    await pipeline(file.createReadStream({ autoClose: false, start: 0 }), hash);
    return await journal.submit({
      dataset: dataset.name,
      ...placeOf(found, await realpath(dataset.watchDir).catch(() => dataset.watchDir)),
      priority: dataset.settings.PRIORITY,
      fileVersion: versionOf(stats),
      contentHash: hash.digest('hex'),
      now,
    });
  } finally {
    await file.close();
  }
}

async function open(path: string): Promise<NamedFile> {
  try {
    return await openNamedFile(resolve(path));
  } catch (error) {
    if (error instanceof OrchestratorError) throw error;
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
