import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { Client } from '@elastic/elasticsearch';
import { systemClock } from '../../clock.ts';
import type { ElasticsearchSettings } from '../../config/environment.ts';
import { datasetOf } from '../../config/testing/dataset.ts';
import { elasticsearchNode } from '../../e2e/index.ts';
import type { Logger } from '../../log.ts';
import { createRefreshes } from './refreshes.ts';

function settingsOf(node: string): ElasticsearchSettings {
  return { nodes: [node], apiKey: null, username: null, password: null, ca: null };
}

function setUp(t: TestContext, node = elasticsearchNode()) {
  const logged: string[] = [];
  const add = (text: string): void => void logged.push(text);
  const logger: Logger = { debug: add, info: add, warn: add, error: add, child: () => logger };
  const refreshes = createRefreshes({ elasticsearch: settingsOf(node), clock: systemClock, logger });
  t.after(() => refreshes.close());
  return { refreshes, logged };
}

/** An index that is refreshed by nobody else. */
async function newIndex(t: TestContext): Promise<{ client: Client; index: string }> {
  const client = new Client({ node: elasticsearchNode() });
  const index = `test-refreshes-${randomUUID()}`;
  await client.indices.create({ index, settings: { 'index.refresh_interval': '-1' } });
  t.after(async () => {
    await client.indices.delete({ index });
    await client.close();
  });
  return { client, index };
}

test('what was written before is found once it resolves, however many wait, and they share requests', async t => {
  const { refreshes, logged } = setUp(t);
  const { client, index } = await newIndex(t);
  const refreshed = async () => (await client.indices.stats({ index })).indices?.[index]?.primaries?.refresh;
  const before = (await refreshed())?.external_total ?? 0;
  const writers = Array.from({ length: 40 }, async (_, writer) => {
    await client.index({ index, id: `${writer}`, document: { writer } });
    await refreshes.refresh(index);
    const found = await client.search({ index, query: { term: { writer } } });
    assert.equal(found.hits.hits.length, 1, `document ${writer}`);
  });
  await Promise.all(writers);
  const total = ((await refreshed())?.external_total ?? 0) - before;
  assert(total >= 1 && total <= 20, `${total} refreshes for 40 writers`);
  assert.deepEqual(logged, []);
});

test('an index that is gone is no matter, one that can not be refreshed is told once and keeps nobody waiting', async t => {
  const there = setUp(t);
  await there.refreshes.refresh(`test-refreshes-${randomUUID()}`);
  assert.deepEqual(there.logged, []);
  const away = setUp(t, 'http://127.0.0.1:9');
  await away.refreshes.refresh('sales');
  await away.refreshes.refresh('sales');
  assert.equal(away.logged.length, 1);
  assert.match(
    away.logged[0] ?? '',
    /^index sales: its new rows are loaded, but searches find them only from its next/,
  );
});

test('attempts leave it to us only where they write to the Elasticsearch that we know', t => {
  const { refreshes } = setUp(t);
  const covers = (settings: Parameters<typeof datasetOf>[2]) => refreshes.cover(datasetOf('sales', '/in', settings));
  const load = { target: 'elasticsearch' } as const;
  assert.equal(covers({ CONNECTIONS: 'file', LOAD: load }), true);
  assert.equal(covers({ CONNECTIONS: 'none', LOAD: load }), false);
  assert.equal(covers({ CONNECTIONS: 'file', LOAD: { target: 'lake' } }), false);
  const elsewhere = { ELASTICSEARCH_NODE: 'http://elsewhere:9200' };
  assert.equal(covers({ CONNECTIONS: 'environment', LOAD: load, ENV: elsewhere }), false);
  const none = createRefreshes({ elasticsearch: null, clock: systemClock, logger: {} as Logger });
  assert.equal(none.cover(datasetOf('sales', '/in', { CONNECTIONS: 'file', LOAD: load })), false);
});
