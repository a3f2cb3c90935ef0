import type { BigIntStats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import { isSamePlace } from '../config/real-place.ts';
import { openAdminFolder } from '../files/admin-folder.ts';
import { fileSystemKind } from '../files/file-system.ts';
import { unless } from '../files/unless.ts';
import type { Journal } from '../journal/journal.ts';
import { formerPaths } from '../files/stored-name.ts';

/** What of a file tells whether it is another one. */
export type Seen = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs'>;

/** A complete file below WATCH_DIR. */
export interface SeenFile {
  /** Relative to WATCH_DIR. */
  path: string;
  /** SHA-256. */
  contentHash: string;
  /** Undefined where it is gone. */
  look(): Promise<Seen | undefined>;
}

interface Stored extends Seen {
  /** On a local file system, where an inode is a file's own by whatever way it is seen. */
  isLocal: boolean;
}

/** What is shown by another file system (vfat, FUSE) may have times of two seconds. */
const COARSEST_NS = 2_000_000_000n;

/**
 * Where the orchestrator itself has moved this very file: then it is a backup, or lies in quarantine, and is seen by a
 * way that nothing tells of (a network or FUSE mount of the same folder), or BACKUP_DIR was another folder then. Were
 * it taken, it would be moved to another such place, and so on for ever. Backups are at `<dataset>/<path>`: only what a
 * path with that end says is asked for. A file of somebody's own may have such a path, and such a content: it is a copy
 * of ours only if what was stored is still there, and is the same.
 */
export async function ownCopyOf(
  journal: Pick<Journal, 'moves'>,
  { watchDir }: Pick<Dataset, 'watchDir'>,
  file: SeenFile,
): Promise<string | undefined> {
  for (const { source, target } of await movesAs(journal, file)) {
    // Where several datasets watch one folder, one of them may be moving this very file.
    if (isSamePlace(source, join(watchDir, file.path))) continue;
    const stored = await lookAtStored(target);
    const seen = stored && (await file.look());
    // rule 8: and a backup that is seen by another way is no arrival
    if (seen && isSameFile(seen, stored)) return target;
  }
  return undefined;
}

/** Of files with this content, to places that end as its path does. */
async function movesAs(
  journal: Pick<Journal, 'moves'>,
  { path, contentHash }: SeenFile,
): Promise<Array<{ source: string; target: string }>> {
  const names = path.split('/');
  const paths = names.slice(0, -1).flatMap((dataset, at) => {
    return formerPaths(names.slice(at + 1).join('/')).map(former => ({ dataset, former }));
  });
  const moves = await Promise.all(paths.map(({ dataset, former }) => journal.moves(dataset, former, contentHash)));
  return moves.flat().filter(({ target }) => basename(target) === names.at(-1));
}

async function lookAtStored(target: string): Promise<Stored | undefined> {
  const folder = await openAdminFolder(dirname(target)).catch(unless('ENOENT', 'ENOTDIR'));
  if (folder === undefined) return undefined;
  try {
    const stats = await folder.look(basename(target));
    if (stats === undefined) return undefined;
    const { dev, ino, size, mtimeNs } = stats;
    return { dev, ino, size, mtimeNs, isLocal: (await fileSystemKind(folder.descriptor)) === 'local' };
  } finally {
    await folder.close();
  }
}

function isSameFile(seen: Seen, stored: Stored): boolean {
  if (seen.dev === stored.dev && stored.isLocal) return seen.ino === stored.ino;
  const apart = seen.mtimeNs - stored.mtimeNs;
  return seen.size === stored.size && apart <= COARSEST_NS && -apart <= COARSEST_NS;
}
