import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../clock.ts';
import { datasetOf } from '../../config/testing/dataset.ts';
import type { Settings } from '../../config/schema.ts';
import { OrchestratorError } from '../../errors.ts';
import { silentLogger } from '../testing/attempts.ts';
import type { GrantRequest } from '../runner.ts';
import { type ConnectionsOptions, OwnConnections } from './connections.ts';

const IN_MEMORY = '/dev/shm';
const elasticsearch = { nodes: ['http://u:p@a:9200'], apiKey: null, username: 'etl', password: 'secret', ca: null };
const owner = { uid: process.getuid?.() === 0 ? 61_234 : (process.getuid?.() ?? 0), gid: process.getgid?.() ?? 0 };

type HostPaths = NonNullable<GrantRequest['runner']['hostPaths']>;

interface Bench {
  folder: string;
  warnings: string[];
  options: ConnectionsOptions;
  request(settings?: Partial<Settings>, attempt?: number, hostPaths?: HostPaths): GrantRequest;
}

function bench(t: TestContext, more: Partial<ConnectionsOptions> = {}): Bench {
  const base = mkdtempSync(join(tmpdir(), 'connections-'));
  const wish = mkdtempSync(join(IN_MEMORY, 'connections-'));
  for (const folder of [base, wish]) t.after(() => rmSync(folder, { recursive: true, force: true }));
  const warnings: string[] = [];
  return {
    folder: join(wish, 'orchestrator-etl-12345678'),
    warnings,
    options: {
      elasticsearch,
      wish,
      dataDir: base,
      instance: '12345678-9',
      userRuntimeDir: undefined,
      runKeys: 'off',
      clock: systemClock,
      logger: { ...silentLogger, warn: text => void warnings.push(text) },
      ...more,
    },
    request: (settings = { CONNECTIONS: 'file' }, attempt = 1, hostPaths = async () => null) => ({
      attempt: { runId: 'r-1', attempt, datasetName: 'sales', workDir: '/w', logFile: '/l' },
      dataset: datasetOf('sales', '/srv/in', settings),
      owner,
      ledgers: [],
      runner: {
        kind: 'docker',
        reach: async (_, nodes) => nodes.map(node => node.replace('a:9200', '172.18.0.1:700')),
        hostPaths,
      },
    }),
  };
}

test('an attempt gets its connections in a file of its own, in memory, that nobody else can get at, until it is seen dead', async t => {
  const { folder, options, request, warnings } = bench(t);
  const connections = new OwnConnections(options);
  const grant = await connections.open(request());
  assert.equal(grant?.file, join(folder, 'r-1-1.json'));
  assert.equal(existsSync(grant.file), false, 'nobody needs it yet');
  grant.write();
  grant.write();
  const { mode, uid } = statSync(grant.file);
  assert.deepEqual([mode & 0o777, uid, statSync(folder).mode & 0o777], [0o400, owner.uid, 0o700]);
  const expected = {
    ELASTICSEARCH_NODE: 'http://u:p@172.18.0.1:700',
    ELASTICSEARCH_USERNAME: 'etl',
    ELASTICSEARCH_PASSWORD: 'secret',
  };
  assert.deepEqual(JSON.parse(readFileSync(grant.file, 'utf8')), expected);
  assert.deepEqual(grant.variables, expected);
  assert.deepEqual(warnings, []);
  if (process.getuid?.() === 0) {
    const read = ['--reuid=61234', '--regid=61234', '--clear-groups', 'cat', grant.file];
    assert.throws(() => execFileSync('setpriv', read, { stdio: 'pipe' }), /Permission denied/);
  }
  await connections.close(request().attempt);
  await connections.close(request().attempt);
  assert.equal(existsSync(grant.file), false);
});

