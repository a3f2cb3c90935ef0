import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Dataset } from '../../config/dataset.ts';
import { realPathOf } from '../../config/places.ts';
import { OrchestratorError } from '../../errors.ts';
import { isWithin } from '../../files/within.ts';
import { type HostPathMap, hostPathOf } from '../host-path-map.ts';

const GROUP_WRITE = 0o020;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/**
 * The mounts of DOCKER_OPTIONS.volumes as the engine is asked for them, host paths with all links followed: they are
 * judged as they are now, whatever they were when the YAML was read. Throws `never` where the policy keeps one from the
 * dataset, and `wait` where others could put something else in its place.
 */
export function bindsOf(dataset: Dataset, hostPaths: HostPathMap): string[] {
  return (dataset.settings.DOCKER_OPTIONS?.volumes ?? []).map(volume => {
    const [source = '', ...rest] = volume.split(':');
    return source.startsWith('/') ? [sourceOf(dataset, source, hostPaths), ...rest].join(':') : volume;
  });
}

/**
 * The folder `config/<dataset>`, which is mounted too; null where there is none. Throws `never` where it leads out of
 * CONFIG_DIR.
 */
export function configFolderOf(dataset: Dataset): string | null {
  const { configFolder } = dataset;
  if (statSync(configFolder, { throwIfNoEntry: false }) === undefined) return null;
  refuse(dataset, 'its folder', configFolder, dataset.whyForbidden('yaml_folders', configFolder));
  return configFolder;
}

function sourceOf(dataset: Dataset, source: string, hostPaths: HostPathMap): string {
  const key = 'DOCKER_OPTIONS.volumes:';
  refuse(dataset, key, source, dataset.whyForbidden('volumes', source));
  // In a container of its own the orchestrator sees other folders than the engine, but for those that both have.
  const isSeen = hostPaths === null || hostPaths.some(({ from }) => isWithin(source, from));
  if (!isSeen) return source;
  const real = realPathOf(source);
  refuse(dataset, key, source, dataset.whyForbidden('volumes', real));
  refuse(dataset, key, source, whySwappable(real), 'wait');
  const found = statSync(real, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile() && !found.isDirectory())
    refuse(dataset, key, source, 'is neither a file nor a folder; sockets and devices are never mounted');
  return hostPathOf(hostPaths, real);
}

/**
 * The engine looks for the path once more, as root: so nobody else may be able to put something else there in between.
 * Of a path without links.
 */
function whySwappable(real: string): string | null {
  for (let path = real; path !== '/'; path = dirname(path)) {
    const folder = statSync(dirname(path), { throwIfNoEntry: false });
    if (folder === undefined) continue;
    if (isTrusted(folder.uid) && !canOthersWrite(folder)) continue;
    const entry = statSync(path, { throwIfNoEntry: false });
    // As in /tmp: others can make names, but take away their own alone.
    const isSticky = isTrusted(folder.uid) && (folder.mode & STICKY) !== 0;
    if (isSticky && entry !== undefined && isTrusted(entry.uid)) continue;
    return `can be swapped by others, who can write in ${dirname(path)} (uid ${folder.uid}, mode ${(folder.mode & 0o7777).toString(8)}); mount what lies in folders that only root and uid ${process.getuid?.()} can write`;
  }
  return null;
}

function canOthersWrite({ mode, gid }: Stats): boolean {
  // Many systems give each user a group of their own, and folders that it can write.
  return (mode & OTHERS_WRITE) !== 0 || ((mode & GROUP_WRITE) !== 0 && gid !== 0 && gid !== process.getgid?.());
}

function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.getuid?.();
}

function refuse(
  dataset: Dataset,
  key: string,
  path: string,
  why: string | null,
  kind: 'never' | 'wait' = 'never',
): void {
  if (why !== null) throw new OrchestratorError(kind, `dataset ${dataset.name}: ${key} ${path} ${why}`);
}
