import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import type { ElasticsearchSettings } from '../config/environment.ts';
import type { Dataset } from '../config/dataset.ts';
import type { KibanaSettings } from '../config/kibana-settings.ts';
import { gatherDashboard, hasRunsStream } from './gather-dashboard.ts';
import { connectRows } from './rows-client.ts';

let server: Server;
let asked: IncomingMessage[];
/** Of each answer. */
let status: number;
let text: string;

beforeEach(async () => {
  [asked, status, text] = [[], 200, '{}'];
  server = createServer((request, response) => {
    asked.push(request);
    response.writeHead(status, { 'x-elastic-product': 'Elasticsearch', 'content-type': 'application/json' }).end(text);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterEach(async () => {
  server.closeAllConnections();
  await once(server.close(), 'close');
});

test('rows are read with Kibana’s credentials where there are such', async () => {
  await ask(null);
  await ask(kibana({}));
  await ask(kibana({ username: 'reader', password: 'secret' }));
  await ask(kibana({ apiKey: 'a2V5' }));
  const own = `Basic ${Buffer.from('writer:own').toString('base64')}`;
  const reader = `Basic ${Buffer.from('reader:secret').toString('base64')}`;
  assert.deepEqual(
    asked.map(({ headers }) => headers.authorization),
    [own, own, reader, 'ApiKey a2V5'],
  );
});

test('a data stream of runs that may not be seen counts as none', async () => {
  assert.equal(await ask(null), true);
  status = 404;
  assert.equal(await ask(null), false);
  status = 403;
  assert.equal(await ask(null), false);
  status = 401;
  await assert.rejects(ask(null));
});

for (const [what, answer, why] of [
  ['an Elasticsearch that refuses', [401, '{}'], /^can't be looked at in Elasticsearch: /],
  ['something else that answers', [200, '<html>'], /^can't be looked at in Elasticsearch: .* is no Elasticsearch$/],
] as const)
  test(`${what} is told, and may answer in a while`, async () => {
    [status, text] = answer;
    const client = connectRows(elasticsearch(), null);
    const dataset = { name: 'sales', settings: { LOAD: { target: 'elasticsearch', index: 'sales' } } } as Dataset;
    const journal = { runs: async () => ({ items: [], next: null }), decisions: async () => [] };
    const found = await gatherDashboard(dataset, { client, journal, hasRuns: false, now: 0 } as never);
    assert.ok(found.dashboard === null && found.isAway);
    assert.match(found.why, why);
    await client.close();
  });

async function ask(settings: KibanaSettings | null): Promise<boolean> {
  const client = connectRows(elasticsearch(), settings);
  try {
    return await hasRunsStream(client);
  } finally {
    await client.close();
  }
}

function elasticsearch(): ElasticsearchSettings {
  const { port } = server.address() as AddressInfo;
  const nodes = [`http://127.0.0.1:${port}`];
  return { nodes, apiKey: null, username: 'writer', password: 'own', ca: null } as unknown as ElasticsearchSettings;
}

function kibana(credentials: Partial<KibanaSettings>): KibanaSettings {
  const url = 'http://127.0.0.1:5601';
  const none = { apiKey: null, username: null, password: null, ca: null };
  return { url, publicUrl: url, space: 'default', ...none, ...credentials };
}
