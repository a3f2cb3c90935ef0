import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { DatasetSummary, Journal, Run } from '../journal/journal.ts';
import type { Logger } from '../log.ts';
import { datasetDocument, datasetFields, isBusy, type Standing } from './dataset-document.ts';
import type { Origin } from './origin.ts';
import type { Document, Sender } from './sender.ts';

export interface SnapshotsOptions {
  journal: Pick<Journal, 'summaries' | 'waitReasons' | 'runs'>;
  sender: Sender;
  /** Names of those that are configured now. */
  datasets(): ReadonlySet<string>;
  origin: Origin;
  mask(text: string, dataset: string): string;
  clock: Clock;
  logger: Logger;
  intervalMs?: number;
}

const INTERVAL_MS = 60_000;
/** Datasets of which there are more are told by their first ones. */
const MOST = 1000;

/** Says how datasets stand, once a minute: of those that changed since, and of those of which something waits or runs. */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #end = new AbortController();
  /** What was said last, by dataset. */
  readonly #said = new Map<string, string>();
  readonly #lastLoads = new Map<string, number | null>();
  #callOff: (() => void) | undefined;
  #going: Promise<void> = Promise.resolve();

  constructor(options: SnapshotsOptions) {
    this.#options = options;
    this.#later();
  }

  /** A run is done. */
  hear({ state, dataset, endedAt }: Run): void {
    if (state !== 'done' || endedAt === null || !this.#lastLoads.has(dataset)) return;
    this.#lastLoads.set(dataset, Math.max(endedAt, this.#lastLoads.get(dataset) ?? 0));
  }

  /** Twice is harmless. */
  async stop(): Promise<void> {
    this.#callOff?.();
    this.#end.abort();
    await this.#going;
  }

  #later(): void {
    this.#callOff = this.#options.clock.after(this.#options.intervalMs ?? INTERVAL_MS, () => {
      this.#going = this.#take();
    });
  }

  /** Never rejects. */
  async #take(): Promise<void> {
    const { sender, logger } = this.#options;
    try {
      const documents = await this.#documents();
      const isTold = documents.length === 0 || (await sender.offer(documents, this.#end.signal));
      if (!isTold) this.#said.clear();
    } catch (error) {
      logger.debug(`what the journal says of datasets can't be told: ${messageOf(error)}`);
    }
    if (!this.#end.signal.aborted) this.#later();
  }

  async #documents(): Promise<Document[]> {
    const { origin, clock } = this.#options;
    const standings = await this.#standings();
    const now = clock.now();
    return standings.filter(standing => this.#isNews(standing)).map(each => datasetDocument(each, { origin, now }));
  }

  #isNews(standing: Standing): boolean {
    const { dataset } = standing.summary;
    const fields = JSON.stringify(datasetFields(standing));
    const isNews = isBusy(standing) || this.#said.get(dataset) !== fields;
    this.#said.set(dataset, fields);
    return isNews;
  }

  async #standings(): Promise<Standing[]> {
    const { journal, datasets, mask } = this.#options;
    const [summaries, reasons] = await Promise.all([journal.summaries(), journal.waitReasons()]);
    const waits = new Map(reasons.map(({ dataset, reason }) => [dataset, mask(reason, dataset)]));
    const names = datasets();
    const configured = summaries.filter(({ dataset }) => names.has(dataset)).slice(0, MOST);
    return Promise.all(configured.map(summary => this.#standing(summary, waits.get(summary.dataset) ?? null)));
  }

  async #standing(summary: DatasetSummary, waitsFor: string | null): Promise<Standing> {
    const { dataset } = summary;
    if (!this.#lastLoads.has(dataset)) {
      const { items } = await this.#options.journal.runs({ dataset, states: ['done'], limit: 1 });
      this.#lastLoads.set(dataset, items[0]?.endedAt ?? null);
    }
    return { summary, waitsFor, lastLoad: this.#lastLoads.get(dataset) ?? null };
  }
}
