// oxlint-disable-next-line no-restricted-imports -- chokidar takes a path: events are hints, and what they tell of is looked at through files/
import { realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { watch } from 'chokidar';
import { codeOf } from '../errors.ts';
import { isWithin } from '../files/within.ts';
import { type NameRules } from './names.ts';

export interface HintRequest {
  /** WATCH_DIR, absolute. */
  root: string;
  recursive: boolean;
  rules: NameRules;
  /** Something may have happened to this path, relative, with `/`: a file or a folder, there or gone. */
  onHint(path: string): void;
  /** No events, or not all, come from now on. `code` is the system's, such as ENOSPC. */
  onError(code: string, error: unknown): void;
  /** Ends waiting for the folders to be watched: chokidar looks at each file in them. */
  signal: AbortSignal;
}

export interface Hints {
  /** Watches a folder whose own arrival sent no event that got here. */
  add(folder: string): void;
  close(): Promise<void>;
}

/**
 * Events of chokidar as hints: folders alone are watched (200,000 files would cost 100 MB), what they report raw is
 * passed on. Resolves when every folder there is watched, or once that is not wanted any more.
 */
export async function watchHints(request: HintRequest): Promise<Hints> {
  // A WATCH_DIR that is itself a symbolic link is followed; links below it are not.
  const root = await realpath(request.root);
  const toRelative = (path: string) => relative(root, path).split(sep).join('/');
  const hint = (path: string) => {
    if (isWithin(path, root) && path !== root) request.onHint(toRelative(path));
  };
  const watcher = watch(root, {
    ignored: (path, stats) =>
      stats?.isFile() === true || (isWithin(path, root) && request.rules.refuseFolder(toRelative(path)) !== null),
    followSymlinks: false,
    atomic: false,
    ignorePermissionErrors: true,
    ...(request.recursive ? {} : { depth: 0 }),
  });
  watcher.on('raw', (_event, path, details) => {
    const { watchedPath } = details as { watchedPath?: string };
    if (path && watchedPath !== undefined) hint(join(watchedPath, path));
  });
  // By now the new folder is watched: what came into it before sent no event.
  watcher.on('addDir', path => hint(path));
  await new Promise<void>(resolve => {
    watcher.on('ready', () => resolve());
    watcher.on('error', error => {
      request.onError(codeOf(error) ?? 'unknown', error);
      resolve();
    });
    request.signal.addEventListener('abort', () => resolve());
    if (request.signal.aborted) resolve();
  });
  return { add: folder => void watcher.add(join(root, folder)), close: () => watcher.close() };
}
