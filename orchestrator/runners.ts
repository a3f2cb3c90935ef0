import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from './clock.ts';
import { DEFAULT_IMAGE } from './config/default-image.ts';
import type { Dataset } from './config/dataset.ts';
import type { Environment } from './config/environment.ts';
import { messageOf } from './errors.ts';
import { COMPILED, ETL_PROGRAM, etlFiles } from './etl/etl-files.ts';
import type { Logger } from './log.ts';
import { chooseRunner, type RunnerChoice } from './run/choose-runner.ts';
import { createDockerRunner } from './run/docker/docker-runner.ts';
import { createConnections } from './run/connections/connections.ts';
import { createRefreshes } from './run/connections/refreshes.ts';
import { connectEngine, type Engine } from './run/docker/engine.ts';
import { findOwnContainer } from './run/docker/own-container.ts';
import { surroundingsOf } from './run/docker/surroundings.ts';
import { checkHostPaths } from './run/host-path-map.ts';
import { readInstance } from './run/instance.ts';
import { jobTemplate } from './run/job.ts';
import { createRunNetwork } from './run/network/run-network.ts';
import { compileOnce } from './run/process/compiled-code.ts';
import { createProcessRunner } from './run/process/process-runner.ts';
import type { Connections, Refreshes, Runner, RunnerKind, RunUids } from './run/runner.ts';
import { RunMasks } from './run/run-masks.ts';
import type { Runners } from './schedule/context.ts';

const COMPILE_AHEAD = fileURLToPath(new URL('../default-etl/run/compile-ahead.ts', import.meta.url));

export interface RunnersOptions {
  environment: Environment;
  /** All variables; processes inherit a few of them. */
  variables: Readonly<Record<string, string | undefined>>;
  /** Absolute: the project's root. */
  projectDir: string;
  clock: Clock;
  logger: Logger;
  uids: RunUids;
  /** What ran the newest run of a dataset, or of all (null); null where there is none. */
  lastRunner(dataset: string | null): Promise<string | null>;
}

