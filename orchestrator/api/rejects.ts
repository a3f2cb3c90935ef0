import { type Readable, Readable as ReadableStream, Transform } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Static } from 'typebox';
import type { Run } from '../journal/journal.ts';
import { rejectsAsCsv, rejectsFileName } from '../rejects/export.ts';
import { findRejects, REJECTS_BOUNDS } from '../rejects/files.ts';
import { openRejects } from '../rejects/open-rejects.ts';
import { untilGone } from './client-gone.ts';
import { createGate, enterFor, type Gate, within } from './gate.ts';
import { CONNECTION, ETL_PROCESSES, ETL_WITHIN_MS, REJECT_PAGES, UPLOAD_BYTES } from './limits.ts';
import type { ApiOptions } from './options.ts';
import { presentRun } from './present.ts';
import { Problem } from './problem.ts';
import { STREAMED } from './routing.ts';
import * as schemas from './schemas.ts';

type Id = { Params: Static<typeof schemas.runParams> };
type Query = Static<typeof schemas.rejectsQuery>;
type Page = Static<typeof schemas.rejectsPageSchema>;

const tags = ['runs'];
const params = schemas.runParams;
const problem = schemas.problemSchema;
const PAGE = 50;
/** Of longer records only the beginning is in a page. */
const MOST_CHARACTERS = 2000;

export interface RejectRoutes {
  /** Throws a 404 for an unknown id. */
  findRun(id: string): Promise<Run>;
  closing: AbortSignal;
  downloads: Gate;
}

/** Rejected rows: seen, downloaded, mended. */
export function addRejectRoutes(app: FastifyInstance, options: ApiOptions, routes: RejectRoutes): void {
  const { findRun, closing, downloads } = routes;
  const response = {
    200: { ...schemas.streamSchema(['application/x-ndjson', 'text/csv'], 'As the parameter says.') },
    404: problem,
  };
  Object.assign(response[200].content, { 'application/json': { schema: schemas.rejectsPageSchema } });
  const schema = {
    tags,
    summary: 'Its rejected rows',
    description:
      'ndjson: as its attempt left them. csv and json: without those that were mended since; csv is to be mended and posted to mend, json has pages.',
    params,
    querystring: schemas.rejectsQuery,
    response,
  };
  const processes = createGate(ETL_PROCESSES, 'downloads of CSV and mends');
  const pages = createGate(REJECT_PAGES, 'pages of rejects');
  app.get<Id & { Querystring: Query }>('/api/runs/:id/rejects', { schema, ...STREAMED }, async (request, reply) => {
    const run = await findRun(request.params.id);
    const { format = 'ndjson' } = request.query;
    const gone = untilGone(reply, closing);
    if (format === 'json') {
      const page = await within(pages, gone, () => pageOf(options, run, request.query, gone));
      return reply.type('application/json; charset=utf-8').send(page);
    }
    await enterFor(reply, format === 'csv' ? processes : downloads, gone);
    if (format === 'ndjson') return sendLines(reply, options, run, request.query.attempt);
    return sendCsv(reply, options, run, AbortSignal.any([gone, AbortSignal.timeout(ETL_WITHIN_MS)]));
  });
  void app.register(async scope => addMendRoute(scope, options, { findRun, closing, processes }));
}

/** In a scope of its own, where a body is taken as it comes, whatever it is said to be. */
function addMendRoute(
  scope: FastifyInstance,
  { actions, mask }: ApiOptions,
  { findRun, closing, processes }: Omit<RejectRoutes, 'downloads'> & { processes: Gate },
): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, body, done) => done(null, body));
  const schema = {
    tags,
    summary: 'Load its mended rows in the place of those that were rejected, as a new run',
    description:
      'The body is the mended CSV, saved by whatever program, or NDJSON: {"row": 12, "record": {"COLUMN": "value"}} a line.',
    params,
    response: { 200: schemas.runSchema, 400: problem, 404: problem, 409: problem, 413: problem },
  };
  const uploaded = {
    config: { isUncounted: true, bodyMs: CONNECTION.requestMs, documented: { body: schemas.documentedUpload } },
  };
  scope.post<Id & { Body: Readable | undefined }>(
    '/api/runs/:id/mend',
    { schema, ...uploaded },
    async (request, reply) => {
      const run = await findRun(request.params.id);
      const { body } = request;
      if (!body) throw new Problem(400, 'there is no body; send the mended rows, as CSV or NDJSON');
      if (Number(request.headers['content-length'] ?? 0) > UPLOAD_BYTES) throw tooLarge();
      const gone = untilGone(reply, closing);
      // Nothing is sent while it is read and checked.
      reply.raw.setTimeout(ETL_WITHIN_MS);
      const signal = AbortSignal.any([gone, AbortSignal.timeout(ETL_WITHIN_MS)]);
      return within(processes, gone, async () => presentRun(await actions.mend(run, limited(body), signal), mask));
    },
  );
}

function limited(content: Readable): Readable {
  let length = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      done(length > UPLOAD_BYTES ? tooLarge() : null, chunk);
    },
  });
  content.on('error', error => limit.destroy(error));
  content.once('close', () => {
    if (!content.readableEnded) limit.destroy(new Problem(400, 'the body ended before its end'));
  });
  return content.pipe(limit);
}

function tooLarge(): Problem {
  const megabytes = UPLOAD_BYTES / 1024 / 1024;
  return new Problem(413, `it is larger than ${megabytes} MB; load it by orchestrator rejects RUN --load FILE`);
}

async function sendLines(reply: FastifyReply, { dataDir }: ApiOptions, run: Run, only?: number): Promise<FastifyReply> {
  const files = await findRejects(dataDir, run, only);
  void reply.header('content-disposition', `attachment; filename="rejects-${run.id}.ndjson"`);
  void reply.type('application/x-ndjson; charset=utf-8');
  if (files === null) return reply.send('');
  const file = await files.open();
  return reply.send(file.createReadStream({ end: REJECTS_BOUNDS.fileBytes - 1 }));
}

async function sendCsv(
  reply: FastifyReply,
  { journal, dataDir }: ApiOptions,
  run: Run,
  signal: AbortSignal,
): Promise<FastifyReply> {
  const rejects = await openRejects(journal, dataDir, run);
  if (rejects.files === null) throw new Problem(404, `run ${run.id} has no rejected rows, or they are no longer kept`);
  const name = rejectsFileName(run.file);
  const disposition = `attachment; filename="rejects.csv"; filename*=UTF-8''${encodeURIComponent(name)}`;
  // Its encoding is the file's.
  void reply.type('text/csv').header('content-disposition', disposition).header('cache-control', 'no-store');
  return reply.send(ReadableStream.from(rejectsAsCsv(rejects, signal)));
}

async function pageOf({ journal, dataDir }: ApiOptions, run: Run, query: Query, signal: AbortSignal): Promise<Page> {
  const { list } = await openRejects(journal, dataDir, run);
  const from = Number(query.cursor ?? 0);
  const limit = query.limit ?? PAGE;
  const items: Page['items'] = [];
  let total = 0;
  for await (const reject of list()) {
    signal.throwIfAborted();
    if (total >= from && items.length < limit) items.push({ ...reject, raw: reject.raw.slice(0, MOST_CHARACTERS) });
    total += 1;
  }
  return { items, total, nextCursor: from + items.length < total ? String(from + items.length) : null };
}
