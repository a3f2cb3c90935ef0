// Tries, with the roles that docker-compose.yml gives the orchestrator, what it has no need of: other indices where the
// role names some, reading, users, keys of others; and with the one for Kibana, writing.
import assert from 'node:assert/strict';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from '../../orchestrator/e2e/harness.ts';
import { waitFor } from '../../orchestrator/testing/wait-for.ts';
import { type ElasticsearchServer, freePort } from '../services/elasticsearch.ts';
import { startLocalElasticsearch } from '../services/elasticsearch-local.ts';

const SUPERUSER = 'password-of-elastic';
const PASSWORD = 'password-of-the-role';
const NOBODY = 65_534;
const role = JSON.parse(
  readFileSync(new URL('../../docker/elasticsearch/orchestrator-role.json', import.meta.url), 'utf8'),
) as { cluster: string[]; indices: Array<{ names: string[]; privileges: string[] }> };

const kibanaRole = readFileSync(
  new URL('../../docker/elasticsearch/orchestrator-kibana-role.json', import.meta.url),
  'utf8',
);

let server: ElasticsearchServer;
let folder = '';
let orchestrator: TestOrchestrator;

/** Users and roles by file: this server can keep none in an index. `narrow` has the role for two names alone. */
function makeUsers(config: string): void {
  const narrow = {
    ...role,
    indices: role.indices.map(({ names, privileges }) => ({
      names: names.map(name => (name.startsWith('/') ? '/(sales|all)(-[0-9]+)?/' : name)),
      privileges,
    })),
  };
  const files = {
    'roles.yml': `wide: ${JSON.stringify(role)}\nnarrow: ${JSON.stringify(narrow)}\ndashboards: ${kibanaRole.replaceAll('\n', ' ')}\n`,
    users: ['wide', 'narrow', 'dashboards'].map(user => `${user}:${hashOf(PASSWORD)}\n`).join(''),
    users_roles: 'wide:wide\nnarrow:narrow\ndashboards:dashboards\n',
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(config, name), text);
    if (process.getuid?.() === 0) chownSync(join(config, name), NOBODY, NOBODY);
  }
}

/** As Elasticsearch's file realm has it: PBKDF2 with HMAC of SHA-512. */
function hashOf(password: string): string {
  const salt = randomBytes(32);
  const hash = pbkdf2Sync(password, salt, 10_000, 32, 'sha512');
  return `{PBKDF2}10000$${salt.toString('base64')}$${hash.toString('base64')}`;
}

