import type { ElasticsearchSettings } from '../../config/environment.ts';
import { shownNode } from '../../config/hosts.ts';
import type { Logger } from '../../log.ts';
import { engineError } from '../docker/engine-errors.ts';
import type { Engine } from '../docker/engine.ts';
import type { Surroundings } from '../docker/surroundings.ts';
import { isOnLoopback, Subnets } from './addresses.ts';
import { LoopbackNodes } from './loopback-nodes.ts';
import { inspectNetwork, OwnNetwork, subnetsOf } from './own-network.ts';

export interface RunNetworkOptions {
  engine: Engine;
  logger: Logger;
  /** readInstance(DATA_DIR). */
  instance: string;
  /** RUN_NETWORK; null: one of the orchestrator's own. */
  wish: string | null;
  /** The nodes that are forwarded to, where they are on loopback, and their certificate authority. */
  elasticsearch: ElasticsearchSettings | null;
  /** Absolute: where the network is remembered. */
  recordFile: string;
  surroundings(): Promise<Surroundings>;
}

/** Networks that every engine has. */
const BUILT_IN = ['host', 'none', 'default'];

/** The network that containers of runs join, from which Elasticsearch is reached and the API is not. */
export class RunNetwork {
  readonly #options: RunNetworkOptions;
  readonly #own: OwnNetwork;
  readonly #nodes: LoopbackNodes;
  /** Subnets of networks that datasets name, as far as they were joined. */
  readonly #named = new Map<string, Subnets>();
  #isWarned = false;

  constructor(options: RunNetworkOptions) {
    const { engine, logger, instance, elasticsearch, recordFile } = options;
    this.#options = options;
    this.#own = new OwnNetwork({ docker: engine.docker, logger, instance, recordFile });
    this.#nodes = new LoopbackNodes({ elasticsearch, engineHost: engine.host, logger, recordFile });
  }

  /**
   * The network for this DOCKER_OPTIONS.network; made where it is the runs' own and missing. Throws what the engine's
   * client throws.
   */
  async join(wish: string | undefined): Promise<string> {
    if (wish !== undefined) return this.#joinNamed(wish);
    const own = await this.#ownName();
    if (own !== null) return (await this.#own.ensure(own)).name;
    const { ownNetwork } = await this.#options.surroundings();
    const name = this.#options.wish ?? (ownNetwork as string);
    if (name === ownNetwork) this.#warnOfOwn(name);
    return name;
  }

  /**
   * The nodes of Elasticsearch as such a container finds them. Throws an OrchestratorError, `never` where one can't be
   * reached from there, `wait` where the engine is away.
   */
  async reach(wish: string | undefined, nodes: readonly string[]): Promise<string[]> {
    if (!nodes.some(isOnLoopback)) return [...nodes];
    try {
      const own = wish === undefined ? await this.#ownName() : null;
      if (own === null) return [...nodes];
      const network = await this.#own.ensure(own);
      return await Promise.all(nodes.map(async node => (isOnLoopback(node) ? this.#nodes.from(network, node) : node)));
    } catch (error) {
      throw engineError(
        error,
        this.#options.engine.host,
        `containers can't be let to Elasticsearch at ${nodes.map(shownNode).join(', ')}`,
      );
    }
  }

  /** Whether an address is of a run's container, whose requests the API refuses. */
  isRefused(address: string): boolean {
    return [this.#own.subnets, ...this.#named.values()].some(subnets => subnets.has(address));
  }

  /** Forwards for containers that outlived the last orchestrator, where there is a network of it. */
  async resume(): Promise<void> {
    if (this.#own.record !== null) await this.#nodes.resume(this.#own.record);
  }

  /** Ends the forwarding, and removes the network that was made here, unless a container is in it still. Never throws. */
  async close(): Promise<void> {
    await this.#nodes.close();
    await this.#own.remove();
  }

  /** Null: the network is somebody else's, and nothing is done about it. */
  async #ownName(): Promise<string | null> {
    const { wish, instance, surroundings } = this.#options;
    const { ownNetwork } = await surroundings();
    if (wish !== null) return BUILT_IN.includes(wish) || wish === ownNetwork ? null : wish;
    return ownNetwork === null ? `orchestrator-etl-${instance.slice(0, 8)}` : null;
  }

  /** From a dataset's own choice the API is not reached either; but the orchestrator's network is everybody's. */
  async #joinNamed(name: string): Promise<string> {
    const { engine, surroundings } = this.#options;
    const { ownNetwork } = await surroundings();
    if (BUILT_IN.includes(name) || name.startsWith('container:') || name === ownNetwork) return name;
    const found = await inspectNetwork(engine.docker, name);
    if (found) this.#named.set(name, new Subnets(subnetsOf(found)));
    return name;
  }

  #warnOfOwn(name: string): void {
    if (this.#isWarned) return;
    this.#isWarned = true;
    this.#options.logger.warn(
      `containers of runs join the orchestrator's own network ${name}, from which they reach its page and API; ` +
        'set RUN_NETWORK to another one that Elasticsearch is in, too',
    );
  }
}
