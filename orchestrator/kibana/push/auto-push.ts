import type { Client } from '@elastic/elasticsearch';
import { type Backoff, delayMs } from '../../async/backoff.ts';
import type { Clock } from '../../clock.ts';
import type { Dataset } from '../../config/dataset.ts';
import type { ElasticsearchSettings } from '../../config/environment.ts';
import type { KibanaSettings } from '../../config/kibana-settings.ts';
import { kindOf, messageOf, OrchestratorError } from '../../errors.ts';
import type { Journal, Run } from '../../journal/journal.ts';
import type { Logger } from '../../log.ts';
import { type GatherContext, hasRunsStream } from '../gather-dashboard.ts';
import { dashboardLink, rowsLink, rowsOfLoad, type ShownDataset } from '../links/links.ts';
import { connectRows } from '../rows-client.ts';
import { Kibana } from './client.ts';
import { Looks } from './looks.ts';
import { nameOf, type Outcome } from './outcome.ts';
import { push, type WantedDashboard } from './push.ts';
import { PushRecords } from './records.ts';
import { ShownDatasets } from './shown-datasets.ts';
import { type Unconfigured, unconfigured } from './unconfigured.ts';
import { datasetOfKey, keyOfDataset, type WantedOfDataset, wantedOfDataset, wantedOfOperations } from './wanted.ts';

export interface AutoPushOptions {
  settings: KibanaSettings;
  elasticsearch: ElasticsearchSettings;
  dataDir: string;
  journal: Pick<Journal, 'runs' | 'decisions' | 'summaries'>;
  /** What is configured now, by name. */
  datasets(): ReadonlyMap<string, Dataset>;
  /** Whether runs are written to Elasticsearch, so that there will be a dashboard of them. */
  tellsRuns: boolean;
  /** Of the orchestrator's page; null: not known. */
  pageUrl: string | null;
  clock: Clock;
  logger: Logger;
  delays?: Partial<Delays>;
}

/** All in milliseconds. */
export interface Delays {
  /** Runs that end one after another are one reason to look. */
  quietMs: number;
  /** A dataset whose files keep coming is looked at so often. */
  betweenLooksMs: number;
  /** For the data stream of runs, after the first ones. */
  runsMs: number;
  /** Between looks for datasets that were forgotten. */
  forgottenMs: number;
  away: Backoff;
  /** After what Kibana refuses, which waiting alone rarely mends. */
  refused: Backoff;
}

const DELAYS: Delays = {
  quietMs: 500,
  betweenLooksMs: 60_000,
  runsMs: 5_000,
  forgottenMs: 60_000,
  away: { firstMs: 1_000, factor: 2, maxMs: 30_000 },
  refused: { firstMs: 30_000, factor: 2, maxMs: 600_000 },
};

/** So many datasets are looked at before what is wanted of them is pushed. */
const MOST_AT_ONCE = 25;
/** The data stream of runs is waited for so many times. */
const MOST_WAITS_FOR_RUNS = 6;
/** What was said is remembered of so many objects. */
const MOST_SAID = 10_000;

export interface AutoPushStatus {
  isUp: boolean;
  isNeeded: boolean;
  message: string | null;
}

/**
 * Keeps the dashboards of a Kibana as the datasets want them: after first loads, after changes of a mapping or of the
 * configuration, and as the rows' dates go on. It does so in the background, never fails anybody, and waits for a Kibana
 * that is starting or away.
 */
export class AutoPush {
  readonly #options: AutoPushOptions;
  readonly #delays: Delays;
  readonly #records: PushRecords;
  readonly #looks: Looks;
  readonly #shown: ShownDatasets;
  readonly #end = new AbortController();
  readonly #said = new Set<string>();
  #client: Client | null = null;
  #callOff: (() => void) | null = null;
  #going: Promise<void> | null = null;
  #failures = 0;
  /** By the clock that only grows: a Kibana that is away is left alone until then. */
  #notBefore = 0;
  #trouble: string | null = null;
  #hasRuns = false;
  #waitsForRuns = 0;

  /** All datasets are looked at once, since anything may have changed meanwhile. */
  static async start(options: AutoPushOptions): Promise<AutoPush> {
    const autoPush = new AutoPush(options);
    await autoPush.#shown.load();
    autoPush.#looks.addAll(options.datasets().keys());
    autoPush.#arm();
    return autoPush;
  }

  private constructor(options: AutoPushOptions) {
    this.#options = options;
    this.#delays = { ...DELAYS, ...options.delays };
    this.#records = new PushRecords(options.dataDir, options.settings);
    this.#looks = new Looks(options.clock, this.#delays);
    this.#shown = new ShownDatasets(options.dataDir, options.settings);
  }

