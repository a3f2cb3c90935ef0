import { statSync } from 'node:fs';
import type { Dataset } from '../../config/dataset.ts';
import { realPathOf } from '../../config/places.ts';
import { OrchestratorError } from '../../errors.ts';
import { isWithin } from '../../within.ts';
import { type HostPathMap, hostPathOf } from '../host-path-map.ts';

/**
 * The mounts of DOCKER_OPTIONS.volumes as the engine is asked for them, host paths with all links followed: they are judged as they are now,
 * whatever they were when the YAML was read. Throws `never` where the policy keeps one from the dataset.
 */
export function bindsOf(dataset: Dataset, hostPaths: HostPathMap): string[] {
  return (dataset.settings.DOCKER_OPTIONS?.volumes ?? []).map(volume => {
    const [source = '', ...rest] = volume.split(':');
    return source.startsWith('/') ? [sourceOf(dataset, source, hostPaths), ...rest].join(':') : volume;
  });
}

/** The folder `config/<dataset>`, which is mounted too; null where there is none. Throws `never` where it leads out of CONFIG_DIR. */
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
  const found = statSync(real, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile() && !found.isDirectory())
    refuse(dataset, key, source, 'is neither a file nor a folder; sockets and devices are never mounted');
  return hostPathOf(hostPaths, real);
}

function refuse(dataset: Dataset, key: string, path: string, why: string | null): void {
  if (why !== null) throw new OrchestratorError('never', `dataset ${dataset.name}: ${key} ${path} ${why}`);
}
