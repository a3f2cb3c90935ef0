import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { startLocalElasticsearch } from './elasticsearch-local.ts';
import type { ProcessMark } from './process.ts';

export interface ServerOptions {
  /** Of HTTP. */
  port: number;
  heapMb: number;
  /** Of the user `elastic`; without one, security is off. */
  password?: string;
  /** Address it listens on, 127.0.0.1. */
  host?: string;
}

/** A server with data of its own. All calls are harmless when repeated. */
export interface ElasticsearchServer {
  url: string;
  /** null while it is stopped. */
  readonly process: ProcessMark | null;
  /** Its config, data and logs. */
  folder: string;
  /** Stops it; its data stays. */
  stop(): Promise<void>;
  /** Starts it again on the same port and data; resolves when it answers. */
  start(): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/** Starts a server that nobody else uses: a test may stop it, start it again, and remove it at its end. */
export async function startElasticsearch(options: Partial<ServerOptions> = {}): Promise<ElasticsearchServer> {
  const port = options.port ?? (await freePort());
  return startLocalElasticsearch({ heapMb: 1024, ...options, port });
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