test('whoever needs no connections gets none; the environment is for those who ask for it; ENV goes before', async t => {
  const { options, request, folder } = bench(t);
  const connections = new OwnConnections(options);
  for (const settings of [{}, { CONNECTIONS: 'none' as const }])
    assert.equal(await connections.open(request(settings)), null);
  const grant = await connections.open(
    request({ CONNECTIONS: 'environment', ENV: { ELASTICSEARCH_USERNAME: 'mine' } }),
  );
  assert.equal(grant?.file, null);
  assert.equal(grant?.variables.ELASTICSEARCH_USERNAME, 'mine');
  assert.equal(existsSync(folder), false);
  const without = new OwnConnections({ ...options, elasticsearch: null });
  assert.equal(await without.open(request()), null);
});

test('what a crash left behind is removed, but not what a living attempt has', async t => {
  const { options, request, folder } = bench(t);
  const former = new OwnConnections(options);
  for (const attempt of [1, 2]) (await former.open(request({ CONNECTIONS: 'file' }, attempt)))?.write();
  writeFileSync(join(folder, 'somebody-elses.txt'), '');
  await new OwnConnections(options).sweep((runId, attempt) => runId === 'r-1' && attempt === 2);
  assert.deepEqual(
    ['r-1-1.json', 'r-1-2.json', 'somebody-elses.txt'].map(name => existsSync(join(folder, name))),
    [false, true, true],
  );
});

test('without a folder in memory, or where the engine can’t see it, the file is in DATA_DIR, which is said once', async t => {
  const elsewhere: HostPaths = async () => [{ from: '/data', to: '/srv/data' }];
  const cases: Array<[(base: string) => { wish?: string }, HostPaths?]> = [
    [base => ({ wish: base })],
    [() => ({}), elsewhere],
    [() => ({ wish: '/proc/nothing' })],
  ];
  for (const [more, hostPaths] of cases) {
    const { options, request, warnings } = bench(t);
    const connections = new OwnConnections({ ...options, ...more(options.dataDir) });
    for (const attempt of [1, 2]) {
      const grant = await connections.open(request({ CONNECTIONS: 'file' }, attempt, hostPaths));
      assert.equal(grant?.file, join(options.dataDir, 'connections', `r-1-${attempt}.json`));
      grant.write();
    }
    assert.equal(statSync(join(options.dataDir, 'connections')).mode & 0o777, 0o700);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] as string, /set RUNTIME_DIR/);
    await connections.sweep(() => false);
    assert.equal(existsSync(join(options.dataDir, 'connections', 'r-1-1.json')), false);
  }
});

test('a link in the place of the folder is not followed', async t => {
  const { options, request, folder } = bench(t);
  const victim = join(options.dataDir, 'victim');
  mkdirSync(victim);
  symlinkSync(victim, folder);
  const grant = await new OwnConnections(options).open(request());
  assert.equal(grant?.file, join(options.dataDir, 'connections', 'r-1-1.json'));
});

test('where the engine is away nothing is written, and it is asked again', async t => {
  let isAway = true;
  const hostPaths = async () => {
    if (isAway) throw new OrchestratorError('wait', 'the engine is away');
    return null;
  };
  const { options, request } = bench(t);
  const connections = new OwnConnections(options);
  await assert.rejects(connections.open(request(undefined, 1, hostPaths)), { kind: 'wait' });
  // A process needs no engine to find it.
  assert.equal(
    typeof (await connections.open({ ...request(), runner: { ...request().runner, kind: 'process' } }))?.file,
    'string',
  );
  isAway = false;
  assert.equal(typeof (await connections.open(request(undefined, 1, hostPaths)))?.file, 'string');
});

