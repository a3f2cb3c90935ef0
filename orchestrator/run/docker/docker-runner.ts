import { appendFileSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Container, ContainerCreateOptions, ContainerInfo } from 'dockerode';
import type { Message } from '../../../default-etl/contract.ts';
import { LIMITS } from '../../bounds.ts';
import type { Clock } from '../../clock.ts';
import type { Dataset } from '../../config/dataset.ts';
import { kindOf, messageOf, OrchestratorError, statusOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { giveConnections } from '../connections/connections.ts';
import { CUT_TEXT } from '../cut-log.ts';
import { splitLines } from '../lines.ts';
import type { RunNetwork } from '../network/run-network.ts';
import type { AttemptRef, Job, Mold, Outcome, Recovered, Runner, RunUids, StopReason } from '../runner.ts';
import { realDataDir } from '../data-folder.ts';
import { createTranscript, type Transcript } from '../transcript.ts';
import { giveWorkDir, ownerNamed } from '../work-dir.ts';
import { CONTAINER_PATHS, containerOptions } from './container-options.ts';
import { type Engine, withTimeout } from './engine.ts';
import { engineError, isGone, isMissing } from './engine-errors.ts';
import { endOf, LOST } from './exit.ts';
import { entryOf, type Frame, readFrames } from './frames.ts';
import { hasImage, ImagePuller, volumesOf } from './image.ts';
import { openLogFile } from './log-file.ts';
import { attemptOf, containerName, LABELS } from './names.ts';
import { registryAuth } from './registry-auth.ts';
import { NetworkHolders } from './network-holders.ts';
import { removeContainer } from './remove.ts';
import type { Surroundings } from './surroundings.ts';
import { configFolderOf } from './volumes.ts';
import { WarmPool } from './warm-pool.ts';
import { waitForEnd } from './wait.ts';

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
  keepWarm(configured: readonly Dataset[], molds: readonly Mold[]): void;
  /** Resolves when the containers that are kept warm are there. */
  settled(): Promise<void>;
}

