import { createReadStream } from 'node:fs';
import { Agent, request } from 'node:http';
import { parse } from 'csv-parse';
import { documentId, fileKey } from '../../default-etl/contract/contract.ts';
import { REQUEST_BYTES } from '../../default-etl/load/elasticsearch/bulk-request.ts';
import { IN_FLIGHT } from '../../default-etl/load/elasticsearch/bulk-sender.ts';

/** Rows of a CSV as the default ETL makes them documents, rendered beforehand: bodies of bulk requests as large as its own. */
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

/**
 * Sends them by as many connections as the default ETL has, each with one request under way. Resolves when all are
 * acknowledged; throws for any that is refused.
 */
export async function sendBodies(node: string, index: string, { bodies }: Bodies): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  const waiting = bodies.values();
  const sender = async (): Promise<void> => {
    for (const body of waiting) await post(new URL(`/${index}/_bulk?filter_path=errors`, node), body, agent);
  };
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
  } finally {
    agent.destroy();
  }
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
