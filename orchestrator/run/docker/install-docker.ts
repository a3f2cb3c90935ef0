import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Dataset } from '../../config/dataset.ts';
import { DEFAULT_IMAGE } from '../../config/default-image.ts';
import { templatesOfPresent } from '../job.ts';
import { RunNetwork } from '../network/run-network.ts';
import type { InstalledRunner, RunnerContext, Suitability, SuitsQuestion } from '../registry.ts';
import { DockerRunner } from './docker-runner.ts';
import { connectEngine, type Engine } from './engine.ts';
import { MountablePaths } from './mountable-paths.ts';
import { findOwnContainer } from './own-container.ts';
import { suitsContainers } from './suits-containers.ts';
import { surroundingsOf } from './surroundings.ts';

const IMAGE_KNOWN_MS = 1000;

/** The Docker runner with its engine and the network of its runs. Connects to nothing yet. */
export function installDocker(context: RunnerContext): InstalledRunner {
  const { environment, variables, clock, logger, instance, uids, mask } = context;
  const { dataDir, elasticsearch } = environment;
  const engine = connectEngine(environment.dockerHost, clock);
  const surroundings = surroundingsOf(() => findOwnContainer(engine), environment.hostPathMap);
  const network = new RunNetwork({
    engine,
    logger,
    instance,
    wish: environment.runNetwork,
    elasticsearch,
    recordFile: join(dataDir, 'run-network.json'),
    surroundings,
  });
  const runner = new DockerRunner({
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
    mask,
  });
  const paths = new MountablePaths(dataDir, surroundings, logger);
  const isDefaultImageThere = recently(() => runner.hasImage(DEFAULT_IMAGE), IMAGE_KNOWN_MS, clock);

  return {
    runner,
    manner: 'runs in containers',
    suits: (dataset, question) => suits(dataset, question, { engine, isDefaultImageThere }),
    async status() {
      const { available, error } = await engine.status();
      return { part: 'engine', isUp: available, message: error };
    },
    async prepare(chosen, configured) {
      await paths.check(chosen);
      await makeNetwork(network, chosen);
      runner.keepWarm(configured, await templatesOfPresent(chosen));
    },
    problem: dataset => paths.mistakeOf(dataset),
    isRefused: address => network.isRefused(address),
    resume: () => network.resume(),
    async close() {
      await runner.close();
      await network.close();
      // Of containers that run on nothing more is asked.
      engine.close();
    },
  };
}

async function suits(
  dataset: Dataset,
  { lastKind }: SuitsQuestion,
  { engine, isDefaultImageThere }: { engine: Engine; isDefaultImageThere: () => Promise<boolean> },
): Promise<Suitability> {
  const { COMMAND, DOCKER_IMAGE: image } = dataset.settings;
  if (COMMAND !== undefined) return { suits: false, why: 'COMMAND is set' };
  const isUp = (await engine.status()).available;
  // An engine that answers with errors is as good as none.
  const isThere = isUp && image === undefined ? await isDefaultImageThere().catch(() => undefined) : false;
  const available = isUp && isThere !== undefined;
  return suitsContainers({
    image,
    engine: { available, host: engine.host },
    defaultImage: { name: DEFAULT_IMAGE, isThere: isThere ?? false },
    // Of a dataset that never had a file, while the engine is away, what ran the last of all.
    last: (await lastKind(dataset)) ?? (available ? null : await lastKind(null)),
  });
}

/** Made ahead, so that no run waits for it; where that fails, the first run says why. */
async function makeNetwork(network: RunNetwork, datasets: readonly Dataset[]): Promise<void> {
  const isNeeded = datasets.some(({ settings }) => settings.DOCKER_OPTIONS?.network === undefined);
  if (isNeeded) await network.join(undefined).catch(() => undefined);
}

/** The answer of the last `ttlMs`, asked for once. */
function recently<T>(ask: () => Promise<T>, ttlMs: number, clock: Clock): () => Promise<T> {
  let last: { at: number; answer: Promise<T> } | undefined;
  return () => {
    if (!last || clock.elapsed() - last.at >= ttlMs) last = { at: clock.elapsed(), answer: ask() };
    return last.answer;
  };
}
