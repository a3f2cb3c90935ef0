import type { Clock } from '../clock.ts';
import { Folder } from '../files/folder.ts';
import { type Usage, usageOf } from '../files/tree.ts';

export interface WorkSizeOptions {
  /** Absolute. */
  workDir: string;
  mostBytes: number;
  clock: Clock;
  /** Called once. */
  onExceeded: () => void;
}

const LOOK_MS = 1000;
/** Files and folders: no program needs as many, and a look takes time for each. */
const MOST_ENTRIES = 100_000;

/** Looks once a second at how much of the disk an attempt has taken. Returns how to end it; ending it twice is harmless. */
export function watchWorkSize({ workDir, mostBytes, clock, onExceeded }: WorkSizeOptions): () => void {
  let isOver = false;
  let callOff = clock.after(LOOK_MS, () => void look());

  async function look(): Promise<void> {
    // What can't be looked at now is looked at again.
    const exceeds = await isExceeded(workDir, { bytes: mostBytes, entries: MOST_ENTRIES }).catch(() => false);
    if (isOver) return;
    if (exceeds) onExceeded();
    else callOff = clock.after(LOOK_MS, () => void look());
  }

  return () => {
    isOver = true;
    callOff();
  };
}

async function isExceeded(workDir: string, most: Usage): Promise<boolean> {
  const { bytes, entries } = await Folder.useNow(workDir, folder => usageOf(folder, most));
  return bytes > most.bytes || entries > most.entries;
}
