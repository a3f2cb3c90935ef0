import Fastify, { type FastifyInstance } from 'fastify';
import { reachableHost } from '../config/hosts.ts';
import { messageOf, OrchestratorError } from '../errors.ts';
import { addDatasetRoutes } from './datasets.ts';
import { addAttentionRoutes } from './attention.ts';
import { authenticate } from './auth/authenticate.ts';
import { addSignInRoutes, signInLink } from './auth/routes.ts';
import { addDocumentation } from './documentation.ts';
import { addEventRoutes } from './events.ts';
import { answerHeaders, type GuardOptions, guardRequests } from './guard.ts';
import { logWrites } from './auth/log-writes.ts';
import { addHealthRoute } from './health.ts';
import { addLakeRoute } from './lake.ts';
import { addMetricsRoute } from './metrics.ts';
import type { Api, ApiOptions } from './options.ts';
import { addPageRoutes, readPage } from './page.ts';
import { answerErrors, answerUnroutable } from './problem.ts';
import { boundAnswers, refuseUnknownRoutes } from './routing.ts';
import { REQUEST } from './limits.ts';
import { answerBrokenRequest, boundBodies, boundConnections } from './connections.ts';
import { addRunRoutes } from './runs.ts';

/** Serves the API, the page, the metrics and their documentation. Throws an OrchestratorError where it can't listen. */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { host, port, logger, mask, publicUrl, token, now } = options;
  // Unknown parameters are mistakes to be told, not to be dropped in silence.
  // Infinity, which 1e400 is, is a number that is too large, rather than none that `maximum` were about.
  const ajv = { customOptions: { removeAdditional: false, allErrors: true, strictNumbers: false } };
  const connections = boundConnections();
  const app = Fastify({
    ajv,
    serverFactory: connections.serverFactory,
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: answerUnroutable,
    bodyLimit: REQUEST.bodyBytes,
    routerOptions: { maxParamLength: REQUEST.nameCharacters },
    forceCloseConnections: true,
  });
  const closing = new AbortController();
  app.addHook('onRequest', async (_request, reply) => void reply.headers(answerHeaders));
  boundBodies(app);
  app.addHook('onRequest', guardRequests(guardOptions(options)));
  const signInPage = await readPage('sign-in.html');
  const auth = authenticate(app, { token, logger, now }, signInPage);
  connections.keepKnown(app);
  boundAnswers(app);
  app.addHook('onResponse', logWrites(logger));
  app.setErrorHandler(answerErrors(logger, mask));
  refuseUnknownRoutes(app);
  await addDocumentation(app, auth?.cookie.name ?? null);
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
  addAttentionRoutes(app, options);
  addRunRoutes(app, options, closing);
  addLakeRoute(app, options, closing);
  return [addEventRoutes(app, options), addMetricsRoute(app, options)];
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
