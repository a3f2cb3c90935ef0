import { join, resolve } from 'node:path';
import type { Dataset } from '../config/dataset.ts';
import { openAdminFolder } from '../files/admin-folder.ts';
import { unless } from '../files/unless.ts';
import { UntrustedFile } from '../files/untrusted-file.ts';
import type { Disposal, Finish, Run } from '../journal/journal.ts';
import { isFollowedLink } from './followed-link.ts';
import { hiddenName, storedName } from './names.ts';

export type Intent = Omit<Disposal, 'state' | 'error'>;

/** What is to become of a run's file if the run ends like this, or undefined where it stays. */
export async function planDisposal(
  run: Run,
  dataset: Dataset,
  to: Finish['to'],
  dataDir: string,
): Promise<Intent | undefined> {
  const folder = targetFolder(dataset, to, dataDir);
  // Mended rows and deletions are not about a file that is there; one from elsewhere is its owner's, and one in the
  // backup is where it is to be.
  const hasFile = (run.action === 'add' || run.action === 'change') && run.readFrom === null;
  if (!folder || !hasFile || !run.fileVersion || run.root !== dataset.watchDir) return undefined;
  if (await isFollowedLink(run)) return undefined;
  const source = join(run.root, run.file);
  const suffix = dataset.settings.READY_MARKER;
  return {
    runId: run.id,
    kind: folder.kind,
    source,
    hidden: hiddenName(source, run.id),
    // rule 8: backups keep dataset and path
    target: folder.path === null ? null : await freeName(folder.path, join(run.dataset, run.file), run.id),
    fileVersion: run.fileVersion,
    marker: suffix === undefined ? null : source + suffix,
  };
}

/** QUARANTINE_DIR, absolute, or null where files that can't succeed stay in place. */
export function quarantineDir({ settings }: Dataset, dataDir: string): string | null {
  if (settings.QUARANTINE_DIR === null) return null;
  return resolve(settings.QUARANTINE_DIR ?? join(dataDir, 'quarantine'));
}

function targetFolder(
  dataset: Dataset,
  to: Finish['to'],
  dataDir: string,
): { kind: Disposal['kind']; path: string | null } | undefined {
  const { BACKUP_FILE, BACKUP_DIR, REMOVE_FILE } = dataset.settings;
  if (to === 'quarantined') {
    const path = quarantineDir(dataset, dataDir);
    return path === null ? undefined : { kind: 'quarantine', path };
  }
  if (to !== 'done') return undefined;
  // A backup takes the file away, too: with both it is not removed a second time.
  if (BACKUP_FILE) return { kind: 'backup', path: resolve(BACKUP_DIR ?? join(dataDir, 'backup')) };
  return REMOVE_FILE ? { kind: 'remove', path: null } : undefined;
}

async function freeName(root: string, file: string, runId: string): Promise<string> {
  return join(root, (await isTaken(root, file)) ? storedName(file, runId) : file);
}

/** What must not be looked at is dealt with once the file is moved there, and told. */
async function isTaken(root: string, file: string): Promise<boolean> {
  try {
    const folder = await openAdminFolder(root).catch(unless('ENOENT', 'ENOTDIR'));
    try {
      return (await folder?.look(file)) !== undefined;
    } finally {
      await folder?.close();
    }
  } catch (error) {
    if (error instanceof UntrustedFile) return false;
    throw error;
  }
}
