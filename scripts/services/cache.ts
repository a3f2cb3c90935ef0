import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const NAME = 'orchestrator-etl';

/** Where downloads are kept from one run to the next: `$XDG_CACHE_HOME/orchestrator-etl`, or below ~/.cache. Made if missing. */
export function cacheFolder(...parts: string[]): string {
  return made(join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), NAME, ...parts));
}

/**
 * A cache that other users can read too: a server that refuses to run as root reads its program from here. It is the
 * ordinary one unless a folder above it is closed to others, as /root is.
 */
export function sharedCacheFolder(...parts: string[]): string {
  const own = cacheFolder(...parts);
  return isOpenToOthers(own) ? own : made(join('/var/cache', NAME, ...parts));
}

function made(folder: string): string {
  mkdirSync(folder, { recursive: true });
  accessSync(folder, constants.W_OK);
  return folder;
}

function isOpenToOthers(folder: string): boolean {
  if (process.getuid?.() !== 0) return true; // the server then runs as ourselves
  const traversable = (statSync(folder).mode & 0o001) !== 0;
  return traversable && (folder === '/' || isOpenToOthers(dirname(folder)));
}