  /** A run of the dataset has loaded rows. Costs next to nothing. */
  loaded(dataset: string): void {
    if (!this.#options.datasets().has(dataset)) return;
    this.#looks.add(dataset);
    this.#arm();
  }

  /** The YAML of these datasets was added or edited, or that of others removed. */
  configured(datasets: Iterable<string>): void {
    this.#looks.addAll(datasets);
    this.#looks.lookForGone();
    this.#failures = 0;
    this.#notBefore = 0;
    this.#arm();
  }

  status(): AutoPushStatus {
    return { isUp: this.#trouble === null, isNeeded: true, message: this.#trouble };
  }

  /** Where browsers find the dashboard of a dataset; null: there is none, as far as is known. */
  dashboardUrl(dataset: string): string | null {
    const shown = this.#shown.of(dataset);
    return shown === null ? null : dashboardLink(this.#options.settings, shown.dashboard);
  }

  /** Where they find the rows of a run. */
  rowsUrl(run: Run): string | null {
    const load = this.#options.datasets().get(run.dataset)?.settings.LOAD;
    const shown = this.#shown.of(run.dataset);
    if (shown === null || load === undefined) return null;
    return rowsLink(this.#options.settings, shown, run, rowsOfLoad(load));
  }

  /** Ends what goes on, without waiting for Kibana. What was not pushed is, at the next start. Idempotent. */
  async stop(): Promise<void> {
    this.#end.abort();
    this.#callOff?.();
    this.#callOff = null;
    await this.#going;
    await this.#client?.close().catch(() => undefined);
    this.#client = null;
  }

  #arm(): void {
    if (this.#end.signal.aborted || this.#going !== null) return;
    this.#callOff?.();
    this.#callOff = null;
    const dueInMs = this.#looks.dueInMs();
    if (dueInMs === null) return;
    const pauseMs = this.#notBefore - this.#options.clock.elapsed();
    this.#callOff = this.#options.clock.after(Math.max(dueInMs, pauseMs), () => {
      this.#callOff = null;
      this.#going = this.#go();
    });
  }

  /** Never rejects. */
  async #go(): Promise<void> {
    const taken = this.#looks.take();
    try {
      await this.#work(taken);
      this.#recovered();
    } catch (error) {
      this.#looks.giveBack(taken);
      this.#failed(error);
    }
    this.#going = null;
    this.#arm();
  }

  async #work({ datasets, isForGone }: ReturnType<Looks['take']>): Promise<void> {
    const { clock, elasticsearch, settings } = this.#options;
    const { signal } = this.#end;
    const kibana = new Kibana(settings, { signal });
    // Before Elasticsearch is asked anything: a Kibana that is away is asked often.
    await kibana.state();
    this.#client ??= connectRows(elasticsearch, settings);
    const context: GatherContext = {
      client: this.#client,
      journal: this.#options.journal,
      hasRuns: await this.#lookForRuns(datasets),
      pageUrl: this.#options.pageUrl,
      now: clock.now(),
      signal,
    };
    const operations = this.#hasRuns ? [wantedOfOperations(this.#options.pageUrl)] : [];
    for (let from = 0; from < Math.max(datasets.length, 1); from += MOST_AT_ONCE) {
      const found = await this.#gather(datasets.slice(from, from + MOST_AT_ONCE), context);
      const wanted = [...(from === 0 ? operations : []), ...found.wanted];
      await this.#push(kibana, wanted, found.gone);
      this.#looks.looked(found.looked);
      await this.#noteShown(found.shown, found.gone);
    }
    if (!isForGone) return;
    const gone = await this.#gone();
    await this.#push(kibana, [], gone);
    await this.#noteShown(new Map(), gone);
  }