async function ask(
  user: string,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; text: string }> {
  const password = user === 'elastic' ? SUPERUSER : PASSWORD;
  const response = await fetch(server.url + path, {
    method,
    headers: { authorization: `Basic ${btoa(`${user}:${password}`)}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

before(async () => {
  server = await startLocalElasticsearch({ heapMb: 512, password: SUPERUSER, port: await freePort() });
  assert.ok(server.running.kind === 'process');
  makeUsers(join(server.running.folder, 'config'));
  await waitFor(
    'the users are known',
    async () => (await ask('narrow', 'GET', '/_security/_authenticate')).status === 200,
  );
  folder = await makeFolder({
    sales: `WATCH_DIR: '{folder}/in/sales'\nRUNNER: process\nLOAD: {index: sales, aliases: [all]}\n`,
    anew: `WATCH_DIR: '{folder}/in/anew'\nRUNNER: process\nLOAD: {index: all-2, overwrite: true}\n`,
  });
  for (const name of ['sales', 'anew']) mkdirSync(join(folder, 'in', name), { recursive: true });
});

after(async () => {
  await orchestrator?.kill('SIGTERM');
  await server?.remove();
  await removeFolder(folder);
});

test('with the role files are loaded, indices built anew, and the log written; without keys to be had that is said once', async () => {
  orchestrator = await startOrchestrator(folder, {
    ELASTICSEARCH_NODE: server.url,
    ELASTICSEARCH_USERNAME: 'wide',
    ELASTICSEARCH_PASSWORD: PASSWORD,
  });
  for (const version of [1, 2]) {
    for (const dataset of ['sales', 'anew']) {
      const name = `${version}.csv`;
      writeFileSync(join(folder, 'in', dataset, name), `a,n\nx,${version}\n`);
      const [run] = await orchestrator.waitForRuns(`dataset=${dataset}&file=${name}`, runs => runs[0]?.endedAt != null);
      assert.deepEqual([run?.state, run?.rowsLoaded, run?.error], ['done', 1, null]);
    }
  }
  const count = async (path: string) =>
    (JSON.parse((await ask('elastic', 'GET', path)).text) as { count: number }).count;
  assert.deepEqual([await count('/sales/_count'), await count('/all/_count'), await count('/all-2/_count')], [2, 2, 1]);
  await waitFor('the log is there', async () => (await count('/logs-orchestrator-default/_count')) > 0);
  await waitFor('the runs are there', async () => (await count('/metrics-orchestrator.runs-default/_count')) >= 4);
  const said = (await orchestrator.output()).match(/gives no keys for runs/g);
  assert.equal(said?.length, 1);
  await orchestrator.kill('SIGTERM');
  assert.doesNotMatch(await orchestrator.output(), /can't be made|refused ?\(4|password-of/);
});

test('the role reads no rows, not even its own, and has no say in users, roles and settings of the cluster', async () => {
  await ask('elastic', 'PUT', '/other/_doc/1', { secret: 1 });
  for (const [method, path, body] of [
    ['GET', '/other/_search', undefined],
    ['GET', '/sales/_search', undefined],
    ['GET', '/sales/_doc/1', undefined],
    ['GET', '/logs-orchestrator-default/_search', undefined],
    ['GET', '/_security/user', undefined],
    ['PUT', '/_security/user/elastic/_password', { password: 'another-password' }],
    ['PUT', '/_cluster/settings', { persistent: { 'action.destructive_requires_name': 'false' } }],
    ['DELETE', '/.security', undefined],
  ] as const) {
    const { status, text } = await ask('wide', method, path, body);
    assert.equal(status, 403, `${method} ${path}: ${status} ${text}`);
  }
});

test('a role that names its indices has nothing to do with others', async () => {
  for (const [method, path, body] of [
    ['PUT', '/other/_doc/2', { a: 1 }],
    ['DELETE', '/other', undefined],
    ['GET', '/other/_mapping', undefined],
    ['PUT', '/sales-eu', undefined],
  ] as const) {
    const { status, text } = await ask('narrow', method, path, body);
    assert.equal(status, 403, `${method} ${path}: ${status} ${text}`);
  }
  assert.equal((await ask('narrow', 'PUT', '/sales/_doc/x?refresh=true', { A: 'y' })).status, 201);
});

test('the role for Kibana reads rows and mappings, and writes nothing', async () => {
  for (const path of ['/sales/_search', '/sales/_mapping', '/sales/_settings', '/logs-orchestrator-default/_search']) {
    assert.equal((await ask('dashboards', 'GET', path)).status, 200, path);
  }
  for (const [method, path, body] of [
    ['PUT', '/sales/_doc/2', { a: 1 }],
    ['POST', '/sales/_delete_by_query', { query: { match_all: {} } }],
    ['DELETE', '/sales', undefined],
    ['PUT', '/sales/_mapping', { properties: { b: { type: 'keyword' } } }],
    ['PUT', '/new', undefined],
    ['GET', '/.security/_search', undefined],
    ['GET', '/_security/user', undefined],
    ['POST', '/_security/api_key', { name: 'mine' }],
  ] as const) {
    const { status, text } = await ask('dashboards', method, path, body);
    assert.ok(
      status === 403 || status === 405 || (status === 400 && /delete_by_query/.test(path)),
      `${method} ${path}: ${status} ${text}`,
    );
  }
});
