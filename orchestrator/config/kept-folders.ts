import { join, relative } from 'node:path';
import type { Dataset } from './dataset.ts';
import { isPlaceWithin, MountTable, type RealPlace } from './real-place.ts';

/** A folder of the orchestrator's own, in which nothing is an arrival. */
export interface KeptFolder {
  /** Absolute: as it is reached from WATCH_DIR; WATCH_DIR itself where that is, or lies in, such a folder. */
  path: string;
  /** What it is, for people, such as `BACKUP_DIR /srv/done`. */
  is: string;
  /** Whether links or mounts lead there: what was named has another path. */
  isDisguised?: boolean;
}

type Watching = Pick<Dataset, 'name' | 'watchDir' | 'settings'>;

/** After so long links and mounts are looked at again. */
const FRESH_MS = 5000;
/** What stands in DATA_DIR beside the inbox: a link there may lead anywhere. */
const IN_DATA_DIR = ['backup', 'quarantine', 'lake', 'runs', 'logs', 'mended', 'removed', 'warm'];

interface Own {
  is: string;
  path: string;
  place: RealPlace;
}

/** Which folders no dataset's watch takes files from: DATA_DIR, and where any dataset's files are moved to. */
export class KeptFolders {
  readonly #dataDir: string;
  readonly #datasets: () => Iterable<Watching>;
  #readAt = Number.NEGATIVE_INFINITY;
  #mounts: MountTable | undefined;
  #own: Own[] = [];
  /** By dataset, with what they were found for. */
  readonly #found = new Map<string, { for: string; kept: readonly KeptFolder[] }>();

  constructor(dataDir: string, datasets: () => Iterable<Watching>) {
    this.#dataDir = dataDir;
    this.#datasets = datasets;
  }

  /** Those that a dataset's WATCH_DIR reaches, whatever links and mounts lead there, as of less than five seconds ago. */
  of(dataset: Watching): readonly KeptFolder[] {
    this.#refresh();
    const found = this.#found.get(dataset.name);
    if (found?.for === dataset.watchDir) return found.kept;
    const kept = this.#find(dataset.watchDir);
    this.#found.set(dataset.name, { for: dataset.watchDir, kept });
    return kept;
  }

  /** What is configured has changed. */
  forget(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  #refresh(): void {
    const now = performance.now();
    if (now - this.#readAt < FRESH_MS) return;
    this.#readAt = now;
    const mounts = MountTable.read();
    this.#mounts = mounts;
    this.#own = [...ownFolders(this.#dataDir, this.#datasets())].map(([path, is]) => ({
      path,
      is,
      place: mounts.placeOf(path),
    }));
    this.#found.clear();
  }

  #find(watchDir: string): KeptFolder[] {
    const mounts = this.#mounts as MountTable;
    const watched = mounts.placeOf(watchDir);
    const own = this.#ownBeside(watched, mounts);
    const around = own.find(({ place }) => isPlaceWithin(watched, place));
    if (around !== undefined) return [{ path: watchDir, is: around.is }];
    return own.flatMap(({ path, place, is }) =>
      mounts.waysInto(watched, place).map(way => {
        const seen = join(watchDir, relative(watched.realPath, way));
        return { path: seen, is, isDisguised: seen !== path };
      }),
    );
  }

  /** DATA_DIR/in is where a small installation has its watched folders; the rest of DATA_DIR is ours. */
  #ownBeside(watched: RealPlace, mounts: MountTable): Own[] {
    const isInbox = isPlaceWithin(watched, mounts.placeOf(join(this.#dataDir, 'in')));
    if (isInbox) return this.#own.filter(({ path }) => path !== this.#dataDir);
    const dataDir = mounts.placeOf(this.#dataDir);
    return this.#own.filter(({ path, place }) => path === this.#dataDir || !isPlaceWithin(place, dataDir));
  }
}

/** What people should know who did not mean it so; undefined where all that is kept from a dataset was named so. */
export function disguisedText({ name, watchDir }: Watching, kept: readonly KeptFolder[]): string | undefined {
  const found = kept.find(({ isDisguised }) => isDisguised === true);
  if (found === undefined) return undefined;
  return `dataset ${name}: ${found.path}, below WATCH_DIR ${watchDir}, is ${found.is} by a link or a mount: no file in there is taken; name a folder elsewhere if it is not meant so`;
}

/** Why nothing in its WATCH_DIR is taken; undefined where that is a folder of its own. */
export function aroundText({ name, watchDir }: Watching, kept: readonly KeptFolder[]): string | undefined {
  const around = kept.find(({ path }) => path === watchDir);
  if (around === undefined) return undefined;
  return `dataset ${name}: WATCH_DIR ${watchDir} is, or lies in, ${around.is}, which the orchestrator keeps for itself; choose a folder outside it`;
}

/** Absolute paths, and what they are. */
function ownFolders(dataDir: string, datasets: Iterable<Watching>): Map<string, string> {
  // rule 8: and DATA_DIR
  const found = new Map([[dataDir, `DATA_DIR ${dataDir}`]]);
  for (const name of IN_DATA_DIR) found.set(join(dataDir, name), `the folder ${name} of DATA_DIR`);
  for (const { settings } of datasets) {
    // rule 8: these are every dataset’s backup and quarantine
    for (const key of ['BACKUP_DIR', 'QUARANTINE_DIR'] as const) {
      const folder = settings[key];
      if (typeof folder === 'string') found.set(folder, `${key} ${folder}`);
    }
  }
  return found;
}
