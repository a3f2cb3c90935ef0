import { appendFileSync, statSync } from 'node:fs';
import type { Container, ContainerCreateOptions, ContainerInfo } from 'dockerode';
import type { Message } from '../../../default-etl/contract/contract.ts';
import { LIMITS } from '../../limits.ts';
import type { Clock } from '../../clock.ts';
import type { Dataset } from '../../config/dataset.ts';
import { kindOf, messageOf, OrchestratorError, statusOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { giveConnections } from '../connections/connections.ts';
import { fitEnvironment } from '../large-variables.ts';
import type { RunNetwork } from '../network/run-network.ts';
import type { AttemptRef, Job, JobTemplate, Outcome, Recovered, Runner, RunUids, StopReason } from '../runner.ts';
import { realInputFolder } from '../input-folder.ts';
import { giveWorkDir, ownerNamed } from '../work-dir.ts';
import { CONTAINER_PATHS, containerOptions } from './container-options.ts';
import { type Engine, withTimeout } from './engine.ts';
import { EngineSilent, engineError, engineSentence, isMissing } from './engine-errors.ts';
import { type Followed, Following } from './following.ts';
import { hasImage, ImagePuller, volumesOf } from './image.ts';
import { attemptOf, containerName, LABELS } from './names.ts';
import { registryAuth } from './registry-auth.ts';
import { NetworkHolders } from './network-holders.ts';
import { removeContainer } from './remove.ts';
import type { Surroundings } from './surroundings.ts';
import { configFolderOf } from './volumes.ts';
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

export interface DockerRunner extends Runner {
  /** Whether the engine has this image. Throws where it doesn't answer, or not in time. */
  hasImage(image: string): Promise<boolean>;
  /**
   * Makes the containers that are to be kept warm, before the first job, and removes those of datasets that are no longer configured. In the
   * background: what fails is logged, and the next job tries again.
   */
  keepWarm(configured: readonly Dataset[], templates: readonly JobTemplate[]): void;
  /** Resolves when the containers that are kept warm are there. */
  settled(): Promise<void>;
}

const KILL_AFTER_SECONDS = 10;
const ANSWER_MS = 3_000;
/** Removing containers takes half a second each, and many seconds on a busy machine. */
const CLOSE_MS = 30_000;

/** Runs attempts as containers, one each, which outlive the orchestrator and are adopted by the next one. */
export function createDockerRunner(options: DockerRunnerOptions): DockerRunner {
  const { engine, logger, clock, instance } = options;
  const { docker, host } = engine;
  const killAfterSeconds = options.killAfterSeconds ?? KILL_AFTER_SECONDS;
  const puller = new ImagePuller(docker, image => registryAuth(options.dockerConfigFile, image));
  const pool = new WarmPool({
    docker,
    logger,
    clock,
    instance,
    warmDir: options.warmDir,
    uids: options.uids,
    requestFor,
    imageOf,
    userOf,
  });
  const stopped = new Map<string, NonNullable<Outcome['stopped']>>();
  /** When the engine says that each was started, so that a later start by somebody else is noticed. */
  const started = new Map<string, Promise<string | undefined>>();
  /** Containers that were followed when the engine went away, and were not seen to run since. */
  const unseen = new Set<string>();
  /** Containers that had ended when they were adopted. */
  const adopted = new Set<string>();
  /** Containers that could not be removed, or of which it isn't known whether they run: removed before anything else is started. */
  const leftovers = new Map<string, string>();
  const following = {
    clock,
    mask: options.mask,
    mostLogBytes: options.mostLogBytes ?? LIMITS.logBytes,
    onFull: ({ id }: Container) => stopped.has(id) || stopped.set(id, 'output'),
  };
  const holders = new NetworkHolders({
    docker,
    logger,
    clock,
    instance,
    image: options.defaultImage,
    most: options.mostPlaces ?? 0,
  });

  /** What the client throws, as one of ours. */
  async function asking<T>(what: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw engineError(error, host, what);
    }
  }

  async function start(job: Job): Promise<string> {
    const what = `dataset ${job.datasetName}: a container for ${job.file} could not be started`;
    await seeEngine(what);
    await asking(what, removeLeftovers);
    const warm = sizeOf(job.logFile) === 0 ? await asking(what, () => pool.take(job)) : undefined;
    pool.refill(job);
    if (warm !== undefined) return warm;
    const name = containerName(instance, job);
    const container = await asking(what, () => create(job)).catch(async (error: unknown) => {
      // Asked, and without an answer, it may be made all the same.
      if (kindOf(error) === 'wait') leftovers.set(name, name);
      await holders.free(name);
      throw error;
    });
    try {
      await container.start();
    } catch (error) {
      leftovers.set(container.id, name);
      await removeLeftovers().catch(() => {});
      throw engineError(error, host, what);
    }
    started.set(
      container.id,
      container.inspect().then(
        ({ State }) => State.StartedAt,
        () => undefined,
      ),
    );
    return container.id;
  }

  /** One that hangs is not asked again and again, for each time somebody waits for it. */
  async function seeEngine(what: string): Promise<void> {
    if (!engine.isSilent()) return;
    const { available, error } = await engine.status();
    if (!available) throw new OrchestratorError('wait', `${what}: ${error}`);
  }

  async function create(job: Job): Promise<Container> {
    const image = imageOf(job);
    const policy = job.dataset.settings.DOCKER_OPTIONS?.pull ?? 'missing';
    const tell = (text: string) => appendFileSync(job.logFile, `${options.mask(text, job.datasetName)}\n`);
    if (policy === 'always') await puller.pull(image, tell);
    try {
      return await docker.createContainer(await attemptRequest(job));
    } catch (error) {
      if (!isMissing(error)) throw error;
      if (policy === 'never') throw imageMissing(job, image, error);
      await puller.pull(image, tell);
      return docker.createContainer(await attemptRequest(job));
    }
  }

  function imageOf(job: Pick<Job, 'dataset'>): string {
    return job.dataset.settings.DOCKER_IMAGE ?? options.defaultImage;
  }

  function userOf(job: Pick<Job, 'dataset' | 'owner'>): string {
    return job.dataset.settings.DOCKER_OPTIONS?.user ?? `${job.owner.uid}:${job.owner.gid}`;
  }

  async function attemptRequest(job: Job): Promise<ContainerCreateOptions> {
    const environment = fitEnvironment(job, {
      environment: { ...job.environment(CONTAINER_PATHS), WORK_DIR: CONTAINER_PATHS.work },
      args: job.args(CONTAINER_PATHS),
      paths: CONTAINER_PATHS,
    });
    const file = job.connections?.file ?? null;
    job.connections?.write();
    if (file !== null) giveConnections(file, ownerNamed(userOf(job)));
    const request = await requestFor(job, job.workDir, environment, file);
    const labels = {
      [LABELS.run]: job.runId,
      [LABELS.attempt]: String(job.attempt),
      [LABELS.logOffset]: String(sizeOf(job.logFile)),
    };
    const name = containerName(instance, job);
    const HostConfig = {
      ...request.HostConfig,
      NetworkMode: await placeFor(job, request.HostConfig?.NetworkMode, name),
    };
    return { ...request, name, Labels: { ...request.Labels, ...labels }, HostConfig };
  }

  /** A place that was made ahead in the runs' network. The names of a container that joins one are that place's. */
  async function placeFor(job: Job, network: string | undefined, name: string): Promise<string | undefined> {
    const { network: wish, hostname, extra_hosts, cap_add } = job.dataset.settings.DOCKER_OPTIONS ?? {};
    const isPlain = [wish, hostname, extra_hosts, cap_add].every(option => option === undefined);
    if (!isPlain || network === undefined || ['host', 'none'].includes(network)) return network;
    const place = await holders.take(network, name);
    holders.refill(network);
    return place ?? network;
  }

  async function requestFor(
    job: JobTemplate & Pick<Job, 'owner'>,
    work: string,
    environment: Record<string, string>,
    connections: string | null = null,
  ): Promise<ContainerCreateOptions> {
    const image = imageOf(job);
    const [{ hostPaths }, network, volumes] = await Promise.all([
      options.surroundings(),
      options.network.join(job.dataset.settings.DOCKER_OPTIONS?.network),
      volumesOf(docker, image),
      realInputFolder(job),
    ]);
    const user = userOf(job);
    await giveWorkDir(work, user);
    return containerOptions({
      dataset: job.dataset,
      image,
      volumes,
      user,
      mounts: { data: job.inputFolder, config: configFolderOf(job.dataset), work, connections },
      args: job.args(CONTAINER_PATHS),
      environment,
      labels: { [LABELS.dataset]: job.dataset.name, [LABELS.instance]: instance },
      hostPaths,
      network,
    });
  }

  async function follow(handle: string, attempt: AttemptRef, onMessage: (message: Message) => void): Promise<Outcome> {
    const what = `dataset ${attempt.datasetName}: container ${handle.slice(0, 12)} of run ${attempt.runId} can't be followed`;
    return asking(what, async () => {
      const container = docker.getContainer(handle);
      const follower = new Following(following, container, attempt, onMessage);
      const followed = await follower.toItsEnd(() => unseen.delete(handle), await started.get(handle));
      const outcome = { ...followed, stopped: stopped.get(handle) ?? engineOf(handle, followed) };
      await removeOrRemember(container, containerName(instance, attempt));
      for (const known of [stopped, unseen, started]) known.delete(handle);
      return outcome;
    }).catch((error: unknown) => {
      if (kindOf(error) === 'wait') unseen.add(handle);
      else forget(handle, attempt);
      throw error;
    });
  }

  /** Nobody follows it again. */
  function forget(handle: string, attempt: AttemptRef): void {
    leftovers.set(handle, containerName(instance, attempt));
    started.delete(handle);
  }

  /** Whether it ended while nobody could look: with the engine, which ends its containers when it is stopped, or with the machine. */
  function engineOf(handle: string, { signal, outOfMemory }: Followed): 'engine' | null {
    const isSignalled = adopted.delete(handle) && (signal === 'SIGTERM' || signal === 'SIGKILL') && !outOfMemory;
    return isSignalled || unseen.has(handle) ? 'engine' : null;
  }

  async function stop(handle: string, attempt: AttemptRef, reason: StopReason): Promise<void> {
    if (!stopped.has(handle)) stopped.set(handle, reason);
    await asking(`dataset ${attempt.datasetName}: container ${handle.slice(0, 12)} can't be stopped`, async () => {
      try {
        await docker.getContainer(handle).stop({ t: killAfterSeconds });
      } catch (error) {
        // 304: it has ended already; 404: it is gone.
        if (!isMissing(error) && statusOf(error) !== 304) throw error;
      }
    });
  }

  async function recover(attempt: AttemptRef): Promise<Recovered> {
    const what = `dataset ${attempt.datasetName}: what became of run ${attempt.runId} can't be seen`;
    return asking(what, async () => {
      const name = containerName(instance, attempt);
      const container = docker.getContainer(name);
      const state = await stateOf(container);
      if (state === undefined) return { state: 'dead' };
      holders.recall(name, state.network);
      if (state.hasEnded) adopted.add(state.id);
      if (state.hasRun) return { state: 'adopt', handle: state.id };
      await removeContainer(container, clock);
      await holders.free(name);
      return { state: 'dead' };
    });
  }

  async function stateOf(
    container: Container,
  ): Promise<{ id: string; hasRun: boolean; hasEnded: boolean; network: string | undefined } | undefined> {
    try {
      const { Id, State, HostConfig } = await container.inspect();
      const hasRun = ['running', 'paused', 'restarting', 'exited'].includes(State.Status);
      return { id: Id, hasRun, hasEnded: State.Status === 'exited', network: HostConfig.NetworkMode };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async function sweep(isKnown: (runId: string, attempt: number) => boolean): Promise<number> {
    return asking("containers that were left over can't be removed", async () => {
      await removeLeftovers();
      const filters = { label: [`${LABELS.instance}=${instance}`] };
      const found = await docker.listContainers({ all: true, filters });
      const kept = found.filter(container => isOf(container, isKnown));
      const unknown = found.filter(container => !kept.includes(container) && !holders.isNeeded(container, kept));
      for (const { Id } of unknown) await removeContainer(docker.getContainer(Id), clock);
      // Their uids may be given to others only now.
      await pool.removeFolders();
      return unknown.length;
    });
  }

  function isOf(container: ContainerInfo, isKnown: (runId: string, attempt: number) => boolean): boolean {
    const attempt = attemptOf(instance, container);
    return attempt === undefined
      ? pool.isWaiting(container.Labels[LABELS.ahead])
      : isKnown(attempt.runId, attempt.attempt);
  }

  async function removeOrRemember(container: Container, name: string): Promise<void> {
    try {
      await removeContainer(container, clock);
      await holders.free(name);
    } catch (error) {
      leftovers.set(container.id, name);
      logger.warn(`container ${container.id.slice(0, 12)} can't be removed yet: ${messageOf(error)}`);
    }
  }

  async function removeLeftovers(): Promise<void> {
    for (const [id, name] of leftovers) {
      await removeContainer(docker.getContainer(id), clock);
      leftovers.delete(id);
      await holders.free(name);
    }
  }

  async function close(): Promise<void> {
    const hasClosed = await Promise.race([closeAll().then(() => true), closeInTime()]);
    if (hasClosed) return;
    logger.warn(
      `${engineSentence(new EngineSilent(), host)}; containers that only wait are left, and removed by the next start`,
    );
    engine.close();
  }

  async function closeAll(): Promise<void> {
    await pool.close();
    await removeLeftovers().catch(error => logger.warn(`containers are left over: ${messageOf(error)}`));
    await holders.close();
  }

  /** False at once from an engine that doesn't answer, else after a while. */
  function closeInTime(): Promise<boolean> {
    return new Promise(resolve => void clock.after(engine.isSilent() ? 0 : CLOSE_MS, () => resolve(false)));
  }

  return {
    kind: 'docker',
    adopts: true,
    isAway: () => engine.isSilent(),
    reach: ({ settings }, nodes) => options.network.reach(settings.DOCKER_OPTIONS?.network, nodes),
    start,
    follow,
    stop,
    recover,
    sweep,
    close,
    keepWarm: (configured, templates) => pool.keep(configured, templates),
    settled: async () => void (await Promise.all([pool.settled(), holders.settled()])),
    hasImage: image => withTimeout(hasImage(docker, image), ANSWER_MS),
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function imageMissing(job: Job, image: string, cause: unknown): OrchestratorError {
  return new OrchestratorError(
    'wait',
    `dataset ${job.datasetName}: image ${image} is not there, and DOCKER_OPTIONS.pull is never; build or load it`,
    { cause },
  );
}
