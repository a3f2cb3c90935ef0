import { constants } from 'node:os';
import type { Outcome } from '../runner.ts';

const SIGNAL_BASE = 128;
const NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

type End = Pick<Outcome, 'exitCode' | 'signal' | 'outOfMemory'>;

/**
 * How a container ended. Its first process, an init, reports a signal that ended the program as 128 + its number (as
 * shells do); an exit code that names no signal is the program's own.
 */
export function endOf(exitCode: number, isOomKilled: boolean): End {
  const signal = exitCode > SIGNAL_BASE ? (NAMES.get(exitCode - SIGNAL_BASE) ?? null) : null;
  return { exitCode: signal ? null : exitCode, signal, outOfMemory: isOomKilled && exitCode !== 0 };
}

/** The end of a container that somebody else removed. */
export const LOST: End = { exitCode: null, signal: null, outOfMemory: false };
