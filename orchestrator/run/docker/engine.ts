import Docker from 'dockerode';
import type { Clock } from '../../clock.ts';
import { engineSentence } from './engine-errors.ts';

export interface EngineStatus {
  available: boolean;
  version: string | null;
  /** Why it is not available, and what to do. */
  error: string | null;
}

/** A Docker Engine, whether it answers or not. */
export interface Engine {
  docker: Docker;
  /** Its address, for messages. */
  host: string;
  /** What it answered within the last 2 s; never throws. */
  status(): Promise<EngineStatus>;
}

const DEFAULT_HOST = 'unix:///var/run/docker.sock';
const STATUS_TTL_MS = 2_000;
const STATUS_TIMEOUT_MS = 3_000;

/** Connects when it is first asked something. `dockerHost` as DOCKER_HOST: unix://, tcp://, http:// or https://; null for the usual socket. */
export function connectEngine(dockerHost: string | null, clock: Clock): Engine {
  const host = dockerHost ?? DEFAULT_HOST;
  const docker = new Docker(addressOf(host));
  let last: { at: number; status: Promise<EngineStatus> } | undefined;

  return {
    docker,
    host,
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

function addressOf(host: string): Docker.DockerOptions {
  if (!host.includes('://')) return { socketPath: host };
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length) };
  const url = new URL(host.replace(/^tcp:/, 'http:'));
  return { host: url.hostname, port: url.port || '2375', protocol: url.protocol === 'https:' ? 'https' : 'http' };
}
