import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { rmSync } from 'node:fs';
import type Docker from 'dockerode';
import { dockerClient, hasImage, pullImage } from './docker-client.ts';
import { ELASTICSEARCH_VERSION } from './elasticsearch-archive.ts';
import { removeContainer, startElasticsearchContainer } from './elasticsearch-container.ts';
import { startLocalElasticsearch } from './elasticsearch-local.ts';
import { type ProcessMark, stopProcess } from './process.ts';

export interface ServerOptions {
  /** Of HTTP. */
  port: number;
  heapMb: number;
  /** Of the user `elastic`; without one, security is off. */
  password?: string;
}

/** What has to be ended when a server is not needed any more; plain values, to be written down. */
export type Running = { kind: 'process'; mark: ProcessMark | null; folder: string } | { kind: 'container'; id: string };

/** A server with data of its own. All calls are harmless when repeated. */
export interface ElasticsearchServer {
  url: string;
  readonly running: Running;
  /** Stops it; its data stays. */
  stop(): Promise<void>;
  /** Starts it again on the same port and data; resolves when it answers. */
  start(): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

const OFFICIAL_IMAGE = `elasticsearch:${ELASTICSEARCH_VERSION}`;
const PULL_LIMIT_MS = 300_000;

/**
 * Starts a server that nobody else uses: a test may stop it, start it again, and remove it at its end. A container of the
 * official image where that is here or can be pulled, else a process of what Maven Central has.
 */
export async function startElasticsearch(options: Partial<ServerOptions> = {}): Promise<ElasticsearchServer> {
  const complete = { heapMb: 1024, ...options, port: options.port ?? (await freePort()) };
  const docker = dockerClient();
  if (await hasOfficialImage(docker)) return startElasticsearchContainer(docker, OFFICIAL_IMAGE, complete);
  return startLocalElasticsearch(complete);
}

/** Ends a server by what was written down of it. */
export async function endElasticsearch(running: Running): Promise<void> {
  if (running.kind === 'container') return removeContainer(dockerClient(), running.id);
  if (running.mark) await stopProcess(running.mark, 20_000);
  rmSync(running.folder, { recursive: true, force: true });
}

async function hasOfficialImage(docker: Docker): Promise<boolean> {
  try {
    return (await hasImage(docker, OFFICIAL_IMAGE)) || (await pullImage(docker, OFFICIAL_IMAGE, PULL_LIMIT_MS));
  } catch {
    return false; // no engine: then no image either
  }
}

/** A port that nobody listens on just now: the wanted one, or any. Rejects where somebody has the wanted one. */
export function freePort(wanted = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(wanted, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
