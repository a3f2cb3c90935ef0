import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { CONNECTION, REQUEST } from './limits.ts';

/** A client may still be sending a body that nobody wants: it gets this long to read the answer before it is cut off. */
const LINGER_MS = 2000;

/**
 * Bounds on connections that need nobody to be known: how many, and for how long they may hold what they hold. Where
 * too many are open the oldest goes of those over which nobody has shown a token or a session, so that who has can
 * always come in.
 */
export interface Connections {
  /** For Fastify, which makes several where a name stands for several addresses. */
  serverFactory(handler: RequestListener): Server;
  /** Must come after the hook that says who asks, which sends strangers away. */
  keepKnown(app: FastifyInstance): void;
}

export function boundConnections(): Connections {
  const strangers = new Set<Socket>();
  const known = new Set<Socket>();
  const add = (socket: Socket) => {
    if (strangers.size + known.size >= CONNECTION.most) makeRoom(strangers, socket);
    strangers.add(socket);
    socket.once('close', () => {
      strangers.delete(socket);
      known.delete(socket);
    });
  };
  return {
    serverFactory: handler => createBoundServer(handler).on('connection', add),
    keepKnown(app) {
      app.addHook('onRequest', async ({ actor, socket }) => {
        if (actor.kind !== 'anonymous' && strangers.delete(socket)) known.add(socket);
      });
    },
  };
}

function createBoundServer(handler: RequestListener): Server {
  const server = createServer(
    {
      maxHeaderSize: CONNECTION.headerBytes,
      headersTimeout: CONNECTION.headersMs,
      requestTimeout: CONNECTION.requestMs,
      keepAliveTimeout: CONNECTION.keepAliveMs,
      connectionsCheckingInterval: CONNECTION.checkEveryMs,
    },
    handler,
  );
  server.maxRequestsPerSocket = CONNECTION.requests;
  return server.setTimeout(CONNECTION.idleMs);
}

/** Where all are known the new one goes. */
function makeRoom(strangers: Set<Socket>, newcomer: Socket): void {
  const [oldest = newcomer] = strangers;
  strangers.delete(oldest);
  oldest.destroy();
}

/**
 * A body comes within its time, and one that is not wanted is not waited for. Must come before the hook that sends
 * strangers away.
 */
export function boundBodies(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const { raw, routeOptions } = request;
    if (raw.complete) return;
    const timer = setTimeout(() => raw.destroy(), routeOptions.config?.bodyMs ?? REQUEST.bodyMs);
    for (const end of ['end', 'close'] as const) raw.once(end, () => clearTimeout(timer));
    reply.raw.once('finish', () => {
      if (raw.complete) return;
      const linger = setTimeout(() => raw.socket.destroy(), LINGER_MS);
      raw.socket.once('close', () => clearTimeout(linger));
    });
  });
}

/** What llhttp refuses, and what takes too long, in the words of other answers. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy(error);
  const [status, text] = statusOf(error.code);
  const body = JSON.stringify({ error: text });
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${body.length}\r\nconnection: close`;
  socket.end(`${head}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function statusOf(code: string | undefined): [string, string] {
  if (code === 'HPE_HEADER_OVERFLOW')
    return [
      '431 Request Header Fields Too Large',
      `URL and headers are larger than ${CONNECTION.headerBytes / 1024} KB`,
    ];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['408 Request Timeout', 'the request took too long to come'];
  return ['400 Bad Request', 'this is no HTTP request that can be read'];
}
