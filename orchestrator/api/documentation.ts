import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { problemSchema, streamSchema } from './schemas.ts';

/** Content-Security-Policy of /docs: nothing from elsewhere. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** What any route may answer, besides its own. */
const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'Something of the request is wrong; the answer names it.',
  401: 'Neither token nor session, or none that is good.',
  404: 'It is not there.',
  403: 'From another site’s page, under a name that is not ours, or from a container of a run.',
  413: 'The body is too large.',
  415: 'The body is of a type that is not taken.',
  429: 'This client does too much at once; Retry-After says when to ask again.',
  431: 'URL and headers are too large.',
  500: 'A fault of ours; the log says which.',
  503: 'All together do too much at once; Retry-After says when to ask again.',
};

/**
 * /docs, and the OpenAPI document of the routes that are added after it. `cookie`: the name of a session's; null with
 * AUTH=off.
 */
export async function addDocumentation(app: FastifyInstance, cookie: string | null): Promise<void> {
  app.addHook('onRoute', addProblems);
  const info = {
    title: 'Orchestrator ETL',
    version: '1',
    description: 'Files in folders become rows in Elasticsearch.',
  };
  const openapi = { openapi: '3.1.0', info, ...(cookie === null ? {} : security(cookie)) };
  await app.register(swagger, {
    openapi,
    transform: ({ schema, url, route }) => ({ schema: { ...schema, ...route.config?.documented }, url }),
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: DOCS_POLICY });
}

function security(cookie: string) {
  const securitySchemes = {
    token: { type: 'http', scheme: 'bearer', description: 'What DATA_DIR/token holds.' },
    session: { type: 'apiKey', in: 'cookie', name: cookie, description: 'Set by POST /api/sign-in.' },
  } as const;
  return { components: { securitySchemes }, security: [{ token: [] }, { session: [] }] };
}

function addProblems(route: RouteOptions): void {
  const { schema, config, method } = route;
  if (schema === undefined || schema.hide) return;
  const own = (schema.response ?? {}) as Record<string, object>;
  const bodiless = [method].flat().every(each => each === 'GET' || each === 'HEAD');
  const codes = Object.keys(PROBLEMS).filter(code => !bodiless || (code !== '413' && code !== '415'));
  const problems = codes.map(code => [code, { ...problemSchema, description: PROBLEMS[Number(code)] }]);
  const page = { 401: { ...problemOrPage(), description: PROBLEMS[401] } };
  const response = { ...Object.fromEntries(problems), ...page, ...own } as Record<string, object>;
  const isOpen = config?.role === 'none';
  route.schema = { ...schema, response, ...(isOpen ? { security: [] } : {}) };
}

/** Browsers are shown how to sign in. */
function problemOrPage() {
  const { content } = streamSchema('text/html', '');
  return { content: { 'application/json': { schema: problemSchema }, ...content } };
}
