import type { Environment } from '../config/environment.ts';
import { reachableHost } from '../config/hosts.ts';

const WITHIN_MS = 5000;

/** The orchestrator on HOST and PORT, and the token by which it knows us; null where none can be had. */
export interface ServiceAddress extends Pick<Environment, 'host' | 'port'> {
  token: string | null;
}

/** Asks the running orchestrator. Rejects where it does not answer within 5 s. */
export function askService(service: ServiceAddress, path: string, method: 'GET' | 'POST' = 'GET'): Promise<Response> {
  return ask(service, path, { method, signal: AbortSignal.timeout(WITHIN_MS) });
}

function ask({ host, port, token }: ServiceAddress, path: string, options: RequestInit): Promise<Response> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  return fetch(`http://${reachableHost(host)}:${port}${path}`, { ...options, headers, redirect: 'error' });
}

/** The text of an answer as it comes, for as long as it comes. null where nobody answers, or otherwise than by the text. */
export async function streamOf(
  service: ServiceAddress,
  path: string,
  signal: AbortSignal,
): Promise<AsyncIterable<string> | null> {
  try {
    const within = AbortSignal.timeout(WITHIN_MS);
    const begun = new AbortController();
    const giveUp = (): void => begun.abort();
    within.addEventListener('abort', giveUp);
    const response = await ask(service, path, { signal: AbortSignal.any([signal, begun.signal]) });
    within.removeEventListener('abort', giveUp);
    return response.ok && response.body !== null ? untilAborted(response.body, signal) : null;
  } catch {
    return null;
  }
}

async function* untilAborted(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<string> {
  try {
    yield* body.pipeThrough(new TextDecoderStream());
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
