import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { randomFillSync } from 'node:crypto';
import { dirname } from 'node:path';
import type { Clock } from '../../clock.ts';

/** More than the journal needs to write down how all that runs has ended. */
const ROOM_BYTES = 16 * 2 ** 20;
const LOOK_MS = 60_000;
const OWN = 0o600;

/** Beside the journal: a file that only takes place on its disk, for when there is none left. */
function roomOf(journal: string): string {
  return `${journal}-room`;
}

/** The disk is full: what was held for the journal is free. Returns whether there was anything. */
export function giveUpRoom(journal: string): boolean {
  const path = roomOf(journal);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return false;
  rmSync(path);
  return true;
}

/**
 * Holds place for the journal at this path, and again once it was needed and the disk has more than `minFreeBytes`
 * free. Returns how to end it; what is held stays.
 */
export function keepRoom(options: { journal: string; minFreeBytes: number; clock: Clock }): () => void {
  const { journal, minFreeBytes, clock } = options;
  let callOff = (): void => undefined;

  function look(): void {
    try {
      if (!isHeld(roomOf(journal)) && freeBytes(journal) > minFreeBytes + ROOM_BYTES) hold(roomOf(journal));
    } catch {
      // Then there is none: the next look tries again.
      rmSync(roomOf(journal), { force: true });
    }
    callOff = clock.after(LOOK_MS, look);
  }

  look();
  return () => callOff();
}

function isHeld(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === ROOM_BYTES;
}

/** Of bytes that no file system can pack, or leave out. */
function hold(path: string): void {
  rmSync(path, { force: true });
  const file = openSync(path, 'wx', OWN);
  try {
    const bytes = randomFillSync(Buffer.allocUnsafe(ROOM_BYTES));
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  } finally {
    closeSync(file);
  }
}

function freeBytes(journal: string): number {
  const { bavail, bsize } = statfsSync(dirname(journal));
  return bavail * bsize;
}
