import type { HostPathMap } from '../host-path-map.ts';
import type { OwnContainer } from './own-container.ts';

/** Where the orchestrator is, as its containers must know it. */
export interface Surroundings {
  hostPaths: HostPathMap;
  /** Network of the orchestrator's own container; null where it isn't in one. */
  ownNetwork: string | null;
}

/**
 * Finds the orchestrator's own container when that is first needed, and keeps what was found. What `find` throws is
 * thrown, and the next call asks again. `hostPathMap` (HOST_PATH_MAP) goes before the container's mounts.
 */
export function surroundingsOf(
  find: () => Promise<OwnContainer | null>,
  hostPathMap: HostPathMap,
): () => Promise<Surroundings> {
  let known: Promise<Surroundings> | undefined;

  async function ask(): Promise<Surroundings> {
    const own = await find();
    return { hostPaths: hostPathMap ?? own?.paths ?? null, ownNetwork: own?.network ?? null };
  }

  return () =>
    (known ??= ask().catch((error: unknown) => {
      known = undefined;
      throw error;
    }));
}
