import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../log.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const FIRST_ERROR = 400;
const LONGEST_URL = 200;

/** Tells the log who changed something, once it has been done. */
export function logWrites(logger: Logger) {
  return async ({ method, url, actor, ip }: FastifyRequest, { statusCode }: FastifyReply): Promise<void> => {
    if (SAFE_METHODS.has(method) || statusCode >= FIRST_ERROR) return;
    const fields = { 'user.name': actor.name, 'source.ip': ip, 'http.request.method': method };
    logger.info(`${method} ${url.slice(0, LONGEST_URL)} by ${actor.name} from ${ip}`, fields);
  };
}
