import { isDeepStrictEqual } from 'node:util';
import { NodePool, type NodePoolOptions } from './node-pool.ts';

let isKeeping = false;
let kept: NodePool | undefined;

/** This process loads one file after another: the connections that one leaves are for the next. */
export function keepConnections(): void {
  isKeeping = true;
}

/**
 * Those that were left, if they lead where these options say, to the same nodes as the same user; else new ones. Throws
 * what NodePool does.
 */
export function takePool(options: NodePoolOptions): NodePool {
  const left = kept;
  kept = undefined;
  if (left && isDeepStrictEqual(left.options, options)) return left;
  left?.close();
  return new NodePool(options);
}

/** Nothing is on its way in them any more. */
export function leavePool(pool: NodePool): void {
  if (!isKeeping || kept !== undefined) pool.close();
  else kept = pool;
}
