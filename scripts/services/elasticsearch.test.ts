import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type ElasticsearchServer, startElasticsearch } from './elasticsearch.ts';

const PASSWORD = 'not-a-secret';
let server: ElasticsearchServer;

before(async () => {
  server = await startElasticsearch({ heapMb: 512, password: PASSWORD });
});
after(() => server.remove());

test('a server of a test keeps port and data from one start to the next, and its password', async () => {
  await send('/kept/_doc/1?refresh=true', 'PUT', { a: 1 });
  const { url } = server;
  await server.stop();
  await server.stop();
  await assert.rejects(send('/kept/_count', 'GET'), /fetch failed/);
  await server.start();
  assert.equal(server.url, url);
  assert.equal((await send('/kept/_doc/1', 'GET')).status, 200);
  assert.equal((await fetch(`${server.url}/kept/_count`)).status, 401);
});

test('what is removed leaves neither process nor folder', async () => {
  await server.remove();
  assert.equal(server.process, null);
  assert.ok(!existsSync(server.folder));
});

function send(path: string, method: string, body?: object): Promise<Response> {
  const headers = { authorization: `Basic ${btoa(`elastic:${PASSWORD}`)}`, 'content-type': 'application/json' };
  return fetch(server.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
}
