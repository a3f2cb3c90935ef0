import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { type Clock, systemClock } from '../../clock.ts';
import type { Settings } from '../../config/schema.ts';
import { datasetOf } from '../../config/testing/dataset.ts';
import { messageOf } from '../../errors.ts';
import type { LedgerEntry } from '../../journal/journal.ts';
import { silentLogger } from '../testing/attempts.ts';
import { roleOf } from './key-role.ts';
import { RunKeys, type RunKeysOptions } from './run-keys.ts';

interface Asked {
  method: string;
  path: string;
  authorization: string | undefined;
  body: Record<string, unknown>;
}

type Answers = Record<string, { status?: number; body: unknown }>;

const KEY = { id: 'id', name: 'n', api_key: 'part', encoded: 'aWQ6cGFydA==' };
const NONE: Answers = { 'POST /_index_template/_simulate_index/sales': { body: {} } };

/** A server that answers as it is told, as Elasticsearch would, and remembers what it was asked. */
async function server(t: TestContext, answers: Answers): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const listening = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    request.on('end', () => {
      const [path = ''] = (request.url ?? '').split('?');
      const method = request.method ?? '';
      const { authorization } = request.headers satisfies IncomingHttpHeaders;
      asked.push({ method, path, authorization, body: text === '' ? {} : JSON.parse(text) });
      const { status = 200, body } = answers[`${method} ${path}`] ?? { status: 404, body: { error: 'no such index' } };
      response.writeHead(status, { 'x-elastic-product': 'Elasticsearch', 'content-type': 'application/json' });
      response.end(method === 'HEAD' ? '' : JSON.stringify(body));
    });
  });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  t.after(() => {
    listening.closeAllConnections();
    listening.close();
  });
  return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, asked };
}

function keysAt(t: TestContext, url: string, more: Partial<RunKeysOptions> = {}) {
  const warnings: string[] = [];
  const keys = new RunKeys({
    elasticsearch: { nodes: [url], apiKey: null, username: 'etl', password: 'secret', ca: null },
    mode: 'auto',
    instance: '12345678-9',
    clock: systemClock,
    logger: { ...silentLogger, warn: text => void warnings.push(text) },
    ...more,
  });
  t.after(() => keys.close());
  return { keys, warnings };
}

const ledger = (index: string, replaces: LedgerEntry['replaces'] = []): LedgerEntry => ({
  index,
  fileRows: 0,
  firstSeenAt: 0,
  knownSince: 0,
  replacesFormer: false,
  replaces,
  mended: null,
});

function requestFor(settings: Partial<Settings> = {}, ledgers = [ledger('sales')]) {
  const attempt = { runId: 'r-1', attempt: 2, datasetName: 'sales', workDir: '/w', logFile: '/l' };
  return { attempt, ledgers, dataset: { ...datasetOf('sales', '/srv/in', settings), timeoutMs: 3_600_000 } };
}

test('a run gets a key for its index alone, for no longer than it may take, which is ended with it', async t => {
  const { url, asked } = await server(t, {
    ...NONE,
    'GET /sales/_alias': { body: { 'sales-000001': { aliases: { sales: {} } } } },
    'HEAD /sales': { body: '' },
    'PUT /_security/api_key': { body: KEY },
    'DELETE /_security/api_key': { body: { invalidated_api_keys: ['id'], error_count: 0 } },
  });
  const { keys, warnings } = keysAt(t, url);
  const request = requestFor();
  assert.equal(await keys.make(request), KEY.encoded);
  keys.end(request.attempt);
  await keys.close();
  const made = asked.find(({ method, path }) => method === 'PUT' && path === '/_security/api_key');
  assert.deepEqual(made?.body, {
    name: 'orchestrator-etl-12345678-r-1-2',
    expiration: '5400s',
    role_descriptors: {
      run: { cluster: [], indices: [{ names: ['sales', 'sales-000001'], privileges: ['manage', 'index', 'delete'] }] },
    },
    metadata: { application: 'orchestrator-etl', dataset: 'sales', run: 'r-1' },
  });
  const ended = asked.find(({ method }) => method === 'DELETE');
  assert.deepEqual(ended?.body, { name: 'orchestrator-etl-12345678-r-1-2', owner: true });
  for (const { authorization } of asked) assert.equal(authorization, `Basic ${btoa('etl:secret')}`);
  assert.deepEqual(warnings, []);
});

