import { isWithin } from '../files/within.ts';

interface Watched {
  name: string;
  watchDir: string;
}

/**
 * What people should know whose WATCH_DIR nobody but root can reach: it lies in a root orchestrator's DATA_DIR.
 * undefined where there is nothing to say: who runs it as himself copies his own files there.
 */
export function closedInboxes(datasets: readonly Watched[], dataDir: string): string | undefined {
  const closed = datasets.filter(({ watchDir }) => isWithin(watchDir, dataDir));
  if (process.geteuid?.() !== 0 || closed.length === 0) return undefined;
  const names = closed.map(({ name }) => name).join(', ');
  return `only root can copy files for ${names}: WATCH_DIR is below DATA_DIR, which is closed to others; give people a WATCH_DIR elsewhere`;
}
