import type { FastifyRequest } from 'fastify';
import { isAddress, isLoopback } from '../config/hosts.ts';
import { Problem } from './problem.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const HOST = /^(\[[0-9a-f:.]+\]|[^:/@?#\\\s[\]]+)(:\d{1,5})?$/i;

/** Headers of every answer: no framing (a click on "cancel" can't be stolen), no guessing of types, nothing told to others. */
export const answerHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

export interface GuardOptions {
  /** HOST. */
  host: string;
  /** Names in lower case. */
  allowedHosts: readonly string[];
  /** Whether nothing is answered to an address. */
  isRefused?: ((address: string) => boolean) | undefined;
}

/**
 * Refuses what comes from where nobody should ask, and what a web page from elsewhere makes a browser send by rebinding
 * its own name to our address: the Host must be an address, which can't be rebound, or a name of ours. What is no
 * browser may leave it out (HTTP/1.0).
 */
export function guardRequests({ host, allowedHosts, isRefused }: GuardOptions) {
  const ours = new Set([...allowedHosts, host.toLowerCase()]);
  const isOurs = (name: string) => isLoopback(name) || isAddress(name) || ours.has(name);
  return async (request: FastifyRequest): Promise<void> => {
    const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
    if (isRefused?.(address)) throw new Problem(403, 'nothing is answered to containers of runs');
    const asked = request.headers.host;
    if (asked === undefined) return;
    const name = hostName(asked);
    if (!isOurs(name)) throw new Problem(403, unknownHost(name));
  };
}

function unknownHost(name: string): string {
  return `the Host ${name.slice(0, 100) || '(unreadable)'} is not known here; if it is a name of this service, add it to ALLOWED_HOSTS`;
}

/**
 * Whether it would change something, and comes from a page that isn't ours. Browsers say so by Sec-Fetch-Site, or (on
 * plain HTTP to another machine) by Origin alone.
 */
export function isCrossSite({ method, headers }: FastifyRequest): boolean {
  if (SAFE_METHODS.has(method)) return false;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  if (headers.origin === undefined) return false;
  return !URL.canParse(headers.origin) || new URL(headers.origin).host !== headers.host;
}

/** Whether another page fetches it, rather than that somebody follows a link. */
export function isFromAnotherPage({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  return (site === 'same-site' || site === 'cross-site') && headers['sec-fetch-mode'] !== 'navigate';
}

/** Without the port, which a tunnel may change. */
function hostName(header: string): string {
  return HOST.exec(header)?.[1]?.toLowerCase() ?? '';
}