for (const [status, reason] of [
  [400, 'creating derived api keys requires an explicit role descriptor that is empty'],
  [401, 'missing authentication credentials'],
  [403, 'action [cluster:admin/xpack/security/api_key/create] is unauthorized'],
  [405, 'Incorrect HTTP method for uri'],
  [500, 'no such action'],
] as const)
  test(`where Elasticsearch gives no keys (${status}) the configured credentials go on, which is said once`, async t => {
    const { url, asked } = await server(t, {
      'PUT /_security/api_key': { status, body: { error: { reason }, status } },
    });
    let now = 0;
    const clock: Clock = { ...systemClock, elapsed: () => now };
    const { keys, warnings } = keysAt(t, url, { clock });
    for (let run = 0; run < 3; run++) assert.equal(await keys.make(requestFor()), null);
    keys.end(requestFor().attempt);
    const tries = () => asked.filter(({ path, method }) => path === '/_security/api_key' && method === 'PUT').length;
    assert.equal(tries(), 1);
    now = 3_600_000;
    assert.equal(await keys.make(requestFor()), null);
    assert.equal(tries(), 2);
    assert.equal(warnings.length, 1);
    assert.ok(warnings[0]?.includes(`gives no keys for runs (${status}: ${reason}); runs connect with the configured`));
    assert.doesNotMatch(warnings.join(''), /secret/);
    const required = keysAt(t, url, { mode: 'required' });
    await assert.rejects(required.keys.make(requestFor()), { kind: 'never', message: /RUN_KEYS is required/ });
  });

test('while Elasticsearch is away a run waits, instead of getting more than it should', async t => {
  const { url } = await server(t, { 'PUT /_security/api_key': { status: 503, body: { error: 'busy' } } });
  for (const node of [url, 'http://127.0.0.1:1']) {
    const { keys } = keysAt(t, node);
    await assert.rejects(keys.make(requestFor()), error => {
      assert.match(messageOf(error), /^Elasticsearch at http:\/\/127.0.0.1:\d+ is away/);
      return (error as { kind?: string }).kind === 'wait';
    });
  }
});

test('an index for which somebody has a template is made by it, with what else the default ETL needs: the run itself sees no templates', async t => {
  const { url, asked } = await server(t, {
    'POST /_index_template/_simulate_index/sales': {
      body: { template: { settings: {}, mappings: { date_detection: true }, aliases: {} }, overlapping: [] },
    },
    'PUT /_security/api_key': { body: KEY },
    'PUT /sales': { body: { acknowledged: true } },
  });
  const made = () =>
    asked
      .filter(({ method, path }) => method === 'PUT' && !path.startsWith('/_'))
      .map(({ path, body }) => [path, body]);
  await keysAt(t, url).keys.make(requestFor());
  assert.deepEqual(made(), [['/sales', { mappings: { subobjects: false, numeric_detection: false } }]]);
  asked.length = 0;
  await keysAt(t, url).keys.make(requestFor({ LOAD: { overwrite: true } }));
  assert.deepEqual(made(), []);
});

test('an index for which nobody has a template is left to the run', async t => {
  const { url, asked } = await server(t, {
    'POST /_index_template/_simulate_index/sales': { body: {} },
    'PUT /_security/api_key': { body: KEY },
  });
  await keysAt(t, url).keys.make(requestFor());
  assert.ok(asked.some(({ path }) => path.includes('_simulate_index')));
  assert.deepEqual(
    asked.filter(({ method, path }) => method === 'PUT' && !path.startsWith('/_')),
    [],
  );
});

test('the role has what the dataset writes to: its aliases, what it takes rows out of, the indices that it builds anew', () => {
  const { dataset } = requestFor({ LOAD: { overwrite: true, aliases: ['all'] } });
  const { run } = roleOf(['sales.fr', 'all'], ['sales-000001'], dataset);
  assert.deepEqual(run?.indices?.[0]?.names, [
    'sales.fr',
    'all',
    'sales-000001',
    '/sales\\.fr-[0-9]+/',
    '/all-[0-9]+/',
  ]);
  const foreign = roleOf(['sales'], [], requestFor({ DOCKER_IMAGE: 'x' }).dataset);
  assert.deepEqual(foreign['run']?.indices?.[0]?.privileges, ['manage', 'index', 'delete', 'read']);
  assert.deepEqual([run?.cluster, foreign['run']?.cluster], [[], []]);
});
