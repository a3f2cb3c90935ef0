import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Actor } from './auth/actor.ts';
import { tooMany } from './gate.ts';
import { EVENTS } from './limits.ts';
import type { ApiOptions } from './options.ts';
import { presentRun } from './present.ts';
import { STREAMED } from './routing.ts';
import { streamSchema } from './schemas.ts';

/**
 * Server-sent events: `event: run` with the run after each change. A client that reads too slowly gets none until it
 * has caught up, and then `event: reset`, or is let go if it reads nothing for a minute: what it missed is in
 * /api/runs, and nothing piles up here. For that reason Last-Event-ID is not needed either.
 */
export function addEventRoutes(app: FastifyInstance, { journal, mask }: ApiOptions): { stop(): void } {
  const clients = new Set<Client>();
  const send = (text: string) => clients.forEach(client => client.send(text));
  const unsubscribe = journal.onChange(run => {
    if (clients.size > 0) send(`event: run\ndata: ${JSON.stringify(presentRun(run, mask))}\n\n`);
  });
  const heartbeat = setInterval(() => {
    for (const client of clients) if (client.actor.isOver()) client.end();
    send(':\n\n');
  }, EVENTS.heartbeatMs).unref();

  const response = { 200: streamSchema('text/event-stream', 'As long as the client stays.') };
  const schema = { tags: ['runs'], summary: 'Changes of runs as they happen', response };
  app.get('/api/events', { schema, ...STREAMED }, (request, reply) => {
    const client = new Client(reply.raw, request);
    if (clients.size >= EVENTS.most) throw tooMany('event streams');
    if ([...clients].filter(({ of }) => of === client.of).length >= EVENTS.ofOneClient)
      throw tooMany('event streams of one client', 429);
    reply.hijack();
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
    reply.raw.writeHead(200, { ...plainHeaders(reply.getHeaders()), ...headers });
    reply.raw.setTimeout(EVENTS.unreadMs);
    clients.add(client);
    reply.raw.once('close', () => clients.delete(client)).on('error', () => clients.delete(client));
    client.send(`retry: ${EVENTS.retryMs}\n\n`);
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
  readonly actor: Actor;
  /** Who has it, as far as streams are counted: a session, or an address. */
  readonly of: string;
  readonly #response: ServerResponse;
  #isFull = false;

  constructor(response: ServerResponse, { actor, ip }: Pick<FastifyRequest, 'actor' | 'ip'>) {
    this.#response = response;
    this.actor = actor;
    this.of = actor.kind === 'session' ? actor.name : ip;
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
