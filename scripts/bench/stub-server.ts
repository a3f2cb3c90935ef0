// Says yes to every request at once and forgets it, but for when the first one came: what a client itself costs is what
// is left. A process of its own, so that its CPU isn't counted. Prints its address, and ends with its parent.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const ANSWER_HEADERS = { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' };

const server = createServer((request, response) => {
  const url = request.url ?? '';
  if (url === '/first-request') {
    response.end(JSON.stringify({ at: firstAt }));
    firstAt = null;
    return;
  }
  firstAt ??= Date.now();
  request.resume().on('end', () => {
    const index = decodeURIComponent(url.split(/[/?]/)[1] ?? '');
    response.writeHead(
      request.method === 'HEAD' && !made.has(index) ? 404 : statusOf(request.method, index),
      ANSWER_HEADERS,
    );
    response.end(url.includes('_bulk') ? '{"errors":false}' : bodyOf(request.method, index));
    if (request.method === 'PUT') made.add(index);
  });
});
/** Indices that somebody made. */
const made = new Set<string>();
let firstAt: number | null = null;

function statusOf(method: string | undefined, index: string): number {
  return method === 'GET' && !made.has(index) ? 404 : 200;
}

function bodyOf(method: string | undefined, index: string): string {
  const described = {
    [index]: { aliases: {}, mappings: {}, settings: { 'index.uuid': 'stub', 'index.gc_deletes': '1d' } },
  };
  return JSON.stringify(method === 'GET' ? described : { acknowledged: true });
}

process.stdin.resume().on('end', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
