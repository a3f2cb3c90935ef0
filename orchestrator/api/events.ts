import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { ApiOptions } from './options.ts';
import { presentRun } from './present.ts';
import { Problem } from './problem.ts';

const HEARTBEAT_MS = 15_000;
const MOST_CLIENTS = 500;
/** EventSource waits so long before it connects again. */
const RETRY_MS = 2_000;

/**
 * Server-sent events: `event: run` with the run after each change. A client that reads too slowly gets none until it has caught up, and
 * then `event: reset`: what it missed is in /api/runs, and nothing piles up here. For that reason Last-Event-ID is not needed either.
 */
export function addEventRoutes(app: FastifyInstance, { journal, mask }: ApiOptions): { stop(): void } {
  const clients = new Set<Client>();
  const send = (text: string) => clients.forEach(client => client.send(text));
  const unsubscribe = journal.onChange(run => {
    if (clients.size > 0) send(`event: run\ndata: ${JSON.stringify(presentRun(run, mask))}\n\n`);
  });
  const heartbeat = setInterval(() => send(':\n\n'), HEARTBEAT_MS).unref();

  const schema = { tags: ['runs'], summary: 'Changes of runs as they happen', produces: ['text/event-stream'] };
  app.get('/api/events', { schema }, (_request, reply) => {
    if (clients.size >= MOST_CLIENTS) throw new Problem(503, `${MOST_CLIENTS} clients follow the events already`);
    reply.hijack();
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
    reply.raw.writeHead(200, { ...plainHeaders(reply.getHeaders()), ...headers });
    const client = new Client(reply.raw);
    clients.add(client);
    reply.raw.once('close', () => clients.delete(client)).on('error', () => clients.delete(client));
    client.send(`retry: ${RETRY_MS}\n\n`);
  });

  return {
    stop() {
      unsubscribe();
      clearInterval(heartbeat);
      for (const client of clients) client.end();
    },
  };
}

function plainHeaders(headers: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

class Client {
  readonly #response: ServerResponse;
  #isFull = false;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  send(text: string): void {
    if (this.#isFull || this.#response.writableEnded) return;
    if (this.#response.write(text)) return;
    this.#isFull = true;
    this.#response.once('drain', () => {
      this.#isFull = false;
      this.send('event: reset\ndata: {}\n\n');
    });
  }

  end(): void {
    this.#response.end();
    // One that reads nothing would never let go.
    if (this.#isFull) this.#response.destroy();
  }
}
