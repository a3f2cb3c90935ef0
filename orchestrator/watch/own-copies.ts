import { basename, join } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import { isSamePlace } from '../config/real-place.ts';
import type { Journal } from '../journal/journal.ts';
import { formerPaths } from '../files/stored-name.ts';

/**
 * Where the orchestrator itself has moved a file whose path and content are those of this one (relative to WATCH_DIR, and SHA-256): then it is a backup,
 * or lies in quarantine, and is seen by a way that nothing tells of (a network or FUSE mount of the same folder), or BACKUP_DIR was another folder then. Were
 * it taken, it would be moved to another such place, and so on for ever. Backups are at `<dataset>/<path>`: only what a path with that end says is asked for.
 */
export async function ownCopyOf(
  journal: Pick<Journal, 'moves'>,
  { watchDir }: Pick<Dataset, 'watchDir'>,
  path: string,
  contentHash: string,
): Promise<string | undefined> {
  const names = path.split('/');
  const isCopy = ({ source, target }: { source: string; target: string }) =>
    basename(target) === names.at(-1) && !isSamePlace(source, join(watchDir, path));
  for (let at = 0; at < names.length - 1; at += 1) {
    const file = names.slice(at + 1).join('/');
    for (const former of formerPaths(file)) {
      const moves = await journal.moves(names[at] as string, former, contentHash);
      // Where several datasets watch one folder, one of them may be moving this very file.
      const move = moves.find(isCopy);
      if (move !== undefined) return move.target;
    }
  }
  return undefined;
}