/** Both runners, and the choice between them. */
export interface AllRunners extends Runners {
  engine: Engine;
  connections: Connections;
  refreshes: Refreshes;
  /** These are configured now, and their secrets known. */
  learn(datasets: readonly Dataset[]): void;
  /** The text without what runs of this dataset were given. */
  mask(text: string, dataset: string): string;
  /** What a dataset would be run by now, and why. Never throws. */
  choice(dataset: Dataset): Promise<RunnerChoice>;
  /** These are configured now: paths that containers can't have are told in the log, and containers are kept warm. Never throws. */
  prepare(datasets: readonly Dataset[]): Promise<void>;
  /** Why containers of this dataset can't have its folder, as far as is known; else null. */
  pathMistake(dataset: Dataset): string | null;
  /** Whether a request comes from a run's container, which the API refuses. */
  isRefused(address: string): boolean;
  /** Before anything is recovered: containers that outlived the last orchestrator find Elasticsearch where they found it. Never throws. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

const IMAGE_KNOWN_MS = 1000;

/** Connects to nothing yet. */
export function createRunners(options: RunnersOptions): AllRunners {
  const { environment, variables, projectDir, clock, logger, uids } = options;
  const { dataDir, elasticsearch } = environment;
  const engine = connectEngine(environment.dockerHost, clock);
  const surroundings = surroundingsOf(() => findOwnContainer(engine), environment.hostPathMap);
  const instance = readInstance(dataDir);
  const network = createRunNetwork({
    engine,
    logger,
    instance,
    wish: environment.runNetwork,
    elasticsearch,
    recordFile: join(dataDir, 'run-network.json'),
    surroundings,
  });
  const connections = createConnections({
    elasticsearch,
    wish: environment.runtimeDir,
    dataDir,
    instance,
    userRuntimeDir: variables['XDG_RUNTIME_DIR'],
    hostPaths: async () => (await surroundings()).hostPaths,
    runKeys: environment.runKeys,
    clock,
    logger,
  });
  const refreshes = createRefreshes({ elasticsearch, clock, logger });
  const masks = new RunMasks();
  const maskLog = (text: string, dataset: string) =>
    masks.text(connections.maskRecovered(text, masks.dataset(dataset)), dataset);
  const docker = createDockerRunner({
    engine,
    logger,
    clock,
    instance,
    network,
    warmDir: join(dataDir, 'warm'),
    uids,
    surroundings,
    dockerConfigFile: join(variables['DOCKER_CONFIG'] || join(homedir(), '.docker'), 'config.json'),
    defaultImage: DEFAULT_IMAGE,
    // One may start while another one's place is not free yet.
    mostPlaces: environment.concurrency + 1,
    mask: maskLog,
  });
  const process_ = createProcessRunner({
    logger,
    clock,
    dataDir,
    projectDir,
    defaultEtl: [process.execPath, ETL_PROGRAM],
    etlFiles: etlFiles(),
    compiled: COMPILED,
    workers: { uids, most: environment.concurrency },
    mask: maskLog,
    minFreeBytes: environment.minFreeBytes,
    environment: variables,
  });
  const byKind: Record<RunnerKind, Runner> = { docker, process: process_ };
  const compilingDir = join(dataDir, 'compiling');
  // What an orchestrator left there which was killed keeps its uid until it is seen dead.
  uids.recall(compilingDir);
  const isDefaultImageThere = recently(() => docker.hasImage(DEFAULT_IMAGE), IMAGE_KNOWN_MS, clock);
  const last = new Map<string, RunnerKind>();
  let mistakes = new Map<string, string>();

  /** What ran its last file; of one that never had any, while the engine is away, what ran the last of all. */
  async function lastOf({ name }: Dataset, isEngineUp: boolean): Promise<RunnerKind | null> {
    const own = last.get(name) ?? ((await options.lastRunner(name)) as RunnerKind | null);
    if (own !== null) last.set(name, own);
    return own ?? (isEngineUp ? null : ((await options.lastRunner(null)) as RunnerKind | null));
  }

  async function choose(dataset: Dataset): Promise<RunnerChoice> {
    const { RUNNER, COMMAND, DOCKER_IMAGE } = dataset.settings;
    const needsEngine = RUNNER === 'auto' && COMMAND === undefined;
    const status = needsEngine ? await engine.status() : { available: false };
    const asksForImage = status.available && DOCKER_IMAGE === undefined;
    // An engine that answers with errors is as good as none.
    const found = asksForImage ? await isDefaultImageThere().catch(() => undefined) : false;
    const available = status.available && found !== undefined;
    return chooseRunner({
      wish: RUNNER,
      hasCommand: COMMAND !== undefined,
      image: DOCKER_IMAGE,
      engine: { available, host: engine.host },
      defaultImage: { name: DEFAULT_IMAGE, isThere: found ?? false },
      last: needsEngine ? await lastOf(dataset, available) : null,
    });
  }

  async function inContainers(datasets: readonly Dataset[]): Promise<Dataset[]> {
    const choices = await Promise.all(datasets.map(choose));
    return datasets.filter((_, place) => choices[place]?.kind === 'docker');
  }

  /** Where the engine is away nothing is known: then each run finds out for itself, and waits. */
  async function checkPaths(datasets: readonly Dataset[]): Promise<void> {
    const known = await surroundings().catch(() => undefined);
    if (known === undefined || datasets.length === 0) return;
    const common = checkHostPaths(known.hostPaths, [dataDir]);
    const found = new Map<string, string>();
    for (const { name, watchDir } of datasets) {
      const [mistake] = [...common, ...checkHostPaths(known.hostPaths, [watchDir])];
      if (mistake !== undefined) found.set(name, mistake);
    }
    for (const mistake of new Set(found.values())) {
      if (![...mistakes.values()].includes(mistake)) logger.error(mistake);
    }
    mistakes = found;
  }

  /** Made ahead, so that no run waits for it; where that fails, the first run says why. */
  async function makeNetwork(datasets: readonly Dataset[]): Promise<void> {
    const isNeeded = datasets.some(({ settings }) => settings.DOCKER_OPTIONS?.network === undefined);
    if (isNeeded) await network.join(undefined).catch(() => undefined);
  }

  /** A folder that isn't there yet can't be mounted: its containers are made with its first file. */
  async function keepWarm(
    runner: Pick<typeof docker, 'keepWarm'>,
    datasets: readonly Dataset[],
    configured: readonly Dataset[],
  ): Promise<void> {
    const found = await Promise.allSettled(datasets.map(({ watchDir }) => stat(watchDir)));
    const present = datasets.filter((_, place) => found[place]?.status === 'fulfilled');
    runner.keepWarm(configured, present.map(jobTemplate));
  }

  /** Made ahead where processes will run: with what fails they only start later. */
  async function compile(datasets: readonly Dataset[]): Promise<void> {
    if (datasets.every(({ settings }) => settings.COMMAND !== undefined)) return;
    await compileOnce({
      code: COMPILED,
      uids,
      workDir: compilingDir,
      command: [process.execPath, COMPILE_AHEAD],
      etlFiles: etlFiles(),
      hidden: [dataDir, environment.configDir],
      projectDir,
    }).catch((error: unknown) => logger.debug(`the default ETL is not compiled ahead: ${messageOf(error)}`));
  }

  return {
    engine,
    connections,
    refreshes,
    async for(dataset) {
      const choice = await choose(dataset);
      last.set(dataset.name, choice.kind);
      return { runner: byKind[choice.kind], reason: choice.reason };
    },
    of: kind => byKind[kind],
    all: () => Object.values(byKind),
    choice: choose,
    learn: datasets => masks.learn(datasets),
    mask: (text, dataset) => masks.text(connections.mask(text, dataset), dataset),
    async prepare(datasets) {
      const chosen = await inContainers(datasets);
      await checkPaths(chosen);
      await makeNetwork(chosen);
      await keepWarm(docker, chosen, datasets);
      const others = datasets.filter(dataset => !chosen.includes(dataset));
      await compile(others);
      await keepWarm(process_, others, datasets);
    },
    pathMistake: ({ name }) => mistakes.get(name) ?? null,
    isRefused: network.isRefused,
    resume: network.resume,
    async close() {
      await Promise.all(Object.values(byKind).map(runner => runner.close()));
      await network.close();
      // Of containers that run on nothing more is asked.
      engine.close();
      await connections.stop();
      await refreshes.close();
    },
  };
}

/** The answer of the last `ttlMs`, asked for once. */
function recently<T>(ask: () => Promise<T>, ttlMs: number, clock: Clock): () => Promise<T> {
  let last: { at: number; answer: Promise<T> } | undefined;
  return () => {
    if (!last || clock.elapsed() - last.at >= ttlMs) last = { at: clock.elapsed(), answer: ask() };
    return last.answer;
  };
}
