import { isIP } from 'node:net';

/**
 * Whether a host name or address is this machine's own, which no other machine reaches. Brackets of an IPv6 address may
 * stand.
 */
export function isLoopback(host: string): boolean {
  const name = withoutBrackets(host).toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost') || name === '::1') return true;
  return isIP(name) === 4 && name.startsWith('127.');
}

/** Whether it is an address, not a name: addresses can't be pointed elsewhere. */
export function isAddress(host: string): boolean {
  return isIP(withoutBrackets(host)) !== 0;
}

/** Where this machine itself reaches what listens on `host`, ready for a URL. */
export function reachableHost(host: string): string {
  const everywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };
  const name = withoutBrackets(host);
  return everywhere[name] ?? (name.includes(':') ? `[${name}]` : name);
}

/** What a node of Elasticsearch is called, without what may stand in its address of user and password. */
export function shownNode(node: string): string {
  const url = URL.parse(node);
  return url === null ? 'an address that is no URL' : `${url.protocol}//${url.host}`;
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
