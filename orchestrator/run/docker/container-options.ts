import { availableParallelism } from 'node:os';
import { posix } from 'node:path';
import type { ContainerCreateOptions, MountSettings } from 'dockerode';
import type { Dataset } from '../../config/dataset.ts';
import type { DockerOptions } from '../../config/docker-schema.ts';
import { toWords } from '../../config/words.ts';
import { type HostPathMap, hostPathOf } from '../host-path-map.ts';
import type { JobPaths } from '../runner.ts';
import { parseSize } from './sizes.ts';
import { bindsOf } from './volumes.ts';

/** Where a container finds its folders. */
export const CONTAINER_PATHS = {
  data: '/data',
  config: '/config',
  work: '/work',
  connections: '/run/connections.json',
} satisfies JobPaths;

export interface ContainerPlan {
  dataset: Dataset;
  image: string;
  /** Folders that the image wants volumes for. */
  volumes: readonly string[];
  /** `uid:gid`. */
  user: string;
  /** Absolute folders as the orchestrator sees them. */
  mounts: { data: string; config: string | null; work: string; connections: string | null };
  args: readonly string[];
  environment: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  hostPaths: HostPathMap;
  /** Name of the network that it joins. */
  network: string;
}

const TMP = '/tmp';
const TMPFS_SIZE = '64m';
const NANO = 1e9;
const CPU_PERIOD_MICROSECONDS = 100_000;
// Not "-1": the engine refuses it. Said explicitly, because an engine's own default could rotate, and lines would be lost.
const LOG_SIZE = '8000p';

/**
 * What the engine is asked for: as little as an ETL needs, and what DOCKER_OPTIONS adds. Throws `never` for a bad size
 * or path.
 */
export function containerOptions(plan: ContainerPlan): ContainerCreateOptions {
  const options = plan.dataset.settings.DOCKER_OPTIONS ?? {};
  return {
    Image: plan.image,
    Cmd: [...plan.args],
    ...(options.entrypoint === undefined ? {} : { Entrypoint: toWords(options.entrypoint) }),
    ...(options.hostname === undefined ? {} : { Hostname: options.hostname }),
    Env: Object.entries(plan.environment).map(([name, value]) => `${name}=${value}`),
    User: options.user ?? plan.user,
    Labels: { ...options.labels, ...plan.labels },
    StopSignal: 'SIGTERM',
    // The engine would run it, and log it, for as long as the run goes on.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      Mounts: [...mountsOf(plan), ...ownVolumesOf(plan)],
      ...(options.volumes === undefined ? {} : { Binds: bindsOf(plan.dataset, plan.hostPaths) }),
      Tmpfs: { [TMP]: `rw,nosuid,nodev,mode=1777,size=${tmpfsSize(plan)}` },
      NetworkMode: plan.network,
      ...(options.extra_hosts === undefined ? {} : { ExtraHosts: options.extra_hosts }),
      CapDrop: ['ALL'],
      ...(options.cap_add === undefined ? {} : { CapAdd: options.cap_add }),
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: options.read_only ?? true,
      Init: true,
      // rule 10: containers are not auto-removed
      AutoRemove: false,
      // rule 10: their log does not rotate
      LogConfig: { Type: 'json-file', Config: { 'max-size': LOG_SIZE, mode: 'blocking' } },
      ...limitsOf(plan, options),
    },
  };
}

/** Every one of them is always set. */
function limitsOf(
  { dataset: { limits } }: ContainerPlan,
  options: DockerOptions,
): ContainerCreateOptions['HostConfig'] {
  return {
    PidsLimit: limits.pids,
    ...cpuLimit(limits.cpus),
    // Equal, so that no swap is used beyond it.
    Memory: limits.memoryBytes,
    MemorySwap: limits.memoryBytes,
    // No file can be larger than all of /work may be.
    Ulimits: [limitOf('core', 0), limitOf('fsize', limits.workBytes)],
    ...(options.gpus === undefined
      ? {}
      : { DeviceRequests: [{ Count: options.gpus === 'all' ? -1 : options.gpus, Capabilities: [['gpu']] }] }),
  };
}

function limitOf(name: string, most: number): { Name: string; Soft: number; Hard: number } {
  return { Name: name, Soft: most, Hard: most };
}

/** NanoCpus is refused where the engine's machine has fewer cores, a quota never: so the default runs wherever the engine is. */
function cpuLimit(cpus: number | null): ContainerCreateOptions['HostConfig'] {
  return cpus === null
    ? { CpuPeriod: CPU_PERIOD_MICROSECONDS, CpuQuota: availableParallelism() * CPU_PERIOD_MICROSECONDS }
    : { NanoCpus: Math.round(cpus * NANO) };
}

function tmpfsSize({ dataset: { name, settings } }: ContainerPlan): number {
  return parseSize(settings.DOCKER_OPTIONS?.tmpfs_size ?? TMPFS_SIZE, `dataset ${name}: DOCKER_OPTIONS.tmpfs_size`);
}

function mountsOf({ mounts, hostPaths }: ContainerPlan): MountSettings[] {
  const bind = (folder: string, target: string, isReadOnly: boolean) => ({
    Type: 'bind' as const,
    Source: hostPathOf(hostPaths, folder),
    Target: target,
    ReadOnly: isReadOnly,
  });
  return [
    bind(mounts.data, CONTAINER_PATHS.data, true),
    ...(mounts.config === null ? [] : [bind(mounts.config, CONTAINER_PATHS.config, true)]),
    bind(mounts.work, CONTAINER_PATHS.work, false),
    ...(mounts.connections === null ? [] : [bind(mounts.connections, CONTAINER_PATHS.connections, true)]),
  ];
}

/** In memory, where the engine would make volumes without a limit on its disk. What is mounted there otherwise goes before. */
function ownVolumesOf(plan: ContainerPlan): MountSettings[] {
  const bound = (plan.dataset.settings.DOCKER_OPTIONS?.volumes ?? []).map(volume => volume.split(':')[1] ?? '');
  const taken = new Set([TMP, ...mountsOf(plan).map(({ Target }) => Target), ...bound].map(folderOf));
  const own = new Set(plan.volumes.map(folderOf).filter(folder => !taken.has(folder)));
  const TmpfsOptions = { SizeBytes: tmpfsSize(plan), Mode: 0o1777 };
  return [...own].map(Target => ({ Type: 'tmpfs' as const, Source: '', Target, TmpfsOptions }));
}

function folderOf(path: string): string {
  return posix.resolve('/', path);
}
