import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { load, TestIndex, temporaryFolder } from '../../testing/load.ts';
import { Connection } from './connection.ts';
import { QuietIndex } from './quiet-index.ts';

const MEGABYTE = 1 << 20;
const NAMES = ['index.refresh_interval', 'index.number_of_replicas', 'index.auto_expand_replicas'];

interface Found {
  aliases: Record<string, unknown>;
  settings: Record<string, string>;
}

/** What is said of refreshing and copies in the index of a version that is built: before the alias is at it, and from then on. */
async function watchBuilding(index: TestIndex, name: string, run: () => Promise<void>) {
  const seen = { building: new Set<string>(), served: new Set<string>() };
  let isRunning = true;
  const look = async () => {
    const found = ((await index.call('GET', `/${name}?flat_settings`)) as Record<string, Found>)[name];
    if (!found) return;
    const said = JSON.stringify(NAMES.map(setting => found.settings[setting] ?? null));
    (Object.hasOwn(found.aliases, index.name) ? seen.served : seen.building).add(said);
  };
  const reader = (async () => {
    while (isRunning) await look();
  })();
  try {
    await run();
  } finally {
    isRunning = false;
    await reader;
  }
  await look();
  return { building: [...seen.building], served: [...seen.served] };
}

test('overwrite with a large file: the index is not refreshed and has no copies while it is built, and what it would have had when the alias moves', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const content = `a\n${`${'x'.repeat(MEGABYTE)}\n`.repeat(33)}`;
  const overwrite = async (version: number) => {
    const ran = await load({ folder, content, env: index.env(version, {}, { overwrite: true }) });
    assert.deepEqual([ran.code, ran.result?.rows_loaded], [0, 33], ran.error);
    assert.deepEqual(await index.call('GET', `/${index.name}/_count?filter_path=count`), { count: 33 });
  };
  const quiet = '["-1","0","false"]';
  const first = await watchBuilding(index, `${index.name}-5`, () => overwrite(5));
  assert.ok(first.building.includes(quiet), JSON.stringify(first));
  assert.deepEqual(first.served, ['[null,"1",null]']);

  const template = `/_index_template/own-${index.name}`;
  const settings = { refresh_interval: '17s', number_of_replicas: 3, auto_expand_replicas: '0-2' };
  await index.call('PUT', template, { index_patterns: [`${index.name}*`], priority: 900, template: { settings } });
  context.after(() => index.call('DELETE', template));
  const second = await watchBuilding(index, `${index.name}-6`, () => overwrite(6));
  assert.ok(second.building.includes(quiet), JSON.stringify(second));
  // Copies that expand by themselves have the number that there is room for.
  assert.deepEqual(second.served, ['["17s","0","0-2"]']);
});

test('a small file’s index, and one that is no overwrite, keep what they have', async context => {
  const index = new TestIndex(context, process.env.ELASTICSEARCH_NODE);
  const folder = temporaryFolder(context);
  const run = async (name: string, content: string, options: Record<string, unknown>) => {
    const seen = await watchBuilding(index, name, async () => {
      const ran = await load({ folder, content, env: index.env(5, {}, options) });
      assert.equal(ran.code, 0, ran.error);
    });
    return [...seen.building, ...seen.served];
  };
  const small = await run(`${index.name}-5`, 'a\n1\n', { overwrite: true });
  const plain = `${index.name}-plain`;
  const large = await run(plain, `a\n${`${'x'.repeat(MEGABYTE)}\n`.repeat(33)}`, { index: plain });
  assert.deepEqual([...new Set([...small, ...large])], ['[null,"1",null]']);
});

/**
 * Answers as Elasticsearch does, but asked for its health with these statuses, one after the other. Returns what was
 * asked of it.
 */
async function healthServer(context: TestContext, healths: number[]) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*/, '');
    asked.push(`${request.method} ${path}`);
    response.statusCode = path.startsWith('/_cluster/health') ? (healths.shift() ?? 500) : 200;
    // Whom it refuses it does not tell what it is.
    if (response.statusCode !== 403) response.setHeader('x-elastic-product', 'Elasticsearch');
    request.resume().on('end', () => response.end('{"i":{"settings":{}}}'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const nodes = [`http://127.0.0.1:${(server.address() as AddressInfo).port}`];
  const settings = { nodes, apiKey: undefined, username: undefined, password: undefined, caFile: undefined };
  const connection = new Connection(settings, new AbortController().signal, 1000);
  context.after(() => connection.close());
  return { connection, asked };
}

test('copies are waited for until they are made; a user who may not see the health of the cluster does not wait', async context => {
  for (const healths of [[408, 408, 200], [403]]) {
    const waits = healths.length;
    const { connection, asked } = await healthServer(context, healths);
    const quiet = new QuietIndex(connection, 'i');
    await quiet.begin(100 * MEGABYTE);
    await quiet.end();
    await quiet.end();
    const health = Array.from({ length: waits }, () => 'GET /_cluster/health/i');
    assert.deepEqual(asked.slice(1), ['PUT /i/_settings', 'POST /i/_flush', 'PUT /i/_settings', ...health]);
  }
});
