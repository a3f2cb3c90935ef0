import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import Docker from 'dockerode';
import type { Clock } from '../../clock.ts';
import { type EngineCalls, limitCalls, type Patience } from './engine-calls.ts';
import { engineSentence } from './engine-errors.ts';

export interface EngineStatus {
  available: boolean;
  version: string | null;
  /** Why it is not available, and what to do. */
  error: string | null;
}

/** A Docker Engine, whether it answers or not. */
export interface Engine extends EngineCalls {
  /** No call of it waits for ever. */
  docker: Docker;
  /** Its address, for messages. */
  host: string;
  /** What it answered within the last 2 s; never throws. */
  status(): Promise<EngineStatus>;
}

const DEFAULT_HOST = 'unix:///var/run/docker.sock';
const STATUS_TTL_MS = 2_000;
const STATUS_TIMEOUT_MS = 3_000;

/**
 * Connects when it is first asked something. `dockerHost` as DOCKER_HOST: unix://, tcp://, http:// or https://; null
 * for the usual socket.
 */
export function connectEngine(dockerHost: string | null, clock: Clock, patience?: Patience): Engine {
  const host = dockerHost ?? DEFAULT_HOST;
  const docker = new Docker(addressOf(host));
  const calls = limitCalls(docker, clock, patience);
  let last: { at: number; status: Promise<EngineStatus> } | undefined;

  return {
    docker,
    host,
    ...calls,
    status() {
      const now = clock.elapsed();
      if (!last || now - last.at >= STATUS_TTL_MS) last = { at: now, status: askStatus(docker, host) };
      return last.status;
    },
  };
}

async function askStatus(docker: Docker, host: string): Promise<EngineStatus> {
  try {
    const answer = await withTimeout(docker.version(), STATUS_TIMEOUT_MS);
    return { available: true, version: answer.Version, error: null };
  } catch (error) {
    return { available: false, version: null, error: engineSentence(error, host) };
  }
}

/** An answer that takes longer is none: throws a TimeoutError. */
export async function withTimeout<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  const signal = AbortSignal.timeout(timeoutMs);
  const tooLate = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  return Promise.race([answer, tooLate]);
}

/**
 * Each call has a connection of its own: on one that is open, an engine that is just being stopped goes on answering,
 * while it ends its containers.
 */
function addressOf(host: string): Docker.DockerOptions & { agent: HttpAgent } {
  if (!host.includes('://')) return { socketPath: host, agent: new HttpAgent() };
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length), agent: new HttpAgent() };
  const url = new URL(host.replace(/^tcp:/, 'http:'));
  const address = { host: url.hostname, port: url.port || '2375' };
  return url.protocol === 'https:'
    ? { ...address, protocol: 'https', agent: new HttpsAgent() }
    : { ...address, protocol: 'http', agent: new HttpAgent() };
}
