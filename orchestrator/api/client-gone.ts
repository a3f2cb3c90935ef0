import type { FastifyReply } from 'fastify';

/** Aborted once the client has gone, or `closing` is: what was begun for an answer ends with who asked. */
export function untilGone(reply: FastifyReply, closing: AbortSignal): AbortSignal {
  const gone = new AbortController();
  if (reply.raw.destroyed) gone.abort();
  reply.raw.once('close', () => gone.abort());
  return AbortSignal.any([closing, gone.signal]);
}
