import { appendFileSync } from 'node:fs';
import type { Container, ContainerInfo } from 'dockerode';
import type { Message } from '../../../default-etl/contract/contract.ts';
import { LIMITS } from '../../limits.ts';
import type { Clock } from '../../clock.ts';
import type { Dataset } from '../../config/dataset.ts';
import { kindOf, messageOf, OrchestratorError, statusOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { HostPathMap } from '../host-path-map.ts';
import type { RunNetwork } from '../network/run-network.ts';
import type { AttemptRef, Job, JobTemplate, Outcome, Recovered, Runner, RunUids, StopReason } from '../runner.ts';
import { ContainerRequests, sizeOf } from './container-requests.ts';
import { type Engine, withTimeout } from './engine.ts';
import { EngineSilent, engineError, engineSentence, isMissing } from './engine-errors.ts';
import { type Followed, Following } from './following.ts';
import { hasImage, ImagePuller } from './image.ts';
import { Leftovers } from './leftovers.ts';
import { attemptOf, containerName, LABELS } from './names.ts';
import { registryAuth } from './registry-auth.ts';
import { NetworkHolders } from './network-holders.ts';
import { removeContainer } from './remove.ts';
import type { Surroundings } from './surroundings.ts';
import { WarmPool } from './warm-pool.ts';

export interface DockerRunnerOptions {
  engine: Engine;
  logger: Logger;
  clock: Clock;
  /** readInstance(DATA_DIR). */
  instance: string;
  /** Absolute: DATA_DIR/warm, on the file system of the attempts' folders. */
  warmDir: string;
  uids: RunUids;
  /** Where the orchestrator is, asked before each container is made. Throws `wait` where that can't be known now. */
  surroundings(): Promise<Surroundings>;
  /** What containers join that name no network. */
  network: Pick<RunNetwork, 'join' | 'reach'>;
  /** Absolute: where `docker login` notes credentials, whether it is there or not. */
  dockerConfigFile: string;
  /** Image of datasets without DOCKER_IMAGE. */
  defaultImage: string;
  /** What must not be read in a dataset's log is taken out of it. */
  mask(text: string, dataset: string): string;
  /** Of these many attempts at once the places in the runs' network may be made ahead; none unless told. */
  mostPlaces?: number;
  /** Between SIGTERM and SIGKILL, whole seconds; 10 unless told. */
  killAfterSeconds?: number;
  /** What an attempt may print; LIMITS.logBytes unless told. */
  mostLogBytes?: number;
}

/** What is known of a container that this runner has started, stops or adopted. */
interface Known {
  stopped: Outcome['stopped'];
  /** When the engine says that it was started, so that a later start by somebody else is noticed. */
  startedAt?: Promise<string | undefined>;
  /** It was followed when the engine went away, and was not seen to run since. */
  isUnseen: boolean;
  /** It had ended when it was adopted. */
  endedUnseen: boolean;
}

type IsKnown = (runId: string, attempt: number) => boolean;

const KILL_AFTER_SECONDS = 10;
const ANSWER_MS = 3_000;
/** Removing containers takes half a second each, and many seconds on a busy machine. */
const CLOSE_MS = 30_000;

/** Runs attempts as containers, one each, which outlive the orchestrator and are adopted by the next one. */
export class DockerRunner implements Runner {
  readonly kind = 'docker';
  readonly adopts = true;
  readonly #options: DockerRunnerOptions;
  readonly #puller: ImagePuller;
  readonly #holders: NetworkHolders;
  readonly #requests: ContainerRequests;
  readonly #pool: WarmPool;
  readonly #leftovers: Leftovers;
  /** By handle. */
  readonly #known = new Map<string, Known>();

  constructor(options: DockerRunnerOptions) {
    const { engine, logger, clock, instance } = options;
    const { docker } = engine;
    this.#options = options;
    this.#puller = new ImagePuller(docker, image => registryAuth(options.dockerConfigFile, image));
    const image = options.defaultImage;
    this.#holders = new NetworkHolders({ docker, logger, clock, instance, image, most: options.mostPlaces ?? 0 });
    this.#requests = new ContainerRequests({ ...options, docker, holders: this.#holders });
    this.#pool = new WarmPool({ ...options, docker, requests: this.#requests });
    this.#leftovers = new Leftovers({ docker, clock, logger, holders: this.#holders });
  }

  isAway(): boolean {
    return this.#options.engine.isSilent();
  }

  reach({ settings }: Dataset, nodes: readonly string[]): Promise<string[]> {
    return this.#options.network.reach(settings.DOCKER_OPTIONS?.network, nodes);
  }

  async hostPaths(): Promise<HostPathMap> {
    return (await this.#options.surroundings()).hostPaths;
  }

  /** Whether the engine has this image. Throws where it doesn't answer, or not in time. */
  hasImage(image: string): Promise<boolean> {
    return withTimeout(hasImage(this.#options.engine.docker, image), ANSWER_MS);
  }

  /**
   * Makes the containers that are to be kept warm, before the first job, and removes those of datasets that are no
   * longer configured. In the background: what fails is logged, and the next job tries again.
   */
  keepWarm(configured: readonly Dataset[], templates: readonly JobTemplate[]): void {
    this.#pool.keep(configured, templates);
  }

  /** Resolves when the containers that are kept warm are there. */
  async settled(): Promise<void> {
    await Promise.all([this.#pool.settled(), this.#holders.settled()]);
  }

  async start(job: Job): Promise<string> {
    const what = `dataset ${job.datasetName}: a container for ${job.file} could not be started`;
    await this.#seeEngine(what);
    await this.#asking(what, () => this.#leftovers.removeAll());
    const isFresh = sizeOf(job.logFile) === 0;
    const warm = isFresh ? await this.#asking(what, () => this.#pool.take(job)) : undefined;
    this.#pool.refill(job);
    return warm ?? this.#startNew(job, what);
  }

  async follow(handle: string, attempt: AttemptRef, onMessage: (message: Message) => void): Promise<Outcome> {
    const what = `dataset ${attempt.datasetName}: container ${handle.slice(0, 12)} of run ${attempt.runId} can't be followed`;
    const name = containerName(this.#options.instance, attempt);
    try {
      return await this.#asking(what, () => this.#followToItsEnd(handle, attempt, name, onMessage));
    } catch (error) {
      if (kindOf(error) === 'wait') {
        this.#knownOf(handle).isUnseen = true;
      } else {
        // Nobody follows it again.
        this.#leftovers.add(handle, name);
        this.#known.delete(handle);
      }
      throw error;
    }
  }

  async stop(handle: string, attempt: AttemptRef, reason: StopReason): Promise<void> {
    const { engine, killAfterSeconds = KILL_AFTER_SECONDS } = this.#options;
    this.#knownOf(handle).stopped ??= reason;
    await this.#asking(
      `dataset ${attempt.datasetName}: container ${handle.slice(0, 12)} can't be stopped`,
      async () => {
        try {
          await engine.docker.getContainer(handle).stop({ t: killAfterSeconds });
        } catch (error) {
          // 304: it has ended already; 404: it is gone.
          if (!isMissing(error) && statusOf(error) !== 304) throw error;
        }
      },
    );
  }

  recover(attempt: AttemptRef): Promise<Recovered> {
    const what = `dataset ${attempt.datasetName}: what became of run ${attempt.runId} can't be seen`;
    return this.#asking(what, async () => {
      const name = containerName(this.#options.instance, attempt);
      const container = this.#options.engine.docker.getContainer(name);
      const state = await stateOf(container);
      if (state === undefined) return { state: 'dead' };
      this.#holders.recall(name, state.network);
      if (state.hasEnded) this.#knownOf(state.id).endedUnseen = true;
      // rule 10: a container that runs is adopted
      if (state.hasRun) return { state: 'adopt', handle: state.id };
      await this.#leftovers.remove(container, name);
      return { state: 'dead' };
    });
  }

  sweep(isKnown: IsKnown): Promise<number> {
    const { clock, instance, engine } = this.#options;
    return this.#asking("containers that were left over can't be removed", async () => {
      await this.#leftovers.removeAll();
      const filters = { label: [`${LABELS.instance}=${instance}`] };
      const found = await engine.docker.listContainers({ all: true, filters });
      const kept = found.filter(container => this.#isOf(container, isKnown));
      const unknown = found.filter(container => !kept.includes(container) && !this.#holders.isNeeded(container, kept));
      for (const { Id } of unknown) await removeContainer(engine.docker.getContainer(Id), clock);
      // Their uids may be given to others only now.
      await this.#pool.removeFolders();
      return unknown.length;
    });
  }

  async close(): Promise<void> {
    const { engine, logger } = this.#options;
    const hasClosed = await Promise.race([this.#closeAll().then(() => true), this.#closeInTime()]);
    if (hasClosed) return;
    const silent = engineSentence(new EngineSilent(), engine.host);
    logger.warn(`${silent}; containers that only wait are left, and removed by the next start`);
    engine.close();
  }

  /** What the client throws, as one of ours. */
  async #asking<T>(what: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw engineError(error, this.#options.engine.host, what);
    }
  }

  /** One that hangs is not asked again and again, for each time somebody waits for it. */
  async #seeEngine(what: string): Promise<void> {
    const { engine } = this.#options;
    if (!engine.isSilent()) return;
    const { available, error } = await engine.status();
    if (!available) throw new OrchestratorError('wait', `${what}: ${error}`);
  }

  async #startNew(job: Job, what: string): Promise<string> {
    const name = containerName(this.#options.instance, job);
    const container = await this.#asking(what, () => this.#create(job)).catch(async (error: unknown) => {
      // Asked, and without an answer, it may be made all the same.
      if (kindOf(error) === 'wait') this.#leftovers.add(name, name);
      await this.#holders.free(name);
      throw error;
    });
    try {
      await container.start();
    } catch (error) {
      this.#leftovers.add(container.id, name);
      await this.#leftovers.removeAll().catch(() => {});
      throw engineError(error, this.#options.engine.host, what);
    }
    this.#knownOf(container.id).startedAt = container.inspect().then(
      ({ State }) => State.StartedAt,
      () => undefined,
    );
    return container.id;
  }

  async #create(job: Job): Promise<Container> {
    const { docker } = this.#options.engine;
    const image = this.#requests.imageOf(job);
    const policy = job.dataset.settings.DOCKER_OPTIONS?.pull ?? 'missing';
    if (policy === 'always') await this.#pull(image, job);
    try {
      return await docker.createContainer(await this.#requests.forAttempt(job));
    } catch (error) {
      if (!isMissing(error)) throw error;
      if (policy === 'never') throw imageMissing(job, image, error);
      await this.#pull(image, job);
      return docker.createContainer(await this.#requests.forAttempt(job));
    }
  }

  #pull(image: string, { logFile, datasetName }: AttemptRef): Promise<void> {
    return this.#puller.pull(image, text => appendFileSync(logFile, `${this.#options.mask(text, datasetName)}\n`));
  }

  async #followToItsEnd(
    handle: string,
    attempt: AttemptRef,
    name: string,
    onMessage: (message: Message) => void,
  ): Promise<Outcome> {
    const { clock, mask, mostLogBytes = LIMITS.logBytes, engine } = this.#options;
    const known = this.#knownOf(handle);
    const onFull = () => void (known.stopped ??= 'output');
    const container = engine.docker.getContainer(handle);
    const follower = new Following({ clock, mask, mostLogBytes, onFull }, container, attempt, onMessage);
    const followed = await follower.toItsEnd(() => (known.isUnseen = false), await known.startedAt);
    const outcome = { ...followed, stopped: known.stopped ?? endedByEngine(known, followed) };
    await this.#leftovers.removeOrAdd(container, name);
    this.#known.delete(handle);
    return outcome;
  }

  #knownOf(handle: string): Known {
    const known = this.#known.get(handle) ?? { stopped: null, isUnseen: false, endedUnseen: false };
    this.#known.set(handle, known);
    return known;
  }

  #isOf(container: ContainerInfo, isKnown: IsKnown): boolean {
    const attempt = attemptOf(this.#options.instance, container);
    return attempt === undefined
      ? this.#pool.isWaiting(container.Labels[LABELS.ahead])
      : isKnown(attempt.runId, attempt.attempt);
  }

  async #closeAll(): Promise<void> {
    await this.#pool.close();
    await this.#leftovers
      .removeAll()
      .catch(error => this.#options.logger.warn(`containers are left over: ${messageOf(error)}`));
    await this.#holders.close();
  }

  /** False at once from an engine that doesn't answer, else after a while. */
  #closeInTime(): Promise<boolean> {
    const { clock, engine } = this.#options;
    return new Promise(resolve => void clock.after(engine.isSilent() ? 0 : CLOSE_MS, () => resolve(false)));
  }
}

/**
 * Whether it ended while nobody could look: with the engine, which ends its containers when it is stopped, or with the
 * machine.
 */
function endedByEngine({ isUnseen, endedUnseen }: Known, { signal, outOfMemory }: Followed): 'engine' | null {
  const isSignalled = endedUnseen && (signal === 'SIGTERM' || signal === 'SIGKILL') && !outOfMemory;
  return isSignalled || isUnseen ? 'engine' : null;
}

interface ContainerState {
  id: string;
  hasRun: boolean;
  hasEnded: boolean;
  network: string | undefined;
}

async function stateOf(container: Container): Promise<ContainerState | undefined> {
  try {
    const { Id, State, HostConfig } = await container.inspect();
    // rule 10: one that never ran is removed
    const hasRun = ['running', 'paused', 'restarting', 'exited'].includes(State.Status);
    return { id: Id, hasRun, hasEnded: State.Status === 'exited', network: HostConfig.NetworkMode };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function imageMissing({ datasetName }: Job, image: string, cause: unknown): OrchestratorError {
  return new OrchestratorError(
    'wait',
    `dataset ${datasetName}: image ${image} is not there, and DOCKER_OPTIONS.pull is never; build or load it`,
    { cause },
  );
}
