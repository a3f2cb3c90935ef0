import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../errors.ts';

/**
 * The name of a DATA_DIR, made once and kept in it: containers are labelled with it, so that two orchestrators on one engine
 * don't touch each other's, whatever path their DATA_DIR has inside their own containers.
 */
export function readInstance(dataDir: string): string {
  const path = join(dataDir, 'instance');
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  mkdirSync(dataDir, { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${randomUUID()}\n`);
  try {
    // A link, not a rename: it appears whole, and only one of two that start at once makes it.
    linkSync(draft, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(path, 'utf8').trim();
}
