import { existsSync } from 'node:fs';
import { OrchestratorError } from '../errors.ts';
import { isWithin } from '../files/within.ts';

/** `from`, as the orchestrator sees it, is `to` on the machine of the Docker Engine. Both absolute. */
export interface PathPair {
  from: string;
  to: string;
}

/** Null where the orchestrator and the engine see the same paths. */
export type HostPathMap = readonly PathPair[] | null;

/** A path as the Docker Engine sees it; the longest fitting pair counts. Throws `never`, naming the mount to add. */
export function hostPathOf(map: HostPathMap, path: string): string {
  if (map === null) return path;
  const pair = map.filter(({ from }) => isWithin(path, from)).sort((a, b) => b.from.length - a.from.length)[0];
  if (!pair) throw new OrchestratorError('never', uncovered(path));
  return trimmed(pair.to) + path.slice(trimmed(pair.from).length) || '/';
}

/** For the start: what is wrong with the paths that will be mounted; empty where all is well. */
export function checkHostPaths(map: HostPathMap, paths: readonly string[]): string[] {
  if (map === null) return [];
  const unreal = map
    .filter(({ from }) => !existsSync(from))
    .map(({ from }) => `HOST_PATH_MAP: ${from} does not exist here`);
  return [...unreal, ...paths.filter(path => !map.some(({ from }) => isWithin(path, from))).map(uncovered)];
}

function uncovered(path: string): string {
  return (
    `${path} is inside the orchestrator's own container, so the Docker Engine can't mount it in another; ` +
    `mount a folder of the host there (volumes: HOST_FOLDER:${path}), or name it in HOST_PATH_MAP (${path}=HOST_FOLDER)`
  );
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, '');
}
