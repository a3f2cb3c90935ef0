import { createHash } from 'node:crypto';

/**
 * The id of what these keys name: the same ones give the same id, today and on every machine.
 *
 * @see RFC 9562, section 5.5 (UUIDv5)
 */
export function idOf(...keys: readonly string[]): string {
  const name = JSON.stringify(keys.map(key => key.toWellFormed()));
  const hash = createHash('sha1').update(NAMESPACE).update(name).digest().subarray(0, 16);
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Ours, once drawn: with another one every object in every Kibana would be a new one. */
const NAMESPACE = Buffer.from('22eb152db1fe44ed89ff52f8c549df04', 'hex');
