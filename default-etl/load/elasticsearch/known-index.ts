import { isDeepStrictEqual } from 'node:util';
import type { Connection } from './connection.ts';
import type { IndexPlan, ReadyIndices } from './index-setup.ts';
import type { NodePool } from './node-pool.ts';

interface KnownIndex {
  plan: IndexPlan;
  indices: ReadyIndices;
  /** On performance.now(): when it was last seen to be there. */
  at: number;
}

/** An index that was seen so long ago is looked at anew: somebody may have changed it. */
const KNOWN_MS = 10_000;

/** By the connections that the next file of the process gets, too. */
const known = new WeakMap<NodePool, KnownIndex>();

/**
 * What an earlier file of this process found, with the same columns of the same types, and left as it must be. Whoever
 * relies on it asks in the end whether the index is still the same.
 */
export function recallIndex({ pool }: Connection, plan: IndexPlan): ReadyIndices | undefined {
  const found = known.get(pool);
  // Until it is seen once more.
  known.delete(pool);
  const isFresh = found !== undefined && performance.now() - found.at < KNOWN_MS;
  return isFresh && isDeepStrictEqual(found.plan, plan) ? found.indices : undefined;
}

/**
 * It was just seen to be there. An alias may lead elsewhere at any time, as when it is rolled over, so of one nothing
 * is remembered.
 */
export function rememberIndex({ pool }: Connection, plan: IndexPlan, indices: ReadyIndices): void {
  if (!indices.isAlias) known.set(pool, { plan, indices, at: performance.now() });
}
