import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { load, TestIndex, temporaryFolder } from '../../testing/load.ts';

/**
 * The real Elasticsearch, for a user with rights on indices alone: what is the cluster's is refused, as a key for one
 * index would be.
 */
async function limited(context: TestContext): Promise<{ node: string; refused: string[] }> {
  const refused: string[] = [];
  const proxy = createServer((asked, response) => {
    const { method = '', headers, url = '' } = asked;
    if (/^\/_(?!aliases|bulk)/.test(url)) {
      refused.push(`${method} ${url.split('?')[0]}`);
      asked.resume();
      response.writeHead(403, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { type: 'security_exception', reason: 'unauthorized' }, status: 403 }));
      return;
    }
    const onwards = request(process.env.ELASTICSEARCH_NODE + url, { method, headers }, answer => {
      response.writeHead(answer.statusCode as number, answer.headers);
      answer.pipe(response);
    });
    asked.pipe(onwards);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  context.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return { node: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, refused };
}

test('a user who may make no index template has an index with the same settings and mappings', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const { node, refused } = await limited(context);
  const env = { ...index.env(5, {}, { aliases: [`${index.name}-all`] }), ELASTICSEARCH_NODE: node };
  const ran = await load({ folder: temporaryFolder(context), content: 'n,a.b\n1,x\n2,y\n', env });
  assert.equal(ran.code, 0, ran.error);
  assert.deepEqual(refused, [`PUT /_index_template/orchestrator-${index.name}`]);
  const made = (await index.call('GET', `/${index.name}?flat_settings=true`)) as Record<
    string,
    { settings: Record<string, string>; mappings: Record<string, unknown>; aliases: object }
  >;
  const { settings, mappings, aliases } = made[index.name]!;
  assert.equal(settings['index.gc_deletes'], '1d');
  assert.equal(mappings['subobjects'], false);
  assert.deepEqual((mappings['properties'] as Record<string, { type: string }>)['N']?.type, 'long');
  assert.deepEqual(Object.keys(aliases), [`${index.name}-all`]);
});

test('a user who may make no index template builds an index anew, and its former one goes', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const { node } = await limited(context);
  const folder = temporaryFolder(context);
  for (const version of [5, 6]) {
    const env = { ...index.env(version, {}, { overwrite: true }), ELASTICSEARCH_NODE: node };
    const ran = await load({ folder, content: `a\n${version}\n`, env });
    assert.equal(ran.code, 0, ran.error);
  }
  const behind = (await index.call('GET', `/${index.name}/_alias`)) as Record<string, unknown>;
  assert.deepEqual(Object.keys(behind), [`${index.name}-6`]);
  assert.deepEqual(Object.keys((await index.call('GET', `/${index.name}-*`)) as object), [`${index.name}-6`]);
});
