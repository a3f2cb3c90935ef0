import type { FastifyInstance } from 'fastify';
import { ANSWERS } from './limits.ts';
import { createGate, enterFor } from './gate.ts';
import { Problem } from './problem.ts';

const LONGEST_SHOWN = 200;

/**
 * What is not there is a 404, and a method that a path does not have a 405 that names those it has. Must come before
 * the routes.
 */
export function refuseUnknownRoutes(app: FastifyInstance): void {
  const methods = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return;
    const found = methods.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    for (const each of [method].flat()) found.methods.add(each);
    methods.set(url, found);
  });
  const refuse = (method: string, url: string): Problem => {
    const [path = ''] = url.split('?', 1);
    const known = [...methods.values()].find(({ pattern }) => pattern.test(path));
    if (known === undefined || known.methods.has(method)) return notThere(method, url);
    return notAllowed(method, path, [...known.methods].toSorted().join(', '));
  };
  // Before a body is looked at, which may be of any type.
  app.addHook('onRequest', async ({ is404, method, url }) => {
    if (is404) throw refuse(method, url);
  });
  app.setNotFoundHandler(({ method, url }) => {
    throw refuse(method, url);
  });
}

function notThere(method: string, url: string): Problem {
  return new Problem(404, `there is no ${method} ${url.slice(0, LONGEST_SHOWN)}; /docs lists what there is`);
}

function notAllowed(method: string, path: string, allow: string): Problem {
  return new Problem(405, `${path.slice(0, LONGEST_SHOWN)} takes ${allow}, not ${method}`, { allow });
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map(part => (part.startsWith(':') ? '[^/]+' : part.replace(/[.+()]/g, String.raw`\$&`)));
  return new RegExp(`^${parts.join('/')}$`);
}

/** Of routes that keep their connection: they have a crowd of their own, and a HEAD would do all the work for nothing. */
export const STREAMED = { exposeHeadRoute: false, config: { isUncounted: true } };

/** However many ask on however few connections, so many are answered at once. The health and the pages always are. */
export function boundAnswers(app: FastifyInstance): void {
  const gate = createGate(ANSWERS, 'requests');
  // Nobody waits here, so nothing ends a wait.
  const { signal } = new AbortController();
  app.addHook('onRequest', async ({ routeOptions }, reply) => {
    if (!routeOptions.config?.isUncounted) await enterFor(reply, gate, signal);
  });
}
