import type { Dataset } from '../config/dataset.ts';
import type { Journal } from '../journal/journal.ts';
import type { Absences } from './absences.ts';
import { createYielder } from '../async/yielder.ts';
import type { KnownFiles } from './known.ts';
import type { ListedFile } from './listing.ts';
import { inOrder } from './order.ts';
import type { WatchedRoot } from './root.ts';
import type { Settling } from './settling.ts';

export interface ArrivalsRequest {
  dataset: Dataset;
  journal: Journal;
  root: Pick<WatchedRoot, 'useOr'>;
  known: KnownFiles;
  settling: Settling;
  absences: Absences;
  /** When the dataset was first watched, where the files that were there then are not known yet; else null. */
  firstWatchedAt: number | null;
  signal: AbortSignal;
}

/** So many files are told to the journal together. */
const BATCH = 64;

/** From a file that is there to its first sight in the journal, if it is news. */
export class Arrivals {
  readonly #request: ArrivalsRequest;
  #firstWatchedAt: number | null;

  constructor(request: ArrivalsRequest) {
    this.#request = request;
    this.#firstWatchedAt = request.firstWatchedAt;
  }

  /** Every file that was there when the dataset was first watched is known. */
  async allKnown(): Promise<void> {
    if (this.#firstWatchedAt === null) return;
    await this.#request.journal.existingKnown(this.#request.dataset.name);
    this.#firstWatchedAt = null;
  }

  /** Those of them that the journal is to be told of. */
  async newsAmong(files: ListedFile[]): Promise<ListedFile[]> {
    const { known, settling, absences } = this.#request;
    const isNew = await known.see(files);
    return files.filter(({ path }, index) => !settling.has(path) && (isNew[index] || absences.isPending(path)));
  }

  async arriveAll(files: ListedFile[]): Promise<void> {
    const { dataset, signal } = this.#request;
    const breathe = createYielder();
    const inTurn = await inOrder(files, dataset.settings.ORDER);
    for (let from = 0; from < inTurn.length && !signal.aborted; from += BATCH) {
      await this.arriveBatch(inTurn.slice(from, from + BATCH));
      await breathe();
    }
  }

  /** The journal is told of all in one turn of the event loop, in their order: it writes them at once. */
  async arriveBatch(files: ListedFile[]): Promise<void> {
    const { absences } = this.#request;
    const marked = await Promise.all(files.map(file => this.#isMarked(file.path)));
    for (const { path } of files) if (absences.isPending(path)) await absences.returned(path);
    const ready = files.filter((_, index) => marked[index]);
    const isNew = await this.#request.known.see(ready);
    await Promise.all(ready.filter((_, index) => isNew[index]).map(file => this.#arrive(file)));
  }

  async #arrive({ path, version, changedAt }: ListedFile): Promise<void> {
    const { dataset, journal, settling } = this.#request;
    if (this.#firstWatchedAt !== null && dataset.settings.EXISTING === 'ignore' && changedAt <= this.#firstWatchedAt) {
      await journal.ignore(dataset.name, path, version);
    } else {
      await settling.sight(path, version);
    }
  }

  async #isMarked(path: string): Promise<boolean> {
    const { dataset, root } = this.#request;
    const { READY_MARKER: marker } = dataset.settings;
    if (marker === undefined) return true;
    return root.useOr(false, folder =>
      folder.look(path + marker).then(
        stats => stats !== undefined,
        () => false,
      ),
    );
  }
}
