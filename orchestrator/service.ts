import { basename, dirname } from 'node:path';
import { provideToken } from './api/auth/token.ts';
import { startApi } from './api/server.ts';
import { type ElasticsearchProbe, probeElasticsearch } from './api/elasticsearch-probe.ts';
import type { Api, DatasetStatus, ServiceStatus } from './api/options.ts';
import { type Clock, systemClock } from './clock.ts';
import { changeLines } from './config/change-lines.ts';
import type { Dataset } from './config/dataset.ts';
import type { Environment } from './config/environment.ts';
import { KeptFolders } from './config/kept-folders.ts';
import { environmentPlaces } from './config/places.ts';
import { type ConfigChange, type ConfigWatcher, watchConfig } from './config/reload.ts';
import { accountsMistake } from './config/run-uids.ts';
import { closeBelow } from './data-dir/close-below.ts';
import { closeDataDir } from './data-dir/close.ts';
import { closedInboxes } from './data-dir/inbox.ts';
import { type FileDisposer, startDisposer } from './dispose/disposer.ts';
import { messageOf, OrchestratorError } from './errors.ts';
import { answerAs } from './etl/helper.ts';
import { offerSample, whenSampleEnds } from './startup/sample.ts';
import { ownHolderId } from './journal/holder.ts';
import type { Journal, Run } from './journal/journal.ts';
import { lockJournal, tellAddress } from './journal/lock.ts';
import { keepRoom } from './journal/room.ts';
import { learnLoads } from './schedule/learn-loads.ts';
import { openSqliteJournal } from './journal/sqlite.ts';
import type { Logger, RootLogger } from './log.ts';
import { mendRejects } from './operations/mend.ts';
import { replayRun } from './operations/replay.ts';
import { type AllRunners, createRunners } from './runners.ts';
import type { RunUids } from './run/runner.ts';
import { createRunUids } from './run/uids.ts';
import { type Housekeeping, startHousekeeping } from './schedule/housekeeping.ts';
import { type Scheduler, startScheduler } from './schedule/scheduler.ts';
import { hasWriter } from './watch/open-writers.ts';
import { type Whereabouts, noteWhereabouts } from './startup/whereabouts.ts';
import { takesPath } from './watch/names.ts';
import { Watchers } from './watch/watchers.ts';

export interface StartOptions {
  environment: Environment;
  /** All variables, for substitution in YAML. */
  variables: Readonly<Record<string, string | undefined>>;
  logger: RootLogger;
  /** For what must not leave this machine, as links to sign in; `logger` unless told. */
  localLogger?: Logger;
  clock?: Clock;
  /** Where it is noted for commands that are typed elsewhere, and what is known of it there; not at all unless told. */
  notes?: { folder: string; workingDir: string };
  /** Only what is in the journal is run: nothing is watched or served (`orchestrator run` while no other orchestrator runs). */
  isQuiet?: boolean;
  /** Aborted where it is to stop before all is started: what takes long is not waited for. stop() is to be called all the same. */
  stopping?: AbortSignal;
}

/** The running whole. */
export interface Orchestrator {
  /** Of the page and the API; null where nothing is served. */
  url: string | null;
  journal: Journal;
  /** Attempts that go on, and how many of them a stop leaves to the next start. */
  going(): { running: number; leaving: number };
  /** Stops along the flow: what is not left to the next start may finish within GRACE. Idempotent. */
  stop(): Promise<void>;
  /** Ends the grace period now. */
  hurry(): void;
}

/**
 * Joins the parts and starts them. Throws an OrchestratorError where it can't: DATA_DIR in use, the journal unreadable, the port
 * taken; nothing is left running then.
 */
export async function startOrchestrator(options: StartOptions): Promise<Orchestrator> {
  const parts = new Parts(options);
  try {
    await parts.start();
  } catch (error) {
    await parts.stop();
    throw error;
  }
  return parts;
}

/** More would be a wall of text. */
const MOST_FOLDERS_TOLD = 5;

