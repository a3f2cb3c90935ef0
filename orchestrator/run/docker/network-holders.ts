import { randomUUID } from 'node:crypto';
import type Docker from 'dockerode';
import type { ContainerInfo } from 'dockerode';
import type { Clock } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { isMissing } from './engine-errors.ts';
import { holderName, LABELS } from './names.ts';
import { removeContainer } from './remove.ts';

export interface NetworkHoldersOptions {
  docker: Docker;
  logger: Logger;
  clock: Clock;
  instance: string;
  /** Image that has `sleep`; without it there are no holders. */
  image: string;
  /** No more of them than this. */
  most: number;
}

interface Holder {
  /** Empty where that isn't known: it was made before a crash. */
  network: string;
  /** Name of the container that is in its place, or will be; null while it is free. */
  user: string | null;
}

const JOINED = /^container:(.+)$/;
/** No container can have this name. */
const BEING_MADE = '/';
const MEMORY_BYTES = 16 * 2 ** 20;
const PIDS = 4;

/**
 * Containers that do nothing but hold a place in the runs' network, made ahead: a run's container joins the place of
 * one, alone, and starts in 105 ms instead of 350 (engine 20.10, 2026-11: a network namespace of its own takes 140 ms,
 * its address and its names 100). Such a place is used again once everything that was in it is dead.
 */
export class NetworkHolders {
  readonly #options: NetworkHoldersOptions;
  readonly #holders = new Map<string, Holder>();
  #filling: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: NetworkHoldersOptions) {
    this.#options = options;
  }

  /**
   * What the container of this name says as its network to be in a free place of this one, or undefined where there is
   * none. The place is its own until it is freed.
   */
  async take(network: string, user: string): Promise<string | undefined> {
    for (const [id, holder] of this.#holders) {
      if (holder.network !== network || (holder.user !== null && holder.user !== user)) continue;
      holder.user = user;
      if (await this.#isRunning(id)) return `container:${id}`;
      await this.#remove(id);
    }
    return undefined;
  }

  /** A container outlived the last orchestrator: `mode` is its network. */
  recall(user: string, mode: string | undefined): void {
    const id = JOINED.exec(mode ?? '')?.[1];
    if (id !== undefined && !this.#holders.has(id)) this.#holders.set(id, { network: '', user });
  }

  /** The container is gone, or never came to be. Nothing happens where it had no place. */
  async free(user: string): Promise<void> {
    for (const [id, holder] of this.#holders) {
      if (holder.user !== user) continue;
      holder.user = null;
      if (holder.network === '' || this.#isClosed) await this.#remove(id);
    }
  }

  /** In the background: sees to it that there is a free place in the network. */
  refill(network: string): void {
    const places = [...this.#holders.values()];
    const hasFree = places.some(holder => holder.network === network && holder.user === null);
    if (hasFree || this.#filling || this.#isClosed || places.length >= this.#options.most) return;
    this.#filling = this.#make(network)
      .catch((error: unknown) =>
        this.#options.logger.debug(`no place in ${network} is made ahead: ${messageOf(error)}`),
      )
      .finally(() => {
        this.#filling = undefined;
      });
  }

  /** Resolves when what refill() began is done. */
  async settled(): Promise<void> {
    await this.#filling;
  }

  /** Whether one of these containers is a holder that is needed: known here, or joined by one of those that are kept. */
  isNeeded({ Id, Labels }: ContainerInfo, kept: readonly ContainerInfo[]): boolean {
    if (Labels[LABELS.holds] === undefined) return false;
    return this.#holders.has(Id) || kept.some(({ HostConfig }) => HostConfig.NetworkMode === `container:${Id}`);
  }

  /** Removes those that nobody is in. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#filling;
    for (const [id, { user }] of this.#holders) if (user === null) await this.#remove(id);
  }

  async #make(network: string): Promise<void> {
    const { docker, instance, image } = this.#options;
    const container = await docker.createContainer({
      name: holderName(instance, randomUUID()),
      Image: image,
      Entrypoint: ['sleep', 'infinity'],
      Cmd: [],
      User: '65534:65534',
      Labels: { [LABELS.instance]: instance, [LABELS.holds]: network },
      Healthcheck: { Test: ['NONE'] },
      StopSignal: 'SIGKILL',
      HostConfig: {
        NetworkMode: network,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        ReadonlyRootfs: true,
        PidsLimit: PIDS,
        Memory: MEMORY_BYTES,
        MemorySwap: MEMORY_BYTES,
        LogConfig: { Type: 'none', Config: {} },
      },
    });
    this.#holders.set(container.id, { network, user: BEING_MADE });
    try {
      await container.start();
      this.#holders.set(container.id, { network, user: null });
    } catch (error) {
      await this.#remove(container.id);
      throw error;
    }
  }

  async #isRunning(id: string): Promise<boolean> {
    try {
      return (await this.#options.docker.getContainer(id).inspect()).State.Running;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async #remove(id: string): Promise<void> {
    this.#holders.delete(id);
    const { docker, clock, logger } = this.#options;
    await removeContainer(docker.getContainer(id), clock).catch((error: unknown) =>
      logger.debug(`container ${id.slice(0, 12)}, which held a place in the runs' network, stays: ${messageOf(error)}`),
    );
  }
}
