import { dirname } from 'node:path';
import { watch } from 'chokidar';
import type { Places } from './places.ts';

export interface FilesWatcher {
  add(paths: readonly string[]): void;
  ready: Promise<unknown>;
  close(): Promise<void>;
}

/**
 * Tells when something happens in CONFIG_DIR, or to the policy. Of the policy's folder the policy alone is watched.
 * Links are not followed: what they lead to may be anything.
 */
export function watchFiles(
  { configDir, policyFile }: Places,
  onEvent: () => void,
  onError: (error: unknown) => void,
): FilesWatcher {
  const folder = dirname(policyFile);
  const ofConfig = watch(configDir, { ...WATCHING, depth: 1 });
  const ofPolicy = watch(folder, { ...WATCHING, depth: 0, ignored: path => path !== folder && path !== policyFile });
  const both = [ofConfig, ofPolicy];
  for (const watcher of both) watcher.on('all', onEvent).on('error', onError);
  return {
    add: paths => void ofConfig.add([...paths]),
    ready: Promise.all(both.map(watcher => new Promise<void>(done => watcher.once('ready', () => done())))),
    async close() {
      await Promise.all(both.map(watcher => watcher.close()));
    },
  };
}

const WATCHING = { ignoreInitial: true, followSymlinks: false };