class Parts implements Orchestrator {
  readonly #options: StartOptions;
  readonly #clock: Clock;
  readonly #unlock: () => void;
  readonly #endRoom: () => void;
  readonly journal: Journal;
  readonly #probe: ElasticsearchProbe;
  readonly #uids: RunUids;
  readonly #kept: KeptFolders;
  #config: ConfigWatcher | undefined;
  #runners: AllRunners | undefined;
  #disposer: FileDisposer | undefined;
  #scheduler: Scheduler | undefined;
  #housekeeping: Housekeeping | undefined;
  #watchers: Watchers | undefined;
  #api: Api | undefined;
  #configGoodAt: number | null = null;
  /** By name, as they were when they were last learned. */
  #before: ReadonlyMap<string, Dataset> = new Map();
  #offSample: () => void = () => undefined;
  #preparing: Promise<void> = Promise.resolve();
  readonly #end = new AbortController();
  #closingBelow: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(options: StartOptions) {
    const { environment, logger } = options;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#kept = new KeptFolders(environment.dataDir, () => this.#datasets().values());
    for (const sentence of closeDataDir(environment.dataDir)) logger.warn(sentence);
    this.#unlock = lockJournal(environment);
    try {
      this.journal = openSqliteJournal({ path: environment.journal, clock: this.#clock, logger });
    } catch (error) {
      this.#unlock();
      throw error;
    }
    this.#endRoom = keepRoom({
      journal: environment.journal,
      minFreeBytes: environment.minFreeBytes,
      clock: this.#clock,
    });
    this.#probe = probeElasticsearch(environment.elasticsearch, this.#clock);
    this.#uids = createRunUids({ range: environment.runUids, reserve: environment.concurrency });
  }

  get url(): string | null {
    return this.#api?.url ?? null;
  }

  async start(): Promise<void> {
    const { environment, variables, logger, isQuiet = false, stopping } = this.#options;
    const clock = this.#clock;
    const projectDir = dirname(environment.configDir);
    answerAs(this.#uids);
    const mistake = this.#uids.areOwn ? accountsMistake(environment.runUids) : undefined;
    if (mistake !== undefined) throw new OrchestratorError('never', mistake);
    this.#runners = createRunners({
      environment,
      variables,
      projectDir,
      clock,
      logger,
      uids: this.#uids,
      lastRunner: name => this.journal.lastRunner(name),
    });
    this.#config = await watchConfig({
      configDir: environment.configDir,
      env: variables,
      places: environmentPlaces(environment),
      hasWriter,
      onChange: change => this.#reconfigure(change),
      logger,
      clock,
    });
    this.#learn(this.#config);
    await this.#runners.resume();
    // Before anything is loaded otherwise.
    if (!isQuiet) await this.#learnLoads();
    await this.#startSchedule();
    if (isQuiet) return;
    this.#watchers = new Watchers({
      journal: this.journal,
      logger,
      clock,
      kept: this.#kept,
      listIntervalMs: environment.listIntervalMs,
    });
    await this.#serve();
    this.#tellWhere();
    const datasets = this.#datasets();
    const sample = await offerSample({ journal: this.journal, datasets, configDir: environment.configDir });
    this.#greet(sample);
    if (sample !== undefined) this.#followSample(sample);
    stopping?.addEventListener('abort', () => void this.#watchers?.stop());
    if (stopping?.aborted) return;
    await this.#watchers.begin(datasets.values());
    if (stopping?.aborted) return;
    this.#prepareRunners();
    this.#closingBelow = closeBelow({ dataDir: environment.dataDir, logger, signal: this.#end.signal });
  }

  going(): { running: number; leaving: number } {
    const { running = 0, leaving = 0 } = this.#scheduler?.status() ?? {};
    return { running, leaving };
  }

  hurry(): void {
    this.#scheduler?.hurry();
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#stopAll());
  }

  async #stopAll(): Promise<void> {
    this.#offSample();
    this.#end.abort();
    await this.#closingBelow;
    // First: a change of the configuration may wait for a watch that is being begun.
    const watchers = this.#watchers?.stop();
    await this.#config?.stop();
    await watchers;
    const { environment, isQuiet = false } = this.#options;
    // Who ran files by hand and calls that off wants nothing to go on.
    await this.#scheduler?.stop({ graceMs: environment.graceMs, leavesNone: isQuiet });
    await this.#disposer?.stop();
    await this.#housekeeping?.stop();
    await this.#runners?.close();
    await this.#api?.stop();
    await this.#probe.close();
    await this.journal.close();
    this.#endRoom();
    this.#unlock();
  }

  async #startSchedule(): Promise<void> {
    const { environment, logger } = this.#options;
    const { journal } = this;
    const clock = this.#clock;
    const { dataDir } = environment;
    const datasets = () => this.#datasets();
    this.#disposer = await startDisposer({
      journal,
      datasets,
      datasetsMatching: path => this.#datasetsMatching(path),
      hasWriter,
      clock,
      logger,
      dataDir,
      minFreeBytes: environment.minFreeBytes,
    });
    this.#scheduler = await startScheduler({
      journal,
      runners: this.#required(this.#runners),
      uids: this.#uids,
      connections: this.#required(this.#runners).connections,
      refreshes: this.#required(this.#runners).refreshes,
      datasets,
      holder: ownHolderId(),
      environment,
      disposer: this.#disposer,
      clock,
      logger,
    });
    this.#housekeeping = startHousekeeping({
      journal,
      dataDir,
      retentionMs: environment.retentionMs,
      clock,
      logger,
    });
  }

  async #serve(): Promise<void> {
    const { environment, logger } = this.#options;
    const token = environment.auth === 'off' ? null : provideToken(environment.dataDir);
    if (token !== null) logger.addSecrets([token.token]);
    if (token !== null && token.warning !== null) logger.warn(token.warning);
    if (token === null) logger.warn('AUTH is off: whoever is on this machine may read and steer everything');
    this.#api = await startApi({
      journal: this.journal,
      status: () => this.#status(),
      dataDir: environment.dataDir,
      host: environment.host,
      allowedHosts: environment.allowedHosts,
      publicUrl: environment.publicUrl,
      token: token?.token ?? null,
      isRefused: address => this.#required(this.#runners).isRefused(address),
      now: () => this.#clock.now(),
      port: environment.port,
      logger,
      mask: (text, dataset) =>
        dataset === undefined ? logger.mask(text) : this.#required(this.#runners).mask(text, dataset),
      actions: {
        cancel: id => this.journal.cancel(id, this.#clock.now()),
        replay: id => this.#replay(id),
        mend: (run, content, signal) =>
          mendRejects({
            journal: this.journal,
            dataDir: environment.dataDir,
            run,
            content,
            now: this.#clock.now(),
            signal,
          }),
        pause: (dataset, paused) => this.journal.pause(dataset, paused),
        acknowledge: id => this.journal.acknowledge(id, this.#clock.now()),
        acknowledgeAll: dataset => this.journal.acknowledgeAll(dataset, this.#clock.now()),
      },
    });
  }

  /** For commands, that ask by HOST and PORT. Whoever can't write in his own home is found by DATA_DIR all the same. */
  #tellWhere(): void {
    const { environment, notes, logger } = this.#options;
    const { configDir, dataDir, journal, policyFile, isPolicyNamed, host } = environment;
    const port = Number(new URL(this.#required(this.#api).url).port);
    tellAddress(dataDir, { host, port });
    if (notes === undefined) return;
    const policy = isPolicyNamed ? { POLICY_FILE: policyFile } : {};
    const paths = { CONFIG_DIR: configDir, DATA_DIR: dataDir, JOURNAL: journal, ...policy };
    const whereabouts: Whereabouts = {
      workingDir: notes.workingDir,
      variables: { ...paths, HOST: host, PORT: String(port) },
    };
    try {
      noteWhereabouts(notes.folder, whereabouts);
    } catch (error) {
      logger.debug(`commands find this orchestrator by DATA_DIR alone: ${messageOf(error)}`);
    }
  }

  async #reconfigure(change: ConfigChange): Promise<void> {
    const config = this.#config;
    for (const { dataset, text } of changeLines(change, this.#before)) this.#options.logger.info(text, { dataset });
    this.#kept.forget();
    if (config) this.#learn(config);
    await this.#watchers?.end(change.removed);
    await this.#learnLoads();
    await this.#watchers?.begin([...change.added, ...change.changed]);
    if (this.#watchers) this.#prepareRunners();
    this.#scheduler?.wake();
  }

  /** In the background, one after the other: an engine that doesn't answer keeps nothing else waiting, not even the end. */
  #prepareRunners(): void {
    const runners = this.#required(this.#runners);
    this.#preparing = this.#preparing.then(() => runners.prepare([...this.#datasets().values()]));
  }

  #learnLoads(): Promise<void> {
    const { logger } = this.#options;
    return learnLoads({ journal: this.journal, datasets: this.#datasets(), logger });
  }

  #learn(config: ConfigWatcher): void {
    const { logger } = this.#options;
    const datasets = config.datasets();
    this.#before = new Map(datasets.map(dataset => [dataset.name, dataset]));
    logger.addSecrets(datasets.flatMap(dataset => dataset.secrets));
    this.#runners?.learn(datasets);
    logger.debugDatasets(datasets.filter(({ settings }) => settings.DEBUG).map(({ name }) => name));
    if (config.errors().length === 0) this.#configGoodAt = this.#clock.now();
  }

  async #replay(id: string): Promise<Run | null> {
    const run = await this.journal.run(id);
    if (run === undefined) throw new OrchestratorError('never', `there is no run ${id}`);
    return replayRun(run, {
      journal: this.journal,
      dataset: this.#datasets().get(run.dataset),
      dataDir: this.#options.environment.dataDir,
      now: this.#clock.now(),
    });
  }

  #datasets(): ReadonlyMap<string, Dataset> {
    return new Map(this.#config?.datasets().map(dataset => [dataset.name, dataset]));
  }

  #datasetsMatching(path: string): Dataset[] {
    return [...this.#datasets().values()].filter(dataset => takesPath(dataset, path, this.#kept.of(dataset)));
  }

  async #datasetStatuses(): Promise<DatasetStatus[]> {
    const runners = this.#required(this.#runners);
    return Promise.all(
      [...this.#datasets().values()].map(async dataset => {
        const { name, watchDir, settings } = dataset;
        const { kind, reason } = await runners.choice(dataset);
        return {
          name,
          watchDir,
          target: settings.COMMAND === undefined ? (settings.LOAD.target ?? null) : null,
          runner: { kind, reason },
          problem: runners.pathMistake(dataset),
          watcher: this.#watchers?.status(name) ?? null,
        };
      }),
    );
  }

  async #status(): Promise<ServiceStatus> {
    const runners = this.#required(this.#runners);
    const [engine, elasticsearch, datasets] = await Promise.all([
      runners.engine.status(),
      this.#probe.status(),
      this.#datasetStatuses(),
    ]);
    const isNeeded = datasets.some(({ runner }) => runner.kind === 'docker');
    const { disk, waiting, running, recovering } = this.#required(this.#scheduler).status();
    return {
      engine: { isUp: engine.available, isNeeded, message: engine.error },
      elasticsearch,
      config: {
        errors: this.#config?.errors() ?? [],
        warnings: this.#config?.warnings() ?? [],
        lastGoodAt: this.#configGoodAt,
      },
      schedule: { waiting, running, recovering },
      disposals: this.#required(this.#disposer).pending(),
      disk,
      datasets,
    };
  }

  #greet(sample: string | undefined): void {
    const { logger, environment, localLogger = logger } = this.#options;
    logger.info(`page and API: ${this.#api?.pageUrl}`, { 'url.full': this.#api?.pageUrl });
    if (environment.auth === 'on') {
      const link = this.#api?.signInLink();
      localLogger.info(`sign in by ${link} (once, within 15 minutes; later: npx --no orchestrator sign-in)`);
    }
    const datasets = [...this.#datasets().values()];
    const folders = datasets.map(({ name, watchDir }) => `${name}: ${watchDir}`);
    if (sample !== undefined) {
      logger.info(`a sample, to begin with, was put into ${dirname(sample)}: ${basename(sample)}`);
    } else if (folders.length === 0) {
      logger.warn(
        `no dataset yet: write one to ${environment.configDir}/<dataset>.yaml; examples are in its folder examples/`,
      );
    } else if (folders.length > MOST_FOLDERS_TOLD) {
      logger.info(`${folders.length} datasets are watched; the page shows their folders`);
    } else {
      logger.info(`copy your files into the folder of a dataset: ${folders.join(' · ')}`);
    }
    const closed = closedInboxes(datasets, environment.dataDir);
    if (closed !== undefined) logger.info(closed);
  }

  /** What a newcomer wants to know once the sample has been run. */
  #followSample(sample: string): void {
    const { logger, environment } = this.#options;
    this.#offSample = whenSampleEnds(this.journal, sample, ({ dataset, state, index }) => {
      const isInLake = this.#datasets().get(dataset)?.settings.LOAD.target === 'lake';
      const rows = isInLake
        ? `at ${this.#api?.pageUrl}/#rows=${dataset}`
        : `in the index ${index} of ${environment.elasticsearch?.nodes.join(', ')}`;
      if (state === 'done') logger.info(`that was a sample; see its rows ${rows}`);
      logger.info(`now copy files of your own into ${dirname(sample)}`);
    });
  }

  #required<Part>(part: Part | undefined): Part {
    if (part === undefined) throw new OrchestratorError('bug', 'a part was asked for before it was started');
    return part;
  }
}
