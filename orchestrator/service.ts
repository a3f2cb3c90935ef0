import { dirname } from 'node:path';
import { provideToken } from './api/auth/token.ts';
import { type ElasticsearchProbe, probeElasticsearch } from './api/elasticsearch-probe.ts';
import type { Api } from './api/options.ts';
import { startApi } from './api/server.ts';
import { type Clock, systemClock } from './clock.ts';
import { changeLines } from './config/change-lines.ts';
import type { Dataset } from './config/dataset.ts';
import type { Environment } from './config/environment.ts';
import { KeptFolders } from './config/kept-folders.ts';
import { environmentPlaces } from './config/places.ts';
import { type ConfigWatcher, watchConfig } from './config/reload.ts';
import { accountsMistake } from './config/run-uids.ts';
import { closeBelow } from './data-dir/close-below.ts';
import { closeDataDir } from './data-dir/close.ts';
import { type FileDisposer, startDisposer } from './dispose/disposer.ts';
import { OrchestratorError } from './errors.ts';
import { answerAs } from './etl/helper.ts';
import { ownHolderId } from './journal/holder.ts';
import type { Journal } from './journal/journal.ts';
import { lockJournal } from './journal/sqlite/lock.ts';
import { keepRoom } from './journal/sqlite/room.ts';
import { openSqliteJournal } from './journal/sqlite/sqlite-journal.ts';
import { AutoPush } from './kibana/push/auto-push.ts';
import type { Logger, RootLogger } from './log.ts';
import { createActions } from './operations/actions.ts';
import { createRunners, type RunnerSet } from './run/runners.ts';
import type { RunUids } from './run/runner.ts';
import { createRunUids } from './run/uids.ts';
import { startHousekeeping } from './schedule/housekeeping.ts';
import { learnLoads } from './schedule/learn-loads.ts';
import { type Scheduler, startScheduler } from './schedule/scheduler.ts';
import { serviceStatus } from './service-status.ts';
import { greet } from './startup/greeting.ts';
import { offerSample } from './startup/sample.ts';
import { tellWhere } from './startup/whereabouts.ts';
import { startTelemetry } from './telemetry/telemetry.ts';
import { takesPath } from './watch/names.ts';
import { hasWriter } from './watch/open-writers.ts';
import { Watchers } from './watch/watchers.ts';

export interface ServiceOptions {
  environment: Environment;
  /** Of the orchestrator. */
  version: string;
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
  /**
   * Aborted where it is to stop before all is started: what takes long is not waited for. stop() is to be called all
   * the same.
   */
  stopping?: AbortSignal;
}

/**
 * Joins the rooms and starts them. Each is put on one stack with how it is stopped; what was started before something
 * failed is stopped in turn. Throws an OrchestratorError where it can't start: DATA_DIR in use, the journal unreadable,
 * the port taken.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  await using stack = new AsyncDisposableStack();
  const core = await openCore(options, stack);
  tellElasticsearch(core, stack);
  const schedule = await startSchedule(core, stack);
  const api = options.isQuiet ? null : await watchAndServe(core, schedule, stack);
  return new Service({ journal: core.journal, scheduler: schedule.scheduler, api, stack: stack.move() });
}

interface ServiceParts {
  journal: Journal;
  scheduler: Scheduler;
  api: Api | null;
  stack: AsyncDisposableStack;
}

/** The running whole. */
export class Service {
  /** Of the page and the API; null where nothing is served. */
  readonly url: string | null;
  readonly journal: Journal;
  readonly #scheduler: Scheduler;
  readonly #stack: AsyncDisposableStack;
  #stopped: Promise<void> | undefined;

  constructor({ journal, scheduler, api, stack }: ServiceParts) {
    this.url = api?.url ?? null;
    this.journal = journal;
    this.#scheduler = scheduler;
    this.#stack = stack;
  }

  /** Attempts that go on, and how many of them a stop leaves to the next start. */
  going(): { running: number; leaving: number } {
    const { running, leaving } = this.#scheduler.status();
    return { running, leaving };
  }

  /**
   * Stops along the flow, the watch first and the journal last: what is not left to the next start may finish within
   * GRACE. Idempotent.
   */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#stack.disposeAsync());
  }

  /** Ends the grace period now. */
  hurry(): void {
    this.#scheduler.hurry();
  }
}

