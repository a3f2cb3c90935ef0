import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { messageOf } from '../errors.ts';
import { NoAnswer, readAlone } from '../etl/bare.ts';
import { Folder } from '../files/folder.ts';
import { unless } from '../files/unless.ts';
import { untilGone } from './client-gone.ts';
import { createGate, within } from './gate.ts';
import { LAKE, LAKE_QUERY } from './limits.ts';
import type { ApiOptions } from './options.ts';
import { Problem } from './problem.ts';
import { STREAMED } from './routing.ts';
import { datasetParams, lakeQuery, lakeSchema, problemSchema } from './schemas.ts';

type Lake = Static<typeof lakeSchema>;
type Query = { Params: Static<typeof datasetParams>; Querystring: Static<typeof lakeQuery> };

const reader = fileURLToPath(new URL('./lake-reader.ts', import.meta.url));
/** Unless told. */
const ROWS = 50;
const OTHERS_WRITE = 0o022n;

/** What lake-reader.ts is asked, as JSON. */
interface LakeQuestion {
  limit: number;
  files: string[];
  memory: string;
}

/**
 * GET /api/lake/:dataset. DuckDB runs in a process of its own for each question, which has nothing but the files:
 * whatever one makes it do, the service neither waits nor falls with it. Names are compared with those that are there,
 * never made part of a path or a query.
 */
export function addLakeRoute(app: FastifyInstance, { dataDir, logger }: ApiOptions, closing: AbortSignal): void {
  const gate = createGate(LAKE, 'questions to the lake');
  const schema = {
    tags: ['datasets'],
    summary: 'Rows of a dataset that is loaded into the lake',
    params: datasetParams,
    querystring: lakeQuery,
    response: { 200: lakeSchema, 404: problemSchema, 503: problemSchema },
  };
  app.get<Query>('/api/lake/:name', { schema, ...STREAMED }, async (request, reply) => {
    const { name } = request.params;
    const files = await filesOf(dataDir, name);
    if (files === undefined) throw new Problem(404, `the lake holds nothing of ${name.slice(0, 100)}`);
    const gone = untilGone(reply, closing);
    const question = { limit: request.query.limit ?? ROWS, files, memory: LAKE_QUERY.memory };
    return within(gate, gone, async () => {
      try {
        return await ask(join(dataDir, 'lake', name), question, gone);
      } catch (error) {
        if (!gone.aborted) logger.warn(`the lake of ${name} can't be read`, { dataset: name, error });
        throw new Problem(503, `the lake of ${name} can't be read: ${reasonOf(error)}`);
      }
    });
  });
}

async function ask(folder: string, question: LakeQuestion, signal: AbortSignal): Promise<Lake> {
  const { withinMs, answerBytes: mostBytes } = LAKE_QUERY;
  const input = JSON.stringify(question);
  return JSON.parse(await readAlone({ script: reader, folder, input, withinMs, mostBytes, signal })) as Lake;
}

/**
 * The Parquet files of a dataset, undefined where the lake has no such folder. DuckDB reads by path, so both must be
 * what nobody but us can have put there, or change: files of this one name in a folder, of whoever keeps the lake.
 */
async function filesOf(dataDir: string, dataset: string): Promise<string[] | undefined> {
  const lake = await Folder.use(dataDir, data => data.folder('lake')).catch(unless('ENOENT'));
  try {
    if (lake === undefined || !(await isIn(lake, dataset))) return undefined;
    const { uid } = await lake.stat();
    return await lake.within(dataset, folder => ownFilesIn(folder, uid));
  } finally {
    await lake?.close();
  }
}

async function isIn(lake: Folder, name: string): Promise<boolean> {
  for await (const entry of await lake.entries()) if (entry.name === name && entry.isDirectory()) return true;
  return false;
}

async function ownFilesIn(folder: Folder, uid: bigint): Promise<string[]> {
  const { uid: holder, mode } = await folder.stat();
  if (holder !== uid || (mode & OTHERS_WRITE) !== 0n) return [];
  const files: string[] = [];
  for await (const { name } of await folder.entries()) {
    const stats = await folder.look(name);
    if (stats?.isFile() && stats.nlink === 1n && stats.uid === uid) files.push(name);
  }
  return files;
}

function reasonOf(error: unknown): string {
  const why = error instanceof NoAnswer ? error.why : undefined;
  if (why === 'size') return 'the rows are too large; ask for fewer by limit';
  if (why === 'time') return `it took longer than ${LAKE_QUERY.withinMs / 1000} s`;
  return messageOf(error);
}
