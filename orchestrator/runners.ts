import { fileURLToPath } from 'node:url';
import type { Clock } from './clock.ts';
import { DEFAULT_IMAGE } from './config/default-image.ts';
import type { Dataset } from './config/dataset.ts';
import type { Environment } from './config/environment.ts';
import type { RootLogger } from './log.ts';
import { chooseRunner, type RunnerChoice } from './run/choose-runner.ts';
import { createDockerRunner } from './run/docker/docker-runner.ts';
import { connectEngine, type Engine } from './run/docker/engine.ts';
import { findOwnContainer } from './run/docker/own-container.ts';
import { checkHostPaths } from './run/host-path-map.ts';
import { readInstance } from './run/instance.ts';
import { createProcessRunner } from './run/process/process-runner.ts';
import type { Runner, RunnerKind } from './run/runner.ts';
import type { Runners } from './schedule/context.ts';

const DEFAULT_ETL = fileURLToPath(new URL('../default-etl/main.ts', import.meta.url));

export interface RunnersOptions {
  environment: Environment;
  /** All variables; processes inherit a few of them. */
  variables: Readonly<Record<string, string | undefined>>;
  /** Absolute: the project's root. */
  projectDir: string;
  clock: Clock;
  logger: RootLogger;
}

/** Both runners, and the choice between them. */
export interface AllRunners extends Runners {
  engine: Engine;
  /** What was chosen for a dataset last, or null. */
  chosen(dataset: string): RunnerKind | null;
  close(): Promise<void>;
}

/** Connects to nothing yet, but asks the engine about the orchestrator's own container where it is in one. */
export async function createRunners(options: RunnersOptions): Promise<AllRunners> {
  const { environment, variables, projectDir, clock, logger } = options;
  const { dataDir } = environment;
  const engine = connectEngine(environment.dockerHost, clock);
  const own = await findOwnContainer(engine).catch(() => null);
  const hostPaths = environment.hostPathMap ?? own?.paths ?? null;
  for (const mistake of checkHostPaths(hostPaths, [dataDir])) logger.error(mistake);
  const docker = createDockerRunner({
    engine,
    logger,
    clock,
    instance: readInstance(dataDir),
    hostPaths,
    ownNetwork: own?.network ?? null,
    defaultImage: DEFAULT_IMAGE,
    mask: text => logger.mask(text),
  });
  const process_ = createProcessRunner({
    logger,
    clock,
    dataDir,
    projectDir,
    defaultEtl: [process.execPath, DEFAULT_ETL],
    environment: variables,
  });
  const byKind: Record<RunnerKind, Runner> = { docker, process: process_ };
  const choices = new Map<string, RunnerChoice>();

  async function choose(dataset: Dataset): Promise<RunnerChoice> {
    const { RUNNER, COMMAND, DOCKER_IMAGE } = dataset.settings;
    const needsEngine = RUNNER === 'auto' && COMMAND === undefined;
    const { available } = needsEngine ? await engine.status() : { available: false };
    const isThere = available && DOCKER_IMAGE === undefined && (await docker.hasImage(DEFAULT_IMAGE));
    return chooseRunner({
      wish: RUNNER,
      hasCommand: COMMAND !== undefined,
      image: DOCKER_IMAGE,
      engine: { available, host: engine.host },
      defaultImage: { name: DEFAULT_IMAGE, isThere },
    });
  }

  return {
    engine,
    async for(dataset) {
      const choice = await choose(dataset);
      choices.set(dataset.name, choice);
      return { runner: byKind[choice.kind], reason: choice.reason };
    },
    of: kind => byKind[kind],
    all: () => Object.values(byKind),
    chosen: dataset => choices.get(dataset)?.kind ?? null,
    async close() {
      await Promise.all(Object.values(byKind).map(runner => runner.close()));
    },
  };
}