/** What everything else is joined to. */
interface Core extends ServiceOptions {
  clock: Clock;
  journal: Journal;
  probe: ElasticsearchProbe;
  uids: RunUids;
  runners: RunnerSet;
  config: ConfigWatcher;
  kept: KeptFolders;
  /** What is configured now, by name. */
  datasets(): ReadonlyMap<string, Dataset>;
  /** When the configuration was last read without a mistake. */
  configGoodAt(): number | null;
  /** Is stopped after what runs and before the journal: what is served shows the stop. */
  served: AsyncDisposableStack;
}

async function openCore(options: ServiceOptions, stack: AsyncDisposableStack): Promise<Core> {
  const { environment, variables, logger, clock = systemClock, isQuiet = false } = options;
  for (const sentence of closeDataDir(environment.dataDir)) logger.warn(sentence);
  stack.defer(lockJournal(environment));
  const journal = openSqliteJournal({ path: environment.journal, clock, logger });
  stack.defer(() => journal.close());
  stack.defer(keepRoom({ journal: environment.journal, minFreeBytes: environment.minFreeBytes, clock }));
  const probe = probeElasticsearch(environment.elasticsearch, clock);
  stack.defer(() => probe.close());
  const served = stack.use(new AsyncDisposableStack());
  const uids = createRunUids({ range: environment.runUids, reserve: environment.concurrency });
  answerAs(uids);
  const mistake = uids.areOwn ? accountsMistake(environment.runUids) : undefined;
  if (mistake !== undefined) throw new OrchestratorError('never', mistake);
  const runners = createRunners({
    environment,
    variables,
    projectDir: dirname(environment.configDir),
    clock,
    logger,
    uids,
    lastRunner: name => journal.lastRunner(name),
  });
  stack.defer(() => runners.close());
  const config = await watchConfig({
    configDir: environment.configDir,
    env: variables,
    places: environmentPlaces(environment),
    hasWriter,
    logger,
    clock,
  });
  stack.defer(() => config.stop());
  const datasets = () => new Map(config.datasets().map(dataset => [dataset.name, dataset]));
  const kept = new KeptFolders(environment.dataDir, () => config.datasets());
  const core = { ...options, clock, journal, probe, uids, runners, config, kept, datasets, served };
  const configGoodAt = followConfig(core);
  await runners.registry.resume();
  // Before anything is loaded otherwise.
  if (!isQuiet) await learnLoads({ journal, datasets: datasets(), logger });
  return { ...core, configGoodAt };
}

/**
 * Whoever needs to know what is configured learns it now, and when it changes. Returns when it was last read without a
 * mistake.
 */
function followConfig(core: Omit<Core, 'configGoodAt'>): Core['configGoodAt'] {
  const { config, runners, logger, clock, kept, journal } = core;
  let before: ReadonlyMap<string, Dataset> = new Map();
  let goodAt: number | null = null;
  const learn = (): void => {
    before = core.datasets();
    const datasets = config.datasets();
    logger.addSecrets(datasets.flatMap(dataset => dataset.secrets));
    runners.learn(datasets);
    logger.debugDatasets(datasets.filter(({ settings }) => settings.DEBUG).map(({ name }) => name));
    if (config.errors().length === 0) goodAt = clock.now();
  };
  learn();
  config.onChange(async change => {
    for (const { dataset, text } of changeLines(change, before)) logger.info(text, { dataset });
    kept.forget();
    learn();
    await learnLoads({ journal, datasets: core.datasets(), logger });
  });
  return () => goodAt;
}

/** Stops after what runs, of which it tells. */
function tellElasticsearch(core: Core, stack: AsyncDisposableStack): void {
  const { runners } = core;
  const telemetry = startTelemetry({
    ...core,
    datasets: () => new Set(core.datasets().keys()),
    mask: (text, dataset) => runners.mask(text, dataset),
  });
  stack.defer(() => telemetry.stop());
}

interface Schedule {
  scheduler: Scheduler;
  disposer: FileDisposer;
}

async function startSchedule(core: Core, stack: AsyncDisposableStack): Promise<Schedule> {
  const { environment, journal, clock, logger, datasets, runners, uids, kept, config, isQuiet = false } = core;
  const { dataDir, minFreeBytes, retentionMs, graceMs } = environment;
  const disposer = await startDisposer({
    journal,
    datasets,
    datasetsMatching: path => config.datasets().filter(dataset => takesPath(dataset, path, kept.of(dataset))),
    hasWriter,
    clock,
    logger,
    dataDir,
    minFreeBytes,
  });
  stack.defer(() => disposer.stop());
  const { connections, refreshes } = runners;
  const holder = ownHolderId();
  // This process holds the lock of the journal: whoever else had a lease is dead.
  await journal.endOtherLeases(holder);
  const shared = { journal, datasets, holder, environment, clock, logger };
  const scheduler = await startScheduler({
    ...shared,
    runners: runners.registry,
    uids,
    connections,
    refreshes,
    disposer,
  });
  // Who ran files by hand and calls that off wants nothing to go on.
  stack.defer(() => scheduler.stop({ graceMs, leavesNone: isQuiet }));
  config.onChange(() => scheduler.wake());
  const housekeeping = startHousekeeping({ journal, dataDir, retentionMs, clock, logger });
  stack.defer(() => housekeeping.stop());
  return { scheduler, disposer };
}

