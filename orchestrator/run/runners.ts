import type { Dataset } from '../config/dataset.ts';
import { type RunnerKind, RUNNER_KINDS } from '../config/runners.ts';
import { OwnConnections } from './connections/connections.ts';
import { createRefreshes } from './connections/refreshes.ts';
import { installDocker } from './docker/install-docker.ts';
import { readInstance } from './instance.ts';
import { installProcess } from './process/install-process.ts';
import { type InstalledRunner, type RunnerContext, RunnerRegistry } from './registry.ts';
import { RunMasks } from './run-masks.ts';
import type { Connections, Refreshes } from './runner.ts';

export interface RunnersOptions extends Omit<RunnerContext, 'instance' | 'mask'> {
  /** What ran the newest run of a dataset, or of all (null); null where there is none. */
  lastRunner(dataset: string | null): Promise<string | null>;
}

/** The runners, and what their runs are given. */
export interface RunnerSet {
  registry: RunnerRegistry;
  connections: Connections;
  refreshes: Refreshes;
  /** These are configured now, and their secrets known. */
  learn(datasets: readonly Dataset[]): void;
  /** The text without what runs of this dataset were given. */
  mask(text: string, dataset: string): string;
  close(): Promise<void>;
}

/** What each kind of runner is made by. */
const INSTALL: Readonly<Record<RunnerKind, (context: RunnerContext) => InstalledRunner>> = {
  docker: installDocker,
  process: installProcess,
};

/** Connects to nothing yet. */
export function createRunners({ lastRunner, ...options }: RunnersOptions): RunnerSet {
  const { environment, variables, clock, logger } = options;
  const { dataDir, elasticsearch } = environment;
  const instance = readInstance(dataDir);
  const connections = new OwnConnections({
    elasticsearch,
    wish: environment.runtimeDir,
    dataDir,
    instance,
    userRuntimeDir: variables['XDG_RUNTIME_DIR'],
    runKeys: environment.runKeys,
    clock,
    logger,
  });
  const refreshes = createRefreshes({ elasticsearch, clock, logger });
  const masks = new RunMasks();
  const maskPrinted = (text: string, dataset: string) =>
    masks.text(connections.maskRecovered(text, masks.dataset(dataset)), dataset);
  const context = { ...options, instance, mask: maskPrinted };
  const registry = new RunnerRegistry(
    RUNNER_KINDS.map(kind => INSTALL[kind](context)),
    lastRunner,
  );
  return {
    registry,
    connections,
    refreshes,
    learn: datasets => masks.learn(datasets),
    mask: (text, dataset) => masks.text(connections.mask(text, dataset), dataset),
    async close() {
      await registry.close();
      await connections.stop();
      await refreshes.close();
    },
  };
}
