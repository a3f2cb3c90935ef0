import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { RUN_STATES, type RunState } from '../journal/journal.ts';
import { mendRefusal } from '../text/mend-refusal.ts';
import { untilGone } from './client-gone.ts';
import { createGate, enterFor } from './gate.ts';
import { DOWNLOADS, FOLLOW_MS } from './limits.ts';
import type { ApiOptions } from './options.ts';
import { presentAttempt, presentRun } from './present.ts';
import { Problem } from './problem.ts';
import { runOf } from './run-of.ts';
import { addRejectRoutes, type RejectRoutes } from './rejects.ts';
import { STREAMED } from './routing.ts';
import { readRunLog } from './run-log.ts';
import * as schemas from './schemas.ts';

type Id = { Params: Static<typeof schemas.runParams> };
type List = { Querystring: Static<typeof schemas.runsQuery> };
type Log = Id & { Querystring: Static<typeof schemas.logQuery> };

const tags = ['runs'];
const params = schemas.runParams;
const problem = schemas.problemSchema;

interface RunRoutes extends RejectRoutes {
  options: ApiOptions;
}

/** Runs: listed, looked into, cancelled, done again. */
export function addRunRoutes(app: FastifyInstance, options: ApiOptions, closing: AbortSignal): void {
  const findRun = (id: string) => runOf(options.journal, id);
  const routes = { options, findRun, closing, downloads: createGate(DOWNLOADS, 'downloads') };
  addListRoute(app, routes);
  addDetailRoute(app, routes);
  addLogRoute(app, routes);
  addRejectRoutes(app, options, routes);
  addActionRoutes(app, routes);
}

function addListRoute(app: FastifyInstance, { options: { journal, mask } }: RunRoutes): void {
  const list = { tags, summary: 'Runs, newest first', querystring: schemas.runsQuery };
  app.get<List>(
    '/api/runs',
    {
      schema: { ...list, response: { 200: schemas.pageSchema, 400: problem } },
      config: { documented: { querystring: schemas.documentedRunsQuery } },
    },
    async request => {
      const { state, toCheck, ...filter } = request.query;
      const states = state === undefined ? {} : { states: parseStates(state) };
      const page = await journal.runs({ ...filter, ...states, toCheck: toCheck === 1 });
      return { items: page.items.map(run => presentRun(run, mask)), nextCursor: page.nextCursor };
    },
  );
}

function addDetailRoute(app: FastifyInstance, { options, findRun }: RunRoutes): void {
  const { journal, mask } = options;
  const detail = { tags, summary: 'One run with its attempts', params };
  const response = { 200: schemas.runDetailSchema, 404: problem };
  app.get<Id>('/api/runs/:id', { schema: { ...detail, response } }, async request => {
    const run = await findRun(request.params.id);
    const [attempts, decisions] = await Promise.all([journal.attempts(run.id), journal.decisions(run.id)]);
    const refusal = mendRefusal(await journal.origin(run));
    return {
      ...presentRun(run, mask),
      decisions,
      mendRefusal: refusal,
      rowsUrl: options.rowsUrl?.(run) ?? null,
      attempts: attempts.map(attempt => presentAttempt(attempt, text => mask(text, run.dataset))),
    };
  });
}

function addLogRoute(app: FastifyInstance, { options, findRun, closing, downloads }: RunRoutes): void {
  const { journal, mask, dataDir } = options;
  const schema = {
    tags,
    summary: 'What its attempts printed',
    params,
    querystring: schemas.logQuery,
    response: { 200: schemas.streamSchema('text/plain', 'Each attempt under a heading.'), 404: problem },
  };
  app.get<Log>('/api/runs/:id/log', { schema, ...STREAMED }, async (request, reply) => {
    const run = await findRun(request.params.id);
    const { attempt: only, follow } = request.query;
    const all = await journal.attempts(run.id);
    const attempts = only === undefined ? all : all.filter(({ attempt }) => attempt === only);
    if (only !== undefined && attempts.length === 0) throw new Problem(404, `run ${run.id} has no attempt ${only}`);
    const gone = untilGone(reply, closing);
    await enterFor(reply, downloads, gone);
    const current = follow === 1 ? { current: () => journal.run(run.id) } : {};
    const signal = follow === 1 ? AbortSignal.any([gone, AbortSignal.timeout(FOLLOW_MS)]) : gone;
    // A run may be silent for long.
    if (follow === 1) reply.raw.setTimeout(0);
    const ownMask = (printed: string) => mask(printed, run.dataset);
    const text = Readable.from(readRunLog({ dataDir, run, attempts, mask: ownMask, signal, ...current }));
    return reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store').send(text);
  });
}

function addActionRoutes(app: FastifyInstance, { options: { actions, mask }, findRun }: RunRoutes): void {
  const response = { 200: schemas.runSchema, 404: problem, 409: problem };
  const cancel = { tags, summary: 'Stop it, or take it off the queue', params, response };
  app.post<Id>('/api/runs/:id/cancel', { schema: cancel }, async request => {
    const run = await findRun(request.params.id);
    return presentRun(await actions.cancel(run.id), mask);
  });

  const replay = { tags, summary: 'Load the file again, as a new run', params, response };
  app.post<Id>('/api/runs/:id/replay', { schema: replay }, async request => {
    const run = await findRun(request.params.id);
    const next = await actions.replay(run.id);
    if (next === null) throw new Problem(409, `${run.file} is waiting or running already; its next run will load it`);
    return presentRun(next, mask);
  });
}

function parseStates(text: string): RunState[] {
  const known: readonly string[] = RUN_STATES;
  const wanted = text.split(',').map(state => state.trim());
  const unknown = wanted.find(state => !known.includes(state));
  if (unknown !== undefined)
    throw new Problem(400, `${unknown || '(nothing)'} is not a state; take ${known.join(', ')}`);
  return wanted as RunState[];
}
