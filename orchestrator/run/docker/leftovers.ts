import type Docker from 'dockerode';
import type { Container } from 'dockerode';
import type { Clock } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { NetworkHolders } from './network-holders.ts';
import { removeContainer } from './remove.ts';

export interface LeftoversOptions {
  docker: Docker;
  clock: Clock;
  logger: Logger;
  /** A container that is gone gives its place back. */
  holders: NetworkHolders;
}

/** Containers that could not be removed, or of which it isn't known whether they run: removed before anything else is started. */
export class Leftovers {
  readonly #options: LeftoversOptions;
  /** Names by id, or by name where the id was never told. */
  readonly #names = new Map<string, string>();

  constructor(options: LeftoversOptions) {
    this.#options = options;
  }

  add(id: string, name: string): void {
    this.#names.set(id, name);
  }

  /** Removes a container now, or remembers it. */
  async removeOrAdd(container: Container, name: string): Promise<void> {
    try {
      await this.remove(container, name);
    } catch (error) {
      this.add(container.id, name);
      this.#options.logger.warn(`container ${container.id.slice(0, 12)} can't be removed yet: ${messageOf(error)}`);
    }
  }

  /** Throws what the client throws. */
  async remove(container: Container, name: string): Promise<void> {
    await removeContainer(container, this.#options.clock);
    await this.#options.holders.free(name);
  }

  /** All of them. Throws what the client throws; those that are left are tried again next time. */
  async removeAll(): Promise<void> {
    for (const [id, name] of this.#names) {
      await removeContainer(this.#options.docker.getContainer(id), this.#options.clock);
      this.#names.delete(id);
      await this.#options.holders.free(name);
    }
  }
}