async function watchAndServe(core: Core, schedule: Schedule, stack: AsyncDisposableStack): Promise<Api> {
  const { environment, journal, clock, logger, datasets, kept, config, stopping } = core;
  const { listIntervalMs, dataDir, configDir } = environment;
  const watchers = new Watchers({ journal, logger, clock, kept, listIntervalMs });
  const prepareRunners = runnersPreparer(core);
  config.onChange(async ({ added, changed, removed }) => {
    await watchers.end(removed);
    await watchers.begin([...added, ...changed]);
    prepareRunners();
  });
  // At once: a change of the configuration may wait for a watch that is being begun.
  stack.defer(async () => void (await Promise.all([watchers.stop(), config.stop()])));
  const autoPush = await keepDashboards(core, stack);
  const api = await serve(core, { ...schedule, watchers, autoPush });
  tellWhere({ ...core, url: api.url });
  const sample = await offerSample({ journal, datasets: datasets(), configDir });
  stack.defer(greet({ ...core, api, sample }));
  stopping?.addEventListener('abort', () => void watchers.stop());
  if (stopping?.aborted) return api;
  await watchers.begin(config.datasets());
  if (stopping?.aborted) return api;
  prepareRunners();
  const end = new AbortController();
  const closed = closeBelow({ dataDir, logger, signal: end.signal });
  stack.defer(() => {
    end.abort();
    return closed;
  });
  return api;
}

/** In the background, one after the other: an engine that doesn't answer keeps nothing else waiting, not even the end. */
function runnersPreparer({ runners, config }: Core): () => void {
  let preparing: Promise<void> = Promise.resolve();
  return () => {
    preparing = preparing.then(() => runners.registry.prepare(config.datasets()));
  };
}

/** In the background: neither a start nor a run nor a stop waits for Kibana. */
async function keepDashboards(core: Core, stack: AsyncDisposableStack): Promise<AutoPush | null> {
  const { environment, journal, config, datasets, clock, logger } = core;
  const { kibana: settings, elasticsearch, dataDir, publicUrl: pageUrl, metricsElasticsearch } = environment;
  if (settings === null || elasticsearch === null) return null;
  const tellsRuns = metricsElasticsearch !== 'off';
  const autoPush = await AutoPush.start({
    settings,
    elasticsearch,
    dataDir,
    journal,
    datasets,
    tellsRuns,
    pageUrl,
    clock,
    logger,
  });
  stack.defer(() => autoPush.stop());
  stack.defer(
    journal.onChange(({ state, dataset }) => {
      if (state === 'done') autoPush.loaded(dataset);
    }),
  );
  config.onChange(({ added, changed }) => autoPush.configured([...added, ...changed].map(({ name }) => name)));
  return autoPush;
}

async function serve(core: Core, parts: Schedule & { watchers: Watchers; autoPush: AutoPush | null }): Promise<Api> {
  const { environment, logger, journal, clock, runners, served } = core;
  const { dataDir, host, port, allowedHosts, publicUrl } = environment;
  const now = () => clock.now();
  const token = environment.auth === 'off' ? null : provideToken(dataDir);
  if (token !== null) logger.addSecrets([token.token]);
  if (token !== null && token.warning !== null) logger.warn(token.warning);
  if (token === null) logger.warn('AUTH is off: whoever is on this machine may read and steer everything');
  const api = await startApi({
    journal,
    status: () => serviceStatus({ ...core, ...parts }),
    rowsUrl: run => parts.autoPush?.rowsUrl(run) ?? null,
    dataDir,
    host,
    port,
    allowedHosts,
    publicUrl,
    token: token?.token ?? null,
    isRefused: address => runners.registry.isRefused(address),
    now,
    logger,
    mask: (text, dataset) => (dataset === undefined ? logger.mask(text) : runners.mask(text, dataset)),
    actions: createActions({ journal, datasets: core.datasets, dataDir, now }),
  });
  served.defer(() => api.stop());
  return api;
}
