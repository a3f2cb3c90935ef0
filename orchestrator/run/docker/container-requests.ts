import type Docker from 'dockerode';
import type { ContainerCreateOptions } from 'dockerode';
import { statSync } from 'node:fs';
import { giveConnections } from '../connections/connection-files.ts';
import { realInputFolder } from '../input-folder.ts';
import { writeLargeVariables } from '../large-variables.ts';
import type { RunNetwork } from '../network/run-network.ts';
import type { Job, JobTemplate } from '../runner.ts';
import { giveWorkDir, ownerNamed } from '../work-dir.ts';
import { CONTAINER_PATHS, containerOptions } from './container-options.ts';
import { volumesOf } from './image.ts';
import { containerName, LABELS } from './names.ts';
import type { NetworkHolders } from './network-holders.ts';
import type { Surroundings } from './surroundings.ts';
import { configFolderOf } from './volumes.ts';

export interface ContainerRequestsOptions {
  docker: Docker;
  /** readInstance(DATA_DIR). */
  instance: string;
  /** Image of datasets without DOCKER_IMAGE. */
  defaultImage: string;
  /** Where the orchestrator is, asked before each container is made. Throws `wait` where that can't be known now. */
  surroundings(): Promise<Surroundings>;
  /** What containers join that name no network. */
  network: Pick<RunNetwork, 'join'>;
  holders: NetworkHolders;
}

type Unstarted = JobTemplate & Pick<Job, 'owner'>;

/** What the engine is asked for, for each container, and the folders and files that it will see, made its user's. */
export class ContainerRequests {
  readonly #options: ContainerRequestsOptions;

  constructor(options: ContainerRequestsOptions) {
    this.#options = options;
  }

  imageOf({ dataset }: Pick<Job, 'dataset'>): string {
    return dataset.settings.DOCKER_IMAGE ?? this.#options.defaultImage;
  }

  userOf({ dataset, owner }: Pick<Job, 'dataset' | 'owner'>): string {
    return dataset.settings.DOCKER_OPTIONS?.user ?? `${owner.uid}:${owner.gid}`;
  }

  /** A container for one attempt. Throws what the client throws, where the engine hasn't got the image too. */
  async forAttempt(job: Job): Promise<ContainerCreateOptions> {
    const { instance } = this.#options;
    job.writeFiles(CONTAINER_PATHS);
    const environment = writeLargeVariables(job, {
      environment: { ...job.environment(CONTAINER_PATHS), WORK_DIR: CONTAINER_PATHS.work },
      args: job.args(CONTAINER_PATHS),
      paths: CONTAINER_PATHS,
    });
    const file = job.connections?.file ?? null;
    job.connections?.write();
    if (file !== null) giveConnections(file, ownerNamed(this.userOf(job)));
    const request = await this.forTemplate(job, job.workDir, environment, file);
    const labels = {
      [LABELS.run]: job.runId,
      [LABELS.attempt]: String(job.attempt),
      [LABELS.logOffset]: String(sizeOf(job.logFile)),
    };
    const name = containerName(instance, job);
    const NetworkMode = await this.#placeFor(job, request.HostConfig?.NetworkMode, name);
    const HostConfig = { ...request.HostConfig, NetworkMode };
    return { ...request, name, Labels: { ...request.Labels, ...labels }, HostConfig };
  }

  /** A container for a job like this one, with the folder `work` at /work and this environment. */
  async forTemplate(
    job: Unstarted,
    work: string,
    environment: Record<string, string>,
    connections: string | null = null,
  ): Promise<ContainerCreateOptions> {
    const { docker, instance, surroundings, network } = this.#options;
    const image = this.imageOf(job);
    const [{ hostPaths }, joined, volumes] = await Promise.all([
      surroundings(),
      network.join(job.dataset.settings.DOCKER_OPTIONS?.network),
      volumesOf(docker, image),
      realInputFolder(job),
    ]);
    const user = this.userOf(job);
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
      network: joined,
    });
  }

  /** A place that was made ahead in the runs' network. The names of a container that joins one are that place's. */
  async #placeFor(job: Job, network: string | undefined, name: string): Promise<string | undefined> {
    const { holders } = this.#options;
    const { network: wish, hostname, extra_hosts, cap_add } = job.dataset.settings.DOCKER_OPTIONS ?? {};
    const isPlain = [wish, hostname, extra_hosts, cap_add].every(option => option === undefined);
    if (!isPlain || network === undefined || ['host', 'none'].includes(network)) return network;
    const place = await holders.take(network, name);
    holders.refill(network);
    return place ?? network;
  }
}

/** 0 where there is no such file. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
