import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { isoTime } from '../present.ts';
import { Problem } from '../problem.ts';
import * as schemas from '../schemas.ts';
import type { Auth } from './authenticate.ts';
import { isHttps } from './cookie.ts';
import { CODE_MS } from './sign-in-codes.ts';
import { SESSION_MS } from './sessions.ts';

type Code = { Body: Static<typeof schemas.signInBody> };

const tags = ['sign-in'];

export interface SignInOptions {
  /** null with AUTH=off. */
  auth: Auth | null;
  /** Where browsers reach the page. */
  url(): string;
  now(): number;
}

/** A link by which to sign in, once. Behind the #: no server, proxy or page elsewhere ever gets to see it. */
export function signInLink({ codes }: Auth, url: string): string {
  return `${url}/sign-in#${codes.make()}`;
}

/** Signing in and out, and who one is. */
export function addSignInRoutes(app: FastifyInstance, { auth, url, now }: SignInOptions): void {
  const actor = { tags, summary: 'Who asks', response: { 200: schemas.actorSchema } };
  app.get('/api/actor', { schema: actor }, async ({ actor: { kind, name, until } }) => ({
    kind,
    name,
    until: isoTime(until),
  }));

  const links = {
    tags,
    summary: 'A link by which to sign in, once',
    response: { 200: schemas.signInLinkSchema, 409: schemas.problemSchema },
  };
  app.post('/api/sign-in-links', { schema: links }, async () => ({
    url: signInLink(required(auth), url()),
    until: new Date(now() + CODE_MS).toISOString(),
  }));

  const signIn = {
    tags,
    summary: 'Open a session with the code of such a link',
    description: 'The answer sets the cookie of the session.',
    body: schemas.signInBody,
    response: { 200: schemas.actorSchema, 409: schemas.problemSchema },
  };
  const isPublic = { config: { role: 'none' } } as const;
  app.post<Code>('/api/sign-in', { schema: signIn, ...isPublic }, async (request, reply) => {
    const { codes, sessions, cookie, failed } = required(auth);
    if (!codes.use(request.body.code)) {
      failed('a wrong or used code of a link', request);
      throw new Problem(401, 'the link has been used, or is too old: "orchestrator sign-in" prints a new one');
    }
    const session = sessions.start();
    void reply.header('set-cookie', cookie.write(session, isHttps(request.headers), SESSION_MS));
    const { kind, name, until } = sessions.actor(session)!;
    return { kind, name, until: isoTime(until) };
  });

  const signOut = {
    tags,
    summary: 'End the session',
    response: { 204: schemas.nothingSchema, 409: schemas.problemSchema },
  };
  app.post('/api/sign-out', { schema: signOut }, async (request, reply) => {
    const { sessions, cookie } = required(auth);
    for (const value of cookie.read(request.headers)) sessions.end(value);
    void reply.header('set-cookie', clearing(cookie, request));
    return reply.code(204).send();
  });
}

/** Under both names, since the page may have been opened either way. */
function clearing(cookie: Auth['cookie'], request: FastifyRequest): string[] {
  return isHttps(request.headers)
    ? [cookie.write('', true, 0), cookie.write('', false, 0)]
    : [cookie.write('', false, 0)];
}

function required(auth: Auth | null): Auth {
  if (auth === null) throw new Problem(409, 'AUTH is off: nobody needs to sign in');
  return auth;
}
