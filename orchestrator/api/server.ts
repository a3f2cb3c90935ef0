import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyInstance } from 'fastify';
import { reachableHost } from '../config/hosts.ts';
import { messageOf, OrchestratorError } from '../errors.ts';
import { addDatasetRoutes } from './datasets.ts';
import { authenticate } from './auth/authenticate.ts';
import { addSignInRoutes, signInLink } from './auth/routes.ts';
import { addEventRoutes } from './events.ts';
import { answerHeaders, type GuardOptions, guardRequests } from './guard.ts';
import { logWrites } from './auth/log-writes.ts';
import { addHealthRoute } from './health.ts';
import { addLakeRoute } from './lake.ts';
import { addMetricsRoute } from './metrics.ts';
import type { Api, ApiOptions } from './options.ts';
import { addPageRoutes, readPage } from './page.ts';
import { answerErrors, Problem } from './problem.ts';
import { addRunRoutes } from './runs.ts';

const LARGEST_BODY = 64 * 1024;
/** Content-Security-Policy of /docs: nothing from elsewhere. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Serves the API, the page, the metrics and their documentation. Throws an OrchestratorError where it can't listen. */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { host, port, logger, mask, publicUrl, token, now } = options;
  // Unknown parameters are mistakes to be told, not to be dropped in silence.
  const ajv = { customOptions: { removeAdditional: false, allErrors: true } };
  const app = Fastify({ ajv, bodyLimit: LARGEST_BODY, forceCloseConnections: true });
  const closing = new AbortController();
  app.addHook('onRequest', async (_request, reply) => void reply.headers(answerHeaders));
  app.addHook('onRequest', guardRequests(guardOptions(options)));
  const signInPage = await readPage('sign-in.html');
  const auth = authenticate(app, { token, logger, now }, signInPage);
  app.addHook('onResponse', logWrites(logger));
  app.setErrorHandler(answerErrors(logger, mask));
  app.setNotFoundHandler(request => {
    throw new Problem(404, `there is no ${request.method} ${request.url.slice(0, 200)}; /docs lists what there is`);
  });
  await addDocs(app);
  const stops = addRoutes(app, options, closing.signal);
  const pageUrl = () => publicUrl ?? urlOf(app, host);
  addSignInRoutes(app, { auth, url: pageUrl, now });
  await addPageRoutes(app, signInPage);
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    closing.abort();
    for (const part of stops) part.stop();
    await app.close();
  };

  try {
    await app.listen({ host, port });
  } catch (error) {
    await stop();
    throw cannotListen(host, port, error);
  }
  return {
    url: urlOf(app, host),
    pageUrl: pageUrl(),
    signInLink: () => (auth === null ? pageUrl() : signInLink(auth, pageUrl())),
    stop: () => (stopped ??= stop()),
  };
}

function guardOptions({ host, allowedHosts, publicUrl, isRefused }: ApiOptions): GuardOptions {
  const names = publicUrl === null ? [] : [new URL(publicUrl).hostname.toLowerCase()];
  return { host, allowedHosts: [...allowedHosts, ...names], isRefused };
}

function addRoutes(app: FastifyInstance, options: ApiOptions, closing: AbortSignal): Array<{ stop(): void }> {
  addHealthRoute(app, options);
  addDatasetRoutes(app, options);
  addRunRoutes(app, options, closing);
  addLakeRoute(app, options, closing);
  return [addEventRoutes(app, options), addMetricsRoute(app, options)];
}

/** Must come before the routes: it collects them as they are added. */
async function addDocs(app: FastifyInstance): Promise<void> {
  const info = {
    title: 'Orchestrator ETL',
    version: '1',
    description: 'Files in folders become rows in Elasticsearch.',
  };
  await app.register(swagger, { openapi: { info } });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: DOCS_POLICY });
}

function urlOf(app: FastifyInstance, host: string): string {
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://${reachableHost(host)}:${port}`;
}

function cannotListen(host: string, port: number, error: unknown): OrchestratorError {
  const advice = 'free it, or set PORT or HOST to another';
  return new OrchestratorError('never', `the API can't listen on ${host}:${port}: ${messageOf(error)}; ${advice}`, {
    cause: error,
  });
}