const LOGS = { stdout: true, stderr: true, timestamps: true } as const;
const KILL_AFTER_SECONDS = 10;
const LAST_LINES_MS = 5_000;
const ANSWER_MS = 3_000;

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
  /** Containers that could not be removed, or of which it isn't known whether they run: removed before anything else is started. */
  const leftovers = new Map<string, string>();
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
    const what = `dataset ${job.dataset}: a container for ${job.file} could not be started`;
    await asking(what, removeLeftovers);
    const warm = sizeOf(job.logFile) === 0 ? await asking(what, () => pool.take(job)) : undefined;
    pool.refill(job);
    if (warm !== undefined) return warm;
    const name = containerName(instance, job);
    const container = await asking(what, () => create(job)).catch(async (error: unknown) => {
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
    return container.id;
  }

  async function create(job: Job): Promise<Container> {
    const image = imageOf(job);
    const policy = job.settings.settings.DOCKER_OPTIONS?.pull ?? 'missing';
    const tell = (text: string) => appendFileSync(job.logFile, `${options.mask(text, job.dataset)}\n`);
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

  function imageOf(job: Pick<Job, 'settings'>): string {
    return job.settings.settings.DOCKER_IMAGE ?? options.defaultImage;
  }

  function userOf(job: Pick<Job, 'settings' | 'owner'>): string {
    return job.settings.settings.DOCKER_OPTIONS?.user ?? `${job.owner.uid}:${job.owner.gid}`;
  }

  async function attemptRequest(job: Job): Promise<ContainerCreateOptions> {
    const environment = { ...job.environment(CONTAINER_PATHS), WORK_DIR: CONTAINER_PATHS.work };
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
    const { network: wish, hostname, extra_hosts, cap_add } = job.settings.settings.DOCKER_OPTIONS ?? {};
    const isPlain = [wish, hostname, extra_hosts, cap_add].every(option => option === undefined);
    if (!isPlain || network === undefined || ['host', 'none'].includes(network)) return network;
    const place = await holders.take(network, name);
    holders.refill(network);
    return place ?? network;
  }

  async function requestFor(
    job: Mold & Pick<Job, 'owner'>,
    work: string,
    environment: Record<string, string>,
    connections: string | null = null,
  ): Promise<ContainerCreateOptions> {
    const image = imageOf(job);
    const [{ hostPaths }, network, volumes] = await Promise.all([
      options.surroundings(),
      options.network.join(job.settings.settings.DOCKER_OPTIONS?.network),
      volumesOf(docker, image),
      realDataDir(job),
    ]);
    const user = userOf(job);
    await giveWorkDir(work, user);
    return containerOptions({
      settings: job.settings,
      image,
      volumes,
      user,
      mounts: { data: job.dataDir, config: configFolderOf(job.settings), work, connections },
      args: job.args(CONTAINER_PATHS),
      environment,
      labels: { [LABELS.dataset]: job.dataset, [LABELS.instance]: instance },
      hostPaths,
      network,
    });
  }

  async function follow(handle: string, attempt: AttemptRef, onMessage: (message: Message) => void): Promise<Outcome> {
    const what = `dataset ${attempt.dataset}: container ${handle.slice(0, 12)} of run ${attempt.runId} can't be followed`;
    return asking(what, async () => {
      const container = docker.getContainer(handle);
      const outcome = await outcomeOf(container, attempt, onMessage);
      await removeOrRemember(container, containerName(instance, attempt));
      stopped.delete(handle);
      return outcome;
    }).catch((error: unknown) => {
      // Nobody follows it again.
      if (kindOf(error) !== 'wait') leftovers.set(handle, containerName(instance, attempt));
      throw error;
    });
  }

  async function outcomeOf(
    container: Container,
    attempt: AttemptRef,
    onMessage: (message: Message) => void,
  ): Promise<Outcome> {
    const stoppedBy = () => stopped.get(container.id) ?? null;
    try {
      const said = await copyToEnd(container, attempt, onMessage);
      const { State } = await container.inspect();
      const errorText = said.errorText || State.Error;
      return { ...endOf(State.ExitCode, State.OOMKilled), stopped: stoppedBy(), ...said, errorText };
    } catch (error) {
      if (!isGone(error)) throw error;
      const errorText = 'its container was removed by somebody else';
      return { ...LOST, stopped: stoppedBy(), results: [], supersededBy: null, errorText };
    }
  }

  /** Copies the log while the container runs. Where the stream breaks off early, it is read again from its first line. */
  async function copyToEnd(
    container: Container,
    attempt: AttemptRef,
    onMessage: (message: Message) => void,
  ): Promise<ReturnType<Transcript['said']>> {
    const abort = new AbortController();
    const ended = waitForEnd(container, abort.signal);
    let told = 0;
    const tell = (message: Message) => {
      told += 1;
      onMessage(message);
    };
    const copying = copyLog(container, attempt, tell, abort.signal, ended).catch(() => undefined);
    try {
      // A stream that ends while the container goes on is a broken one; its end is awaited all the same.
      await ended;
      const said = await within(LAST_LINES_MS, copying);
      if (said) return said;
    } finally {
      abort.abort();
      await copying;
    }
    // From the first line again, but no message is told twice.
    let read = 0;
    const tellOthers = (message: Message) => {
      read += 1;
      if (read > told) onMessage(message);
    };
    return copyLog(container, attempt, tellOthers, new AbortController().signal, ended);
  }

  /**
   * Resolves when the stream and the container have ended: before that, a line without a break may still go on. Throws where the stream
   * breaks, is cut by `signal`, or has ended before the log has: engine 20.10 leaves out the last entry once in a while (seen 2026-11).
   */
  async function copyLog(
    container: Container,
    attempt: AttemptRef,
    onMessage: (message: Message) => void,
    signal: AbortSignal,
    ended: Promise<unknown>,
  ): Promise<ReturnType<Transcript['said']>> {
    const { Config } = await container.inspect();
    const stream = (await container.logs({ ...LOGS, follow: true })) as Readable;
    // It may break before it is read; the reading then throws.
    stream.on('error', () => {});
    const cut = () => void stream.destroy();
    if (signal.aborted) cut();
    signal.addEventListener('abort', cut, { once: true });
    const log = await openLogFile(attempt.logFile, Number(Config.Labels[LABELS.logOffset] ?? 0), text =>
      options.mask(text, attempt.dataset),
    );
    const transcript = createTranscript(onMessage);
    const lines = { stdout: splitLines(transcript.output), stderr: splitLines(transcript.text) };
    const kept = upToMost(options.mostLogBytes ?? LIMITS.logBytes);
    let last: Buffer | undefined;
    try {
      for await (const frames of readFrames(stream)) {
        const entries = kept.take(frames.map(entryOf));
        await log.write(entries);
        for (const { stream: source, payload } of entries) lines[source].write(payload);
        last = frames.at(-1)?.payload ?? last;
        if (kept.isFull()) break;
      }
      if (kept.isFull()) await stopPrinting(container);
      await ended;
      signal.throwIfAborted();
      if (!kept.isFull() && !(await isLastEntry(container, last)))
        throw new OrchestratorError('wait', 'the log has more entries than were read');
      await log.end(kept.isFull() ? CUT_TEXT : '');
    } finally {
      signal.removeEventListener('abort', cut);
      await log.close();
    }
    lines.stderr.end();
    lines.stdout.end();
    return transcript.said();
  }

  /** At once: in the time of a gentle end it would fill the engine's disk. */
  async function stopPrinting(container: Container): Promise<void> {
    if (!stopped.has(container.id)) stopped.set(container.id, 'output');
    try {
      await container.kill();
    } catch (error) {
      // 409: it has ended already; 404: it is gone.
      if (!isMissing(error) && statusOf(error) !== 409) throw error;
    }
  }

  async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T | undefined> {
    let cancel = (): void => {};
    const tooLate = new Promise<undefined>(resolve => (cancel = clock.after(timeoutMs, () => resolve(undefined))));
    return Promise.race([promise, tooLate]).finally(() => cancel());
  }

  async function stop(handle: string, attempt: AttemptRef, reason: StopReason): Promise<void> {
    if (!stopped.has(handle)) stopped.set(handle, reason);
    await asking(`dataset ${attempt.dataset}: container ${handle.slice(0, 12)} can't be stopped`, async () => {
      try {
        await docker.getContainer(handle).stop({ t: killAfterSeconds });
      } catch (error) {
        // 304: it has ended already; 404: it is gone.
        if (!isMissing(error) && statusOf(error) !== 304) throw error;
      }
    });
  }

  async function recover(attempt: AttemptRef): Promise<Recovered> {
    const what = `dataset ${attempt.dataset}: what became of run ${attempt.runId} can't be seen`;
    return asking(what, async () => {
      const name = containerName(instance, attempt);
      const container = docker.getContainer(name);
      const state = await stateOf(container);
      if (state === undefined) return { state: 'dead' };
      holders.recall(name, state.network);
      if (state.hasRun) return { state: 'adopt', handle: state.id };
      await removeContainer(container, clock);
      await holders.free(name);
      return { state: 'dead' };
    });
  }

  async function stateOf(
    container: Container,
  ): Promise<{ id: string; hasRun: boolean; network: string | undefined } | undefined> {
    try {
      const { Id, State, HostConfig } = await container.inspect();
      const hasRun = ['running', 'paused', 'restarting', 'exited'].includes(State.Status);
      return { id: Id, hasRun, network: HostConfig.NetworkMode };
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
    await pool.close();
    await removeLeftovers().catch(error => logger.warn(`containers are left over: ${messageOf(error)}`));
    await holders.close();
  }

  return {
    kind: 'docker',
    adopts: true,
    reach: ({ settings }, nodes) => options.network.reach(settings.DOCKER_OPTIONS?.network, nodes),
    start,
    follow,
    stop,
    recover,
    sweep,
    close,
    keepWarm: (configured, molds) => pool.keep(configured, molds),
    settled: async () => void (await Promise.all([pool.settled(), holders.settled()])),
    hasImage: image => withTimeout(hasImage(docker, image), ANSWER_MS),
  };
}

/** The entries of a log up to so many bytes: the same each time that it is read. */
function upToMost(most: number): { take(entries: readonly Frame[]): Frame[]; isFull(): boolean } {
  let bytes = 0;
  return {
    take: entries =>
      entries.filter(({ payload }) => {
        bytes += payload.length;
        return bytes <= most;
      }),
    isFull: () => bytes > most,
  };
}

/** Whether the log of a container ends with this entry, its timestamp included; or is empty, without one. */
async function isLastEntry(container: Container, entry: Buffer | undefined): Promise<boolean> {
  let last: Buffer | undefined;
  for await (const frames of readFrames([await container.logs({ ...LOGS, tail: 1 })])) last = frames.at(-1)?.payload;
  return last === undefined || entry === undefined ? last === entry : last.equals(entry);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function imageMissing(job: Job, image: string, cause: unknown): OrchestratorError {
  return new OrchestratorError(
    'wait',
    `dataset ${job.dataset}: image ${image} is not there, and DOCKER_OPTIONS.pull is never; build or load it`,
    { cause },
  );
}
