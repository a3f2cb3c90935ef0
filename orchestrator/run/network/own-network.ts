import { createHash } from 'node:crypto';
import type Docker from 'dockerode';
import type { NetworkInspectInfo } from 'dockerode';
import { messageOf, statusOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { isMissing } from '../docker/engine-errors.ts';
import { LABELS } from '../docker/names.ts';
import { Subnets } from './addresses.ts';
import { type NetworkRecord, readRecord, removeRecord, writeRecord } from './record.ts';

export interface OwnNetworkOptions {
  docker: Docker;
  logger: Logger;
  /** readInstance(DATA_DIR). */
  instance: string;
  /** Absolute: where the network is remembered. */
  recordFile: string;
}

/** A name that people can give their firewall; Linux takes 15 bytes. */
const bridgeName = (network: string) => `etl-${createHash('sha256').update(network).digest('hex').slice(0, 8)}`;
const OPTIONS = {
  'com.docker.network.bridge.enable_icc': 'false',
  'com.docker.network.bridge.enable_ip_masquerade': 'true',
};

/** The network that is the runs' own: made where it is missing, and remembered for the next orchestrator. */
export class OwnNetwork {
  readonly #options: OwnNetworkOptions;
  #record: NetworkRecord | null;
  #subnets: Subnets;
  #ensuring: Promise<NetworkRecord> | undefined;
  #isUsed = false;

  constructor(options: OwnNetworkOptions) {
    this.#options = options;
    this.#record = readRecord(options.recordFile);
    this.#subnets = new Subnets(this.#record?.subnets ?? []);
  }

  /** As it was seen last, by us or by the last orchestrator; null where there is none of it. */
  get record(): NetworkRecord | null {
    return this.#record;
  }

  /** Its addresses, as far as it was ever seen. */
  get subnets(): Subnets {
    return this.#subnets;
  }

  /**
   * Resolves once it is there. It is asked for each time: `docker network prune` takes what no container is in. Throws
   * what the engine's client throws.
   */
  ensure(name: string): Promise<NetworkRecord> {
    return (this.#ensuring ??= this.#findOrMake(name).finally(() => (this.#ensuring = undefined)));
  }

  /** Removes it where it was used, unless a container is in it still. Never throws. */
  async remove(): Promise<void> {
    const { docker, logger, instance, recordFile } = this.#options;
    if (this.#record === null || !this.#isUsed) return;
    const { name } = this.#record;
    try {
      const found = await inspectNetwork(docker, name);
      if (found && found.Labels?.[LABELS.instance] !== instance) return;
      if (found) await docker.getNetwork(name).remove();
      removeRecord(recordFile);
      this.#record = null;
    } catch (error) {
      logger.debug(`the network ${name} stays: ${messageOf(error)}`);
    }
  }

  async #findOrMake(name: string): Promise<NetworkRecord> {
    const found = (await inspectNetwork(this.#options.docker, name)) ?? (await this.#make(name));
    this.#isUsed = true;
    return this.#remember(found);
  }

  async #make(name: string): Promise<NetworkInspectInfo> {
    const { docker, logger, instance } = this.#options;
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

  /** The same record for as long as the network is the same. */
  #remember(found: NetworkInspectInfo): NetworkRecord {
    const { Name, IPAM } = found;
    const former = this.#record;
    const subnets = subnetsOf(found);
    const gateway = IPAM?.Config?.find(({ Gateway }) => Gateway !== undefined)?.Gateway ?? null;
    const isSame = former?.name === Name && former.gateway === gateway && String(former.subnets) === String(subnets);
    if (former && isSame) return former;
    const record = { name: Name, subnets, gateway, ports: former?.ports ?? {} };
    this.#record = record;
    this.#subnets = new Subnets(subnets);
    writeRecord(this.#options.recordFile, record);
    return record;
  }
}

/** Undefined where there is none of this name. */
export async function inspectNetwork(docker: Docker, name: string): Promise<NetworkInspectInfo | undefined> {
  try {
    return (await docker.getNetwork(name).inspect()) as NetworkInspectInfo;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export function subnetsOf({ IPAM }: NetworkInspectInfo): string[] {
  return (IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet === undefined ? [] : [Subnet]));
}
