import { statfs } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { lowDiskText } from '../text/low-disk-text.ts';

export interface DiskState {
  /** null: not known yet, or it can't be told. */
  freeBytes: number | null;
  floorBytes: number;
  isLow: boolean;
}

export interface DiskFloor {
  /** Looks again if the last look is more than a second old. */
  look(): Promise<DiskState>;
  state(): DiskState;
}

export interface DiskFloorOptions {
  /** A folder on the disk that is meant. */
  path: string;
  floorBytes: number;
  clock: Clock;
  logger: Logger;
  /** Bytes that are free; statfs(2) unless told. */
  freeBytesOf?: (path: string) => Promise<number>;
}

const LOOK_INTERVAL_MS = 1000;

/**
 * Watches the free space below which nothing new is taken (rule 13); says once that it is too little, and once that it
 * is enough.
 */
export function createDiskFloor(options: DiskFloorOptions): DiskFloor {
  const { path, floorBytes, clock, logger } = options;
  const freeBytesOf = options.freeBytesOf ?? availableBytes;
  let state: DiskState = { freeBytes: null, floorBytes, isLow: false };
  let lookedAt = Number.NEGATIVE_INFINITY;

  function note(freeBytes: number | null): void {
    const isLow = freeBytes !== null && freeBytes < floorBytes;
    // rule 13: it says so
    if (isLow && !state.isLow) logger.error(`${lowDiskText(path, freeBytes, floorBytes)}; nothing new is started`);
    if (!isLow && state.isLow) logger.info(`${path} has enough free space again`);
    state = { freeBytes, floorBytes, isLow };
  }

  return {
    async look() {
      if (clock.elapsed() - lookedAt < LOOK_INTERVAL_MS) return state;
      lookedAt = clock.elapsed();
      note(await freeBytesOf(path).catch(() => null));
      return state;
    },
    state: () => state,
  };
}

/** What others than root may still use. */
async function availableBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
