import type { Dataset } from '../../config/dataset.ts';
import type { Logger } from '../../log.ts';
import { checkHostPaths } from '../host-path-map.ts';
import type { Surroundings } from './surroundings.ts';

/** Finds out ahead of any run which folders the engine can't mount, and tells each mistake once in the log. */
export class MountablePaths {
  readonly #dataDir: string;
  readonly #surroundings: () => Promise<Surroundings>;
  readonly #logger: Logger;
  /** By dataset. */
  #mistakes: ReadonlyMap<string, string> = new Map();

  constructor(dataDir: string, surroundings: () => Promise<Surroundings>, logger: Logger) {
    this.#dataDir = dataDir;
    this.#surroundings = surroundings;
    this.#logger = logger;
  }

  /** Where the engine is away nothing is known: then each run finds out for itself, and waits. */
  async check(datasets: readonly Dataset[]): Promise<void> {
    const known = await this.#surroundings().catch(() => undefined);
    if (known === undefined || datasets.length === 0) return;
    const common = checkHostPaths(known.hostPaths, [this.#dataDir]);
    const found = new Map<string, string>();
    for (const { name, watchDir } of datasets) {
      const [mistake] = [...common, ...checkHostPaths(known.hostPaths, [watchDir])];
      if (mistake !== undefined) found.set(name, mistake);
    }
    const told = new Set(this.#mistakes.values());
    for (const mistake of new Set(found.values())) if (!told.has(mistake)) this.#logger.error(mistake);
    this.#mistakes = found;
  }

  /** What the last check() found out about this dataset, or null. */
  mistakeOf({ name }: Dataset): string | null {
    return this.#mistakes.get(name) ?? null;
  }
}
