import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ElasticsearchSettings } from '../../config/environment.ts';
import { shownNode } from '../../config/hosts.ts';
import { codeOf, messageOf, OrchestratorError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { isOnLoopback } from './addresses.ts';
import { type Forwarder, openForwarder } from './forwarder.ts';
import { type NetworkRecord, writeRecord } from './record.ts';

export interface LoopbackNodesOptions {
  /** Those on loopback may be forwarded to; with their certificate authority. */
  elasticsearch: ElasticsearchSettings | null;
  /** Address of the Docker Engine. */
  engineHost: string;
  logger: Logger;
  /** Absolute: where the network is remembered, and the ports with it. */
  recordFile: string;
}

/**
 * Only root can listen there: nobody else takes the port while the orchestrator is away, to be sent what runs send to
 * Elasticsearch.
 */
const ROOTS_PORTS = { first: 700, count: 300 };

/** Nodes of Elasticsearch on this machine's loopback, which the runs' network reaches by ports at its gateway. */
export class LoopbackNodes {
  readonly #options: LoopbackNodesOptions;
  /** By their origin. */
  readonly #nodes: ReadonlyMap<string, URL>;
  #forwarder: Forwarder | undefined;
  /** At whose gateway `ports` are. */
  #network: NetworkRecord | undefined;
  /** What is listened on, by the node's origin. */
  readonly #ports = new Map<string, Promise<number>>();

  constructor(options: LoopbackNodesOptions) {
    this.#options = options;
    const nodes = (options.elasticsearch?.nodes ?? []).filter(isOnLoopback);
    this.#nodes = new Map(nodes.map(node => [new URL(node).origin, new URL(node)]));
  }

  /** The node as a container in the network finds it. Throws `never` where it can't be reached from there. */
  async from(network: NetworkRecord, node: string): Promise<string> {
    const { engineHost } = this.#options;
    if (network.gateway === null || isFarAway(engineHost)) throw unreachable(network, node, engineHost);
    const url = new URL(node);
    const port = await this.#portFor(network, url.origin).catch((error: unknown) => {
      // Not with an engine in a virtual machine, or without root's rights: its networks are elsewhere.
      throw codeOf(error) === 'EADDRNOTAVAIL' ? unreachable(network, node, engineHost) : error;
    });
    url.protocol = 'http:';
    url.hostname = network.gateway.includes(':') ? `[${network.gateway}]` : network.gateway;
    url.port = String(port);
    return url.href.replace(/\/$/, '');
  }

  /** Listens where containers that outlived the last orchestrator found them. */
  async resume(network: NetworkRecord): Promise<void> {
    const { gateway, ports } = network;
    for (const origin of Object.keys(ports).filter(each => this.#nodes.has(each))) {
      await this.#portFor(network, origin).catch((error: unknown) =>
        this.#options.logger.debug(`containers of runs don't reach ${origin} at ${gateway} yet: ${messageOf(error)}`),
      );
    }
  }

  /** Ends the forwarding. */
  async close(): Promise<void> {
    await this.#forwarder?.close();
    this.#forwarder = undefined;
    this.#ports.clear();
  }

  #portFor(network: NetworkRecord, origin: string): Promise<number> {
    if (this.#network !== network) this.#ports.clear();
    this.#network = network;
    const known = this.#ports.get(origin);
    if (known) return known;
    const opened = this.#openPort(network, origin);
    this.#ports.set(origin, opened);
    opened.catch(() => this.#ports.delete(origin));
    return opened;
  }

  async #openPort(network: NetworkRecord, origin: string): Promise<number> {
    const { elasticsearch, logger, recordFile } = this.#options;
    const target = this.#nodes.get(origin);
    if (target === undefined || network.gateway === null) {
      throw new OrchestratorError('never', `${origin} is not ELASTICSEARCH_NODE, so containers aren't let to it`);
    }
    this.#forwarder ??= this.#open();
    const port = await this.#forwarder.forward({
      host: network.gateway,
      ports: portsToTry(network.ports[origin], origin),
      subnets: network.subnets,
      target: targetOf(target, elasticsearch?.ca ?? null),
    });
    network.ports[origin] = port;
    writeRecord(recordFile, network);
    logger.debug(`containers in ${network.name} reach ${origin} at ${network.gateway}:${port}`);
    return port;
  }

  #open(): Forwarder {
    const { logger } = this.#options;
    return openForwarder({
      onTrouble: text => logger.warn(`forwarding to Elasticsearch at ${text}`),
      onEnd: error => {
        logger.error(`the forwarder to Elasticsearch has ended: ${messageOf(error)}`, { error });
        this.#forwarder = undefined;
        this.#ports.clear();
      },
    });
  }
}

/** An engine on another machine may have a network with an address of this one's. */
function isFarAway(host: string): boolean {
  return host.includes('://') && !host.startsWith('unix://') && !isOnLoopback(host.replace(/^(tcp|ssh):/, 'http:'));
}

function unreachable({ name }: NetworkRecord, node: string, engineHost: string): OrchestratorError {
  return new OrchestratorError(
    'never',
    `Elasticsearch at ${shownNode(node)} is on this machine's loopback, which containers in the network ${name} of the Docker Engine at ${engineHost} can't reach, ` +
      "as that network isn't this machine's; set ELASTICSEARCH_NODE to an address that both reach, or DOCKER_OPTIONS.network where there is a network from which it is",
  );
}

function targetOf({ protocol, hostname, port }: URL, caFile: string | null) {
  const isSecure = protocol === 'https:';
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (isSecure ? 443 : 80)),
    tls: isSecure ? { ca: caFile === null ? null : readFileSync(caFile, 'utf8') } : null,
  };
}

/** The former one, so that containers which outlived the last orchestrator find it; then root's; then any. */
function portsToTry(former: number | undefined, origin: string): number[] {
  const { first, count } = ROOTS_PORTS;
  const start = createHash('sha256').update(origin).digest().readUInt16BE();
  const roots = process.getuid?.() === 0 ? Array.from({ length: count }, (_, n) => first + ((start + n) % count)) : [];
  return [...(former === undefined ? [] : [former]), ...roots, 0];
}
