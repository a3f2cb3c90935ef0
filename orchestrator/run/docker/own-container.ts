import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { PathPair } from '../host-path-map.ts';
import type { Engine } from './engine.ts';
import { engineError, isMissing } from './engine-errors.ts';

/** What the orchestrator's own container tells about where it runs. */
export interface OwnContainer {
  id: string;
  /** Its mounts: where the engine finds what the orchestrator sees. */
  paths: PathPair[];
  /** The network that containers of its runs share with it. */
  network: string;
}

/**
 * The container that the orchestrator runs in, or null where it runs in none that this engine knows. Throws `wait`
 * where the engine is away although the orchestrator seems to be in a container.
 */
export async function findOwnContainer(engine: Engine): Promise<OwnContainer | null> {
  const candidates = [idInMounts(readText('/proc/self/mountinfo')), isInContainer() ? hostname() : undefined];
  for (const id of candidates) {
    const own = id === undefined ? null : await inspect(engine, id);
    if (own) return own;
  }
  return null;
}

/**
 * The id that an engine's own mounts (/etc/hostname and its like) carry in their source path, in
 * proc_pid_mountinfo(5)'s format.
 */
export function idInMounts(mountinfo: string): string | undefined {
  // Only mounts onto /etc: a machine that runs an engine sees the containers' folders too, without being in one.
  return /\/containers\/([0-9a-f]{64})\/(?:hostname|hosts|resolv\.conf) \/etc\//.exec(mountinfo)?.[1];
}

async function inspect(engine: Engine, id: string): Promise<OwnContainer | null> {
  try {
    const { Id, Mounts, HostConfig, NetworkSettings } = await engine.docker.getContainer(id).inspect();
    return {
      id: Id,
      paths: Mounts.map(({ Source, Destination }) => ({ from: Destination, to: Source })),
      network: Object.keys(NetworkSettings.Networks)[0] ?? HostConfig.NetworkMode ?? 'bridge',
    };
  } catch (error) {
    if (isMissing(error)) return null;
    throw engineError(error, engine.host, "the orchestrator's own container can't be looked at");
  }
}

function isInContainer(): boolean {
  return readText('/.dockerenv', 'missing') !== 'missing' || /docker|containerd/.test(readText('/proc/1/cgroup'));
}

function readText(path: string, otherwise = ''): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