  async #noteShown(found: ReadonlyMap<string, ShownDataset>, gone: readonly string[]): Promise<void> {
    const names = gone.flatMap(key => datasetOfKey(key) ?? []);
    await this.#shown.change(found, names, await this.#records.all());
  }

  /** Runs are told a while after they ended: what was made without them is made again with them. */
  async #lookForRuns(datasets: readonly string[]): Promise<boolean> {
    if (this.#hasRuns || !this.#options.tellsRuns || this.#client === null) return this.#hasRuns;
    this.#hasRuns = await hasRunsStream(this.#client, this.#end.signal);
    if (!this.#hasRuns && this.#waitsForRuns < MOST_WAITS_FOR_RUNS && datasets.length > 0) {
      this.#waitsForRuns += 1;
      this.#looks.addLater(datasets, this.#delays.runsMs);
    }
    return this.#hasRuns;
  }

  async #gather(
    names: readonly string[],
    context: GatherContext,
  ): Promise<{ wanted: WantedDashboard[]; gone: string[]; looked: string[]; shown: Map<string, ShownDataset> }> {
    const found = {
      wanted: [] as WantedDashboard[],
      gone: [] as string[],
      looked: [] as string[],
      shown: new Map<string, ShownDataset>(),
    };
    for (const name of names) {
      const dataset = this.#options.datasets().get(name);
      if (dataset === undefined) continue;
      const one = await this.#wantedOf(dataset, context);
      if (one.wanted !== null) {
        found.wanted.push(one.wanted);
        found.shown.set(name, one.shown);
        found.looked.push(name);
        for (const sentence of one.toCheck) this.#say('warn', `dataset ${name}: ${sentence}`, name);
      } else if (one.isUnwanted) {
        found.gone.push(keyOfDataset(name));
      } else if (one.isAway) {
        this.#looks.addLater([name], this.#delays.betweenLooksMs);
        this.#say('warn', `dataset ${name} ${one.why}; its dashboard waits for it`, name);
      }
    }
    return found;
  }

  /** One that fails holds back no other. */
  async #wantedOf(dataset: Dataset, context: GatherContext): Promise<WantedOfDataset> {
    try {
      return await wantedOfDataset(dataset, context);
    } catch (error) {
      context.signal?.throwIfAborted();
      const why = `can't be looked at: ${messageOf(error)}`;
      return { dataset: dataset.name, wanted: null, why, isUnwanted: false, isAway: true };
    }
  }

  async #push(kibana: Kibana, wanted: readonly WantedDashboard[], gone: readonly string[]): Promise<void> {
    const known = new Set([...(await this.#records.all()).values()].flatMap(record => record.keys));
    const isNothing = wanted.length === 0 && !gone.some(key => known.has(key));
    if (isNothing) return;
    const context = { kibana, records: this.#records, clock: this.#options.clock };
    const { outcomes } = await push({ wanted, gone }, context);
    this.#tell(outcomes);
  }

  /** Keys of what was pushed of datasets that are neither configured nor known to the journal any more. */
  async #gone(): Promise<string[]> {
    const { gone, orphans } = await this.#unconfigured();
    for (const name of orphans) {
      const text = `dataset ${name} is not configured any more: its dashboard stays in Kibana until orchestrator forget ${name}`;
      this.#say('info', text, name);
    }
    if (orphans.length > 0) this.#looks.lookForGoneLater(this.#delays.forgottenMs);
    return gone.map(keyOfDataset);
  }

  async #unconfigured(): Promise<Unconfigured> {
    const { datasets, journal } = this.#options;
    return unconfigured(await this.#records.all(), new Set(datasets().keys()), journal);
  }

  #tell(outcomes: readonly Outcome[]): void {
    const byKey = Map.groupBy(outcomes, ({ keys }) => keys[0] ?? '');
    for (const [key, some] of byKey) {
      const dataset = datasetOfKey(key);
      const fields = dataset === null ? {} : { dataset };
      for (const result of ['created', 'updated', 'removed'] as const) {
        const names = some.filter(outcome => outcome.result === result).map(describe);
        if (names.length > 0)
          this.#options.logger.info(
            `in Kibana ${names.join(', ')} ${names.length === 1 ? 'was' : 'were'} ${result}`,
            fields,
          );
      }
      for (const outcome of some.filter(({ result }) => result === 'kept' || result === 'refused')) {
        const isKept = outcome.result === 'kept';
        const text = isKept
          ? `in Kibana ${describe(outcome)} stays as it is: ${outcome.why}; orchestrator kibana push --force writes over it`
          : `Kibana refuses ${describe(outcome)}: ${outcome.why}`;
        this.#say(isKept ? 'info' : 'warn', text, dataset);
      }
    }
  }

  /** Once. */
  #say(level: 'info' | 'warn', text: string, dataset: string | null): void {
    if (this.#said.has(text)) return;
    if (this.#said.size >= MOST_SAID) this.#said.clear();
    this.#said.add(text);
    this.#options.logger[level](text, dataset === null ? {} : { dataset });
  }

  #failed(error: unknown): void {
    if (this.#end.signal.aborted) return;
    const { clock, logger } = this.#options;
    this.#failures += 1;
    const backoff = kindOf(error) === 'never' ? this.#delays.refused : this.#delays.away;
    this.#notBefore = clock.elapsed() + delayMs(backoff, this.#failures, Math.random());
    const isOurs = error instanceof OrchestratorError;
    const what = isOurs
      ? error.message
      : `Elasticsearch can't be asked what dashboards are made of: ${messageOf(error)}`;
    const message = `${what}; dashboards wait for it`;
    if (message !== this.#trouble) logger.warn(message, isOurs ? {} : { error });
    this.#trouble = message;
  }

  #recovered(): void {
    if (this.#trouble !== null) this.#options.logger.info('Kibana takes dashboards again');
    this.#trouble = null;
    this.#failures = 0;
  }
}

function describe({ type, title }: Outcome): string {
  return `${nameOf(type)} “${title}”`;
}
