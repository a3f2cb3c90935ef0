import { createReadStream } from 'node:fs';
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { parse } from 'csv-parse';
import { documentId, fileKey } from '../../default-etl/contract.ts';
import type { Target } from './elasticsearch.ts';
import type { Load } from './measure.ts';

const CONNECTIONS = 4;
const REQUEST_BYTES = 8 * 1024 * 1024;

/** Rows of a CSV as the default ETL makes them documents, rendered beforehand: bodies of bulk requests of 8 MB. */
export interface Bodies {
  bodies: Buffer[];
  documents: number;
}

/** Cells as text, empty ones null, headers in upper case. */
export async function renderBodies(file: string): Promise<Bodies> {
  const key = fileKey('bench', file);
  const bodies: Buffer[] = [];
  let lines: string[] = [];
  let bytes = 0;
  let documents = 0;
  const flush = (): void => {
    if (lines.length > 0) bodies.push(Buffer.from(lines.join('')));
    lines = [];
    bytes = 0;
  };
  const columns = (header: string[]): string[] => header.map(name => name.trim().toUpperCase());
  for await (const record of createReadStream(file).pipe(parse({ columns }))) {
    documents++;
    const row = Object.entries(record as Record<string, string>).map(([name, cell]) => [
      name,
      cell === '' ? null : cell,
    ]);
    const line = `{"index":{"_id":"${documentId(key, documents)}"}}\n${JSON.stringify(Object.fromEntries(row))}\n`;
    lines.push(line);
    bytes += line.length;
    if (bytes >= REQUEST_BYTES) flush();
  }
  flush();
  return { bodies, documents };
}

/** Sends them by four connections, each with one request under way. Resolves when all are acknowledged; throws for any that is refused. */
async function sendBodies(node: string, index: string, { bodies }: Bodies): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const waiting = bodies.values();
  const sender = async (): Promise<void> => {
    for (const body of waiting) await post(new URL(`/${index}/_bulk?filter_path=errors`, node), body, agent);
  };
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, sender));
  } finally {
    agent.destroy();
  }
}

/** Fills a new index, made like `like`, and checks that it holds all of them. */
export async function loadRaw(
  target: Target,
  bodies: Bodies,
  { like, index }: { like: string; index: string },
): Promise<Load> {
  await target.remove(index);
  await target.createLike(like, index);
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  await sendBodies(target.node, index, bodies);
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  await target.mustHold(index, bodies.documents);
  return { seconds, cpu: (user + system) / 1e6 };
}

function post(url: URL, body: Buffer, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-ndjson', 'content-length': body.length };
    const sent = request(url, { method: 'POST', agent, headers }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        text === '{"errors":false}'
          ? resolve()
          : reject(new Error(`bulk request to ${url.pathname}: ${response.statusCode} ${text}`)),
      );
    });
    sent.on('error', reject).end(body);
  });
}
