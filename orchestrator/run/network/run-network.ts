import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { NetworkInspectInfo } from 'dockerode';
import type { ElasticsearchSettings } from '../../config/environment.ts';
import { shownNode } from '../../config/hosts.ts';
import { codeOf, messageOf, OrchestratorError, statusOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { engineError, isMissing } from '../docker/engine-errors.ts';
import type { Engine } from '../docker/engine.ts';
import { LABELS } from '../docker/names.ts';
import type { Surroundings } from '../docker/surroundings.ts';
import { isOnLoopback, Subnets } from './addresses.ts';
import { type Forwarder, openForwarder } from './forwarder.ts';
import { type NetworkRecord, readRecord, removeRecord, writeRecord } from './record.ts';

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

/** The network that containers of runs join, from which Elasticsearch is reached and the API is not. */
export interface RunNetwork {
  /**
   * The network for this DOCKER_OPTIONS.network; made where it is the runs' own and missing. Throws what the engine's
   * client throws.
   */
  join(wish: string | undefined): Promise<string>;
  /**
   * The nodes of Elasticsearch as such a container finds them. Throws an OrchestratorError, `never` where one can't be
   * reached from there, `wait` where the engine is away.
   */
  reach(wish: string | undefined, nodes: readonly string[]): Promise<string[]>;
  /** Whether an address is of a run's container, whose requests the API refuses. */
  isRefused(address: string): boolean;
  /** Forwards for containers that outlived the last orchestrator, where there is a network of it. */
  resume(): Promise<void>;
  /** Ends the forwarding, and removes the network that was made here, unless a container is in it still. Never throws. */
  close(): Promise<void>;
}

/** Networks that every engine has. */
const BUILT_IN = ['host', 'none', 'default'];
/** A name that people can give their firewall; Linux takes 15 bytes. */
const bridgeName = (network: string) => `etl-${createHash('sha256').update(network).digest('hex').slice(0, 8)}`;
const OPTIONS = {
  'com.docker.network.bridge.enable_icc': 'false',
  'com.docker.network.bridge.enable_ip_masquerade': 'true',
};
/**
 * Only root can listen there: nobody else takes the port while the orchestrator is away, to be sent what runs send to
 * Elasticsearch.
 */
const ROOTS_PORTS = { first: 700, count: 300 };

export function createRunNetwork(options: RunNetworkOptions): RunNetwork {
  const { engine, logger, instance, elasticsearch, recordFile, surroundings } = options;
  const { docker } = engine;
  const forwardable = new Map(
    (elasticsearch?.nodes ?? []).filter(isOnLoopback).map(node => [new URL(node).origin, new URL(node)]),
  );
  let record = readRecord(recordFile);
  let refused = new Subnets(record?.subnets ?? []);
  /** Subnets of networks that datasets name, as far as they were joined. */
  const named = new Map<string, Subnets>();
  let forwarder: Forwarder | undefined;
  /** Of nodes by their origin, at the gateway of the record. */
  const listening = new Map<string, Promise<number>>();
  let ensuring: Promise<NetworkRecord> | undefined;
  let isUsed = false;
  let isWarned = false;

  /** Null: the network is somebody else's, and nothing is done about it. */
  async function ownName(): Promise<string | null> {
    const { ownNetwork } = await surroundings();
    if (options.wish !== null)
      return BUILT_IN.includes(options.wish) || options.wish === ownNetwork ? null : options.wish;
    return ownNetwork === null ? `orchestrator-etl-${instance.slice(0, 8)}` : null;
  }

  async function join(wish: string | undefined): Promise<string> {
    if (wish !== undefined) return joinNamed(wish);
    const own = await ownName();
    if (own !== null) return (await ensure(own)).name;
    const { ownNetwork } = await surroundings();
    const name = options.wish ?? (ownNetwork as string);
    if (name === ownNetwork) warnOfOwn(name);
    return name;
  }

  /** From a dataset's own choice the API is not reached either; but the orchestrator's network is everybody's. */
  async function joinNamed(name: string): Promise<string> {
    const { ownNetwork } = await surroundings();
    if (BUILT_IN.includes(name) || name.startsWith('container:') || name === ownNetwork) return name;
    const found = await inspect(name);
    if (found) named.set(name, new Subnets(subnetsOf(found)));
    return name;
  }

  function warnOfOwn(name: string): void {
    if (isWarned) return;
    isWarned = true;
    logger.warn(
      `containers of runs join the orchestrator's own network ${name}, from which they reach its page and API; ` +
        'set RUN_NETWORK to another one that Elasticsearch is in, too',
    );
  }

  /** Asked each time: `docker network prune` takes what no container is in. */
  function ensure(name: string): Promise<NetworkRecord> {
    return (ensuring ??= (async () => {
      const found = (await inspect(name)) ?? (await make(name));
      isUsed = true;
      return remember(found);
    })().finally(() => (ensuring = undefined)));
  }

  async function inspect(name: string): Promise<NetworkInspectInfo | undefined> {
    try {
      return (await docker.getNetwork(name).inspect()) as NetworkInspectInfo;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async function make(name: string): Promise<NetworkInspectInfo> {
    try {
      await docker.createNetwork({
        Name: name,
        Driver: 'bridge',
        CheckDuplicate: true,
        Labels: { [LABELS.instance]: instance },
        Options: { ...OPTIONS, 'com.docker.network.bridge.name': bridgeName(name) },
      });
      logger.info(`made the network ${name} (bridge ${bridgeName(name)}) for containers of runs`);
    } catch (error) {
      // Somebody made it meanwhile.
      if (statusOf(error) !== 409) throw error;
    }
    return (await docker.getNetwork(name).inspect()) as NetworkInspectInfo;
  }

  function remember(found: NetworkInspectInfo): NetworkRecord {
    const { Name, IPAM } = found;
    const subnets = subnetsOf(found);
    const gateway = IPAM?.Config?.find(({ Gateway }) => Gateway !== undefined)?.Gateway ?? null;
    const same = record?.name === Name && record.gateway === gateway && String(record.subnets) === String(subnets);
    if (record && same) return record;
    listening.clear();
    record = { name: Name, subnets, gateway, ports: record?.ports ?? {} };
    refused = new Subnets(subnets);
    writeRecord(recordFile, record);
    return record;
  }

  async function reach(wish: string | undefined, nodes: readonly string[]): Promise<string[]> {
    if (!nodes.some(isOnLoopback)) return [...nodes];
    try {
      const own = wish === undefined ? await ownName() : null;
      if (own === null) return [...nodes];
      const network = await ensure(own);
      return await Promise.all(nodes.map(async node => (isOnLoopback(node) ? forwarded(network, node) : node)));
    } catch (error) {
      throw engineError(
        error,
        engine.host,
        `containers can't be let to Elasticsearch at ${nodes.map(shownNode).join(', ')}`,
      );
    }
  }

  async function forwarded(network: NetworkRecord, node: string): Promise<string> {
    if (network.gateway === null || isFarAway(engine.host)) throw unreachable(network, node);
    const url = new URL(node);
    const port = await portFor(network, new URL(node).origin).catch((error: unknown) => {
      // Not with an engine in a virtual machine, or without root's rights: its networks are elsewhere.
      throw codeOf(error) === 'EADDRNOTAVAIL' ? unreachable(network, node) : error;
    });
    url.protocol = 'http:';
    url.hostname = network.gateway.includes(':') ? `[${network.gateway}]` : network.gateway;
    url.port = String(port);
    return url.href.replace(/\/$/, '');
  }

  function unreachable({ name }: NetworkRecord, node: string): OrchestratorError {
    return new OrchestratorError(
      'never',
      `Elasticsearch at ${shownNode(node)} is on this machine's loopback, which containers in the network ${name} of the Docker Engine at ${engine.host} can't reach, ` +
        "as that network isn't this machine's; set ELASTICSEARCH_NODE to an address that both reach, or DOCKER_OPTIONS.network where there is a network from which it is",
    );
  }

  function portFor(network: NetworkRecord, origin: string): Promise<number> {
    const known = listening.get(origin);
    if (known) return known;
    const opened = openPort(network, origin);
    listening.set(origin, opened);
    opened.catch(() => listening.delete(origin));
    return opened;
  }

  async function openPort(network: NetworkRecord, origin: string): Promise<number> {
    const target = forwardable.get(origin);
    if (target === undefined || network.gateway === null) {
      throw new OrchestratorError('never', `${origin} is not ELASTICSEARCH_NODE, so containers aren't let to it`);
    }
    forwarder ??= openForwarder({
      onTrouble: text => logger.warn(`forwarding to Elasticsearch at ${text}`),
      onEnd(error) {
        logger.error(`the forwarder to Elasticsearch has ended: ${messageOf(error)}`, { error });
        forwarder = undefined;
        listening.clear();
      },
    });
    const port = await forwarder.forward({
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

  async function resume(): Promise<void> {
    if (record === null) return;
    const { gateway, ports } = record;
    for (const origin of Object.keys(ports).filter(each => forwardable.has(each))) {
      await portFor(record, origin).catch((error: unknown) =>
        logger.debug(`containers of runs don't reach ${origin} at ${gateway} yet: ${messageOf(error)}`),
      );
    }
  }

  async function close(): Promise<void> {
    await forwarder?.close();
    forwarder = undefined;
    listening.clear();
    if (record === null || !isUsed) return;
    const { name } = record;
    try {
      const found = await inspect(name);
      if (found && found.Labels?.[LABELS.instance] !== instance) return;
      if (found) await docker.getNetwork(name).remove();
      removeRecord(recordFile);
      record = null;
    } catch (error) {
      logger.debug(`the network ${name} stays: ${messageOf(error)}`);
    }
  }

  return {
    join,
    reach,
    isRefused: address => [refused, ...named.values()].some(subnets => subnets.has(address)),
    resume,
    close,
  };
}

function subnetsOf({ IPAM }: NetworkInspectInfo): string[] {
  return (IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet === undefined ? [] : [Subnet]));
}

/** An engine on another machine may have a network with an address of this one's. */
function isFarAway(host: string): boolean {
  return host.includes('://') && !host.startsWith('unix://') && !isOnLoopback(host.replace(/^(tcp|ssh):/, 'http:'));
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
