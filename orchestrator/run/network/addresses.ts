import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { isLoopback } from '../../config/hosts.ts';

/** Whether a node's address is one of this machine's loopback, which another network can't reach. What is no URL is not. */
export function isOnLoopback(node: string): boolean {
  return isLoopback(URL.parse(node.trim())?.hostname ?? '');
}

/** Networks in CIDR notation, such as 172.18.0.0/16. */
export class Subnets {
  readonly #list = new BlockList();

  /** What is no network is left out. */
  constructor(subnets: readonly string[]) {
    for (const subnet of subnets) {
      const [network = '', bits] = subnet.split('/');
      const family = isIPv4(network) ? 'ipv4' : isIPv6(network) ? 'ipv6' : null;
      if (family !== null && bits !== undefined) this.#list.addSubnet(network, Number(bits), family);
    }
  }

  /**
   * Whether the address is in one of them; one of IPv4 may come as IPv6 has it (`::ffff:172.18.0.2`), and with its zone
   * (`%eth0`).
   */
  has(address: string): boolean {
    const [plain = ''] = address.split('%');
    if (isIPv4(plain)) return this.#list.check(plain, 'ipv4');
    return isIPv6(plain) && this.#list.check(plain, 'ipv6');
  }
}