test('where runs have keys, an attempt gets the key and no password; one whose ENV names a server gets what is configured', async t => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url?.split('?')[0]}`);
    response.setHeader('x-elastic-product', 'Elasticsearch').setHeader('content-type', 'application/json');
    const isKey = request.url?.startsWith('/_security/api_key');
    response.end(JSON.stringify(isKey ? { encoded: 'key-of-the-run' } : {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const node = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { options, request } = bench(t, { runKeys: 'auto', elasticsearch: { ...elasticsearch, nodes: [node] } });
  const connections = new OwnConnections(options);
  const grant = await connections.open(request());
  assert.deepEqual(grant?.variables, { ELASTICSEARCH_NODE: node, ELASTICSEARCH_API_KEY: 'key-of-the-run' });
  assert.equal(connections.mask('it is key-of-the-run', request().attempt.datasetName), 'it is ***');
  assert.equal(connections.mask('key-of-the-run', 'another'), 'key-of-the-run');
  await connections.close(request().attempt);
  assert.equal(connections.mask('key-of-the-run', request().attempt.datasetName), '***', 'how it ended is told now');
  const mine = await connections.open(request({ CONNECTIONS: 'file', ENV: { ELASTICSEARCH_NODE: 'http://mine' } }, 2));
  assert.deepEqual(mine?.variables, { ELASTICSEARCH_NODE: 'http://mine' });
  // What a crash left of one with a key tells of it, whether or not its file was of use to it.
  await connections.open(request({ CONNECTIONS: 'file' }, 3));
  const next = new OwnConnections(options);
  await next.sweep(() => false);
  await next.stop();
  await connections.stop();
  assert.deepEqual(
    asked.filter(each => each.includes('api_key')),
    ['PUT', 'DELETE', 'PUT', 'DELETE'].map(method => `${method} /_security/api_key`),
  );
});

test('a dataset whose ENV brings a server, a user or a key of its own gets none of the orchestrator’s', async t => {
  const { options, request } = bench(t, { elasticsearch });
  const connections = new OwnConnections(options);
  const cases = [
    { ELASTICSEARCH_NODE: 'http://mine' },
    { ELASTICSEARCH_USERNAME: 'me' },
    { ELASTICSEARCH_API_KEY: 'mine' },
  ];
  for (const [at, ENV] of cases.entries()) {
    const grant = await connections.open(request({ CONNECTIONS: 'file', ENV }, at + 1));
    const { ELASTICSEARCH_NODE: _, ...own } = grant?.variables ?? {};
    const { ELASTICSEARCH_NODE: __, ...said }: Record<string, string> = ENV;
    assert.deepEqual(own, said);
  }
  await connections.stop();
});

test('where keys are required, a run that needs the orchestrator’s connection has one or fails; what ENV brings is all that it has', async t => {
  let keys = 0;
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/_security/api_key')) keys++;
    response.setHeader('x-elastic-product', 'Elasticsearch').setHeader('content-type', 'application/json');
    response.writeHead(403).end(JSON.stringify({ error: { type: 'security_exception', reason: 'no' }, status: 403 }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const own = { ...elasticsearch, nodes: [`http://u:p@${host}`] };
  const { options, request } = bench(t, { runKeys: 'required', elasticsearch: own });
  const connections = new OwnConnections(options);
  const cases = [
    { ELASTICSEARCH_NODE: 'http://mine' },
    { ELASTICSEARCH_USERNAME: 'me' },
    { ELASTICSEARCH_PASSWORD: 'mine' },
    { ELASTICSEARCH_API_KEY: 'mine' },
    { ELASTICSEARCH_API_KEY: '' },
  ];
  for (const CONNECTIONS of ['file', 'environment'] as const)
    for (const [at, ENV] of cases.entries()) {
      const grant = await connections.open(request({ CONNECTIONS, ENV }, at + 1));
      assert.deepEqual(grant?.variables, { ELASTICSEARCH_NODE: `http://${host}`, ...ENV });
    }
  assert.equal(keys, 0);
  for (const CONNECTIONS of ['file', 'environment'] as const)
    await assert.rejects(connections.open(request({ CONNECTIONS }, 9)), { kind: 'never' });
  assert.equal(keys, 1);
  await connections.stop();
});

test('of an earlier orchestrator’s attempts what is configured is hidden only where they may have been given it', t => {
  const { options, request } = bench(t, { elasticsearch: { ...elasticsearch, password: 'of-the-server' } });
  const connections = new OwnConnections(options);
  const { dataset } = request();
  assert.equal(connections.maskRecovered('it is of-the-server', dataset), 'it is ***');
  const none = { ...dataset, settings: { ...dataset.settings, CONNECTIONS: 'none' as const } };
  assert.equal(connections.maskRecovered('it is of-the-server', none), 'it is of-the-server');
  assert.equal(connections.mask('it is of-the-server', dataset.name), 'it is of-the-server');
});
