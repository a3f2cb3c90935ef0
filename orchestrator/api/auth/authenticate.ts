import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../log.ts';
import { isCrossSite, isFromAnotherPage } from '../guard.ts';
import type { Page } from '../page.ts';
import { Problem } from '../problem.ts';
import { type Actor, ANYBODY, BY_TOKEN, NOBODY } from './actor.ts';
import { sessionCookie, type SessionCookie } from './cookie.ts';
import { failureLog } from './failures.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { createSignInCodes, type SignInCodes } from './sign-in-codes.ts';

export interface AuthOptions {
  /** null: AUTH=off. */
  token: string | null;
  logger: Logger;
  now(): number;
}

/** What the routes for signing in need; null with AUTH=off. */
export interface Auth {
  sessions: Sessions;
  codes: SignInCodes;
  cookie: SessionCookie;
  /** Tells the log of an attempt in vain. */
  failed(what: string, request: FastifyRequest): void;
}

const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i;
const HOW =
  'send "Authorization: Bearer TOKEN" with the token of DATA_DIR/token, or open the link that "orchestrator sign-in" prints';

/**
 * Sets `request.actor`, and refuses who may not do what the route is for: the one place where that is decided. `page`
 * is shown to browsers that are not signed in.
 */
export function authenticate(app: FastifyInstance, { token, logger, now }: AuthOptions, page: Page): Auth | null {
  app.decorateRequest('actor', null as never); // set below, before anybody reads it
  const auth = token === null ? null : createAuth(token, logger, now);
  const isToken = token === null ? () => false : isSame(token);
  app.addHook('onRequest', async (request, reply) => {
    request.actor = auth === null ? ANYBODY : actorOf(request, auth, isToken);
    const { actor, method, routeOptions } = request;
    if (actor.kind !== 'token' && isRefusedPage(request))
      throw new Problem(403, `${method} from another site's page is refused`);
    if (actor.role === 'none' && routeOptions.config?.role !== 'none') return refuse(request, reply, page);
  });
  return auth;
}

function createAuth(token: string, logger: Logger, now: () => number): Auth {
  const tell = failureLog(logger, now);
  return {
    sessions: createSessions(token, now),
    codes: createSignInCodes(now),
    cookie: sessionCookie(token),
    failed: (what, request) => tell(what, request.ip),
  };
}

/** What is shown counts: with a wrong token, a good session beside it does not. */
function actorOf(request: FastifyRequest, auth: Auth, isToken: (text: string) => boolean): Actor {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    if (isToken(BEARER.exec(authorization)?.[1] ?? '')) return BY_TOKEN;
    auth.failed('a wrong token', request);
    return NOBODY;
  }
  for (const value of auth.cookie.read(request.headers)) {
    const actor = auth.sessions.actor(value);
    if (actor !== null) return actor;
  }
  return NOBODY;
}

/** A session is the browser's, which sends it for pages of other ports of this machine, too. */
function isRefusedPage(request: FastifyRequest): boolean {
  return isCrossSite(request) || (request.actor.kind === 'session' && isFromAnotherPage(request));
}

function refuse(request: FastifyRequest, reply: FastifyReply, page: Page): FastifyReply {
  const isWrong = request.headers.authorization !== undefined;
  void reply.code(401).header('www-authenticate', isWrong ? 'Bearer error="invalid_token"' : 'Bearer');
  void reply.header('cache-control', 'no-store');
  if (request.method === 'GET' && request.headers.accept?.includes('text/html'))
    return reply.header('content-security-policy', page.policy).type('text/html; charset=utf-8').send(page.html);
  return reply.send({
    error: `${isWrong ? 'the token is not the one of this service' : 'who asks is not known'}: ${HOW}`,
  });
}

/** Takes as long for every text. */
function isSame(token: string): (text: string) => boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  const wanted = hash(token);
  return text => timingSafeEqual(hash(text), wanted);
}
