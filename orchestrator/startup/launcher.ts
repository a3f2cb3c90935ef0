import type { Clock } from '../clock.ts';
import { readProcess } from '../run/process/process-table.ts';

/** What started us, and has to end us: npm, or bin.js on an older Node. */
export interface Launcher {
  /**
   * npm sends on what the terminal, or a supervisor, has sent to the whole group already: the same signal again within
   * this time is that one.
   */
  repeatWithinMs: number;
  /** Calls back once when it, or a shell between, has ended without a word. Returns how to stop looking. */
  whenGone(callback: () => void): () => void;
}

const LOOK_EVERY_MS = 250;
const REPEAT_WITHIN_MS = 1000;

/** How many processes above us belong to npm, by the script's name: `npm start` replaces its shell by us, npx keeps it. */
const GENERATIONS: Readonly<Record<string, number>> = { start: 1, npx: 2 };

/**
 * What started us, or null: a shell may end and leave us running. A killed npm tells nobody, and we would keep DATA_DIR
 * from the next start. To be called early: who had ended before is not missed.
 */
export function findLauncher(env: Readonly<Record<string, string | undefined>>, clock: Clock): Launcher | null {
  const ofNpm = env['npm_command'] === undefined ? 0 : (GENERATIONS[env['npm_lifecycle_event'] ?? ''] ?? 0);
  const generations = ofNpm + (env['ORCHESTRATOR_LAUNCHER'] === undefined ? 0 : 1);
  if (generations === 0) return null;
  const first = ancestors(generations);
  return {
    repeatWithinMs: REPEAT_WITHIN_MS,
    whenGone(callback) {
      let isOff = false;
      const look = (): void => {
        if (isOff) return;
        if (ancestors(generations) !== first) return callback();
        clock.after(LOOK_EVERY_MS, look);
      };
      look();
      return () => {
        isOff = true;
      };
    },
  };
}

/** Pids of the parent, its parent and so on, as one text; an orphan's parent is another. */
function ancestors(generations: number): string {
  const pids = [process.ppid];
  // Not Linux, or ended: then the parent above has changed.
  while (pids.length < generations) pids.push(readProcess(pids.at(-1) ?? 0)?.parent ?? 0);
  return pids.join(' ');
}
