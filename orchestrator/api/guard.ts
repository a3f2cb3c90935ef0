import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { Problem } from './problem.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Headers of every answer: no framing (a click on "cancel" can't be stolen), no guessing of types, nothing told to others. */
export const answerHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/**
 * Refuses what a web page from elsewhere makes a browser send. Anybody's page may send requests to a loopback address, and by
 * rebinding its own DNS name to one it may read the answers: so the Host must be ours, and writes must come from our own page
 * or from something that isn't a browser.
 */
export function guardRequests(host: string): (request: FastifyRequest) => Promise<void> {
  const isLocal = isLoopback(host);
  return async request => {
    const asked = hostName(request.headers.host);
    if (isLocal && !isLoopback(asked) && asked !== host.toLowerCase()) {
      throw new Problem(403, `the Host ${asked || '(none)'} is not this service's; it listens on ${host} alone`);
    }
    if (!SAFE_METHODS.has(request.method) && isCrossSite(request)) {
      throw new Problem(403, `${request.method} from another site's page is refused`);
    }
  };
}

/** Browsers say where a request comes from: by Sec-Fetch-Site, or (on plain HTTP to another machine) by Origin alone. */
function isCrossSite({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  if (headers.origin === undefined) return false;
  return !URL.canParse(headers.origin) || new URL(headers.origin).host !== headers.host;
}

export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost') || name === '::1') return true;
  return isIP(name) === 4 && name.startsWith('127.');
}

/** Without the port, which a tunnel may change. */
function hostName(header: string | undefined): string {
  const url = `http://${header ?? ''}`;
  return URL.canParse(url) ? new URL(url).hostname.toLowerCase() : '';
}
