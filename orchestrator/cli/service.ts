import type { Environment } from '../config/environment.ts';
import { reachableHost } from '../config/hosts.ts';

const WITHIN_MS = 5000;

/** The orchestrator on HOST and PORT, and the token by which it knows us; null where none can be had. */
export interface Service extends Pick<Environment, 'host' | 'port'> {
  token: string | null;
}

/** Asks the running orchestrator. Rejects where it does not answer within 5 s. */
export function askService(
  { host, port, token }: Service,
  path: string,
  method: 'GET' | 'POST' = 'GET',
): Promise<Response> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const url = `http://${reachableHost(host)}:${port}${path}`;
  return fetch(url, { method, headers, redirect: 'error', signal: AbortSignal.timeout(WITHIN_MS) });
}
