import { openAdminFolder } from '../files/admin-folder.ts';
import type { Run } from '../journal/journal.ts';

/**
 * Whether a run's file is a link: what that leads to is not in WATCH_DIR, so nothing is moved or removed, and the link
 * stays with it.
 */
export async function isFollowedLink({ root, file }: Pick<Run, 'root' | 'file'>): Promise<boolean> {
  const folder = await openAdminFolder(root).catch(() => undefined);
  try {
    return (await folder?.look(file))?.isSymbolicLink() ?? false;
  } catch {
    return false;
  } finally {
    await folder?.close();
  }
}
