import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { codeOf, messageOf } from '../errors.ts';
import type { ApiOptions } from './options.ts';
import { Problem } from './problem.ts';
import { datasetParams, lakeQuery, lakeSchema, problemSchema } from './schemas.ts';

type Lake = Static<typeof lakeSchema>;
type Query = { Params: Static<typeof datasetParams>; Querystring: Static<typeof lakeQuery> };

const reader = fileURLToPath(new URL('./lake-reader.ts', import.meta.url));
const run = promisify(execFile);
const WITHIN_MS = 30_000;
const LARGEST_ANSWER = 64 * 1024 * 1024;
const AT_ONCE = 2;

/**
 * GET /api/lake/:dataset. DuckDB runs in a process of its own for each question: whatever a file makes it do, the service neither waits nor
 * falls with it. Names are compared with those that are there, never made part of a path or a query.
 */
export function addLakeRoute(app: FastifyInstance, { dataDir, logger }: ApiOptions, closing: AbortSignal): void {
  const root = join(dataDir, 'lake');
  let asked = 0;
  const schema = {
    tags: ['datasets'],
    summary: 'Rows of a dataset that is loaded into the lake',
    params: datasetParams,
    querystring: lakeQuery,
    response: { 200: lakeSchema, 404: problemSchema, 503: problemSchema },
  };
  app.get<Query>('/api/lake/:name', { schema }, async request => {
    const { name } = request.params;
    if (!(await namesIn(root)).includes(name))
      throw new Problem(404, `the lake holds nothing of ${name.slice(0, 100)}`);
    if (asked >= AT_ONCE) throw new Problem(503, 'others are asking the lake already; try again in a moment');
    asked += 1;
    try {
      return await ask(join(root, name), request.query.limit ?? 50, closing);
    } catch (error) {
      logger.warn(`the lake of ${name} can't be read`, { dataset: name, error });
      throw new Problem(503, `the lake of ${name} can't be read: ${lastLine(error)}`);
    } finally {
      asked -= 1;
    }
  });
}

async function ask(folder: string, limit: number, signal: AbortSignal): Promise<Lake> {
  const options = { cwd: folder, timeout: WITHIN_MS, maxBuffer: LARGEST_ANSWER, signal, env: {} };
  const answer = run(process.execPath, [reader], options);
  answer.child.stdin?.on('error', () => undefined).end(String(limit)); // a child that died says so by its exit
  const { stdout } = await answer;
  return JSON.parse(stdout) as Lake;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function lastLine(error: unknown): string {
  const { stderr } = error as { stderr?: string };
  return stderr?.trim().split('\n').at(-1) ?? messageOf(error);
}
