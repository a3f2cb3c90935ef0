import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import type { ApiOptions } from './options.ts';
import { presentRun } from './present.ts';
import { Problem } from './problem.ts';
import { runOf } from './run-of.ts';
import * as schemas from './schemas.ts';

type Query = Static<typeof schemas.attentionQuery>;
type List = { Querystring: Omit<Query, 'kind'> & { kind?: 'failed' | 'to-check' | 'waiting' } };
type Id = { Params: Static<typeof schemas.runParams> };
type Name = { Params: Static<typeof schemas.datasetParams> };

const tags = ['to look after'];
const problem = schemas.problemSchema;

/** What somebody has to look after, and that somebody has. */
export function addAttentionRoutes(app: FastifyInstance, { journal, mask, actions }: ApiOptions): void {
  const list = {
    tags,
    summary: 'Runs to look after, newest first',
    description:
      'A failure that a later run of the file mended is none, nor is one whose rejected rows were all mended, or that was acknowledged.',
    querystring: schemas.attentionQuery,
    response: { 200: schemas.pageSchema, 400: problem },
  };
  app.get<List>('/api/attention', { schema: list }, async request => {
    const { kind, ...filter } = request.query;
    const page =
      kind === 'waiting'
        ? await journal.waiting(filter)
        : await journal.attention({ ...filter, ...(kind === undefined ? {} : { kind }) });
    return { items: page.items.map(run => presentRun(run, mask)), nextCursor: page.nextCursor };
  });

  const one = {
    tags,
    summary: 'Say that a run was looked at: it is no longer listed, unless it ends otherwise',
    params: schemas.runParams,
    response: { 200: schemas.runSchema, 404: problem, 409: problem },
  };
  app.post<Id>('/api/runs/:id/acknowledge', { schema: one }, async request => {
    const run = await runOf(journal, request.params.id);
    await actions.acknowledge(run.id);
    return presentRun(run, mask);
  });

  const all = {
    tags,
    summary: 'The same of all runs of a dataset',
    params: schemas.datasetParams,
    response: { 200: schemas.acknowledgedSchema, 404: problem },
  };
  app.post<Name>('/api/datasets/:name/acknowledge', { schema: all }, async request => {
    const { name } = request.params;
    const known = await journal.summaries();
    if (!known.some(({ dataset }) => dataset === name))
      throw new Problem(404, `there is no run of a dataset ${name.slice(0, 100)}`);
    return { dataset: name, acknowledged: await actions.acknowledgeAll(name) };
  });
}
