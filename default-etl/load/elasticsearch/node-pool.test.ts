import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { EtlFailure } from '../../contract/failure.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { temporaryFolder } from '../../testing/load.ts';
import { Connection } from './connection.ts';

const NOBODY = { nodes: [], apiKey: undefined, username: undefined, password: undefined, caFile: undefined };

async function portOf(context: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** An Elasticsearch as far as one request goes; keeps what was asked. */
async function startNode(context: TestContext): Promise<{ node: string; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const port = await portOf(context, createServer(answerTo(asked)));
  return { node: `http://127.0.0.1:${port}`, asked };
}

function answerTo(asked: IncomingMessage[]): RequestListener {
  return (request, response) => {
    asked.push(request);
    response.setHeader('x-elastic-product', 'Elasticsearch').end('{}');
  };
}

function connect(context: TestContext, settings: Partial<ConnectionSettings>): Connection {
  const connection = new Connection({ ...NOBODY, ...settings }, new AbortController().signal, 2_000);
  context.after(() => connection.close());
  return connection;
}

const GET = { method: 'GET', path: '/' };

test('several nodes are asked in turn; one that is away is left out, and no request fails for it', async context => {
  const [first, second] = [await startNode(context), await startNode(context)];
  const connection = connect(context, { nodes: [first.node, 'http://127.0.0.1:1', second.node] });
  for (let request = 0; request < 6; request++) await connection.request(GET);
  assert.deepEqual([first.asked.length, second.asked.length], [3, 3]);
});

test('a connection that breaks is opened again', async context => {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    if (asked.length === 1) {
      asked.push(request);
      request.socket.destroy();
    } else answerTo(asked)(request, response);
  });
  const connection = connect(context, { nodes: [`http://127.0.0.1:${await portOf(context, server)}`] });
  for (let request = 0; request < 3; request++) assert.equal((await connection.request(GET)).text, '{}');
  assert.equal(asked.length, 4);
});

test('an API key, a user, or the user in an address is sent, and the address’s path comes before each request’s', async context => {
  const { node, asked } = await startNode(context);
  const withUser = `${node.replace('//', '//ann%C3%A9:p%40ss@')}/es/`;
  await connect(context, { nodes: [withUser] }).request({ ...GET, query: { filter_path: 'a,b' } });
  await connect(context, { nodes: [node], username: 'eve', password: 'x:y' }).request(GET);
  await connect(context, { nodes: [withUser], apiKey: 'a2V5' }).request(GET);
  assert.deepEqual(
    asked.map(request => [request.url, request.headers.authorization]),
    [
      ['/es/?filter_path=a%2Cb', `Basic ${Buffer.from('anné:p@ss').toString('base64')}`],
      ['/', `Basic ${Buffer.from('eve:x:y').toString('base64')}`],
      ['/es/', 'ApiKey a2V5'],
    ],
  );
});

test('a certificate is trusted by ELASTICSEARCH_CA alone; another one ends the run with 75 and says what to set', async context => {
  const folder = temporaryFolder(context);
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:elsewhere'];
  const files = ['-keyout', key, '-out', cert];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...files, ...subject],
    { stdio: 'ignore' },
  );
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, answerTo([]));
  const nodes = [`https://127.0.0.1:${await portOf(context, server)}`];
  assert.equal((await connect(context, { nodes, caFile: cert }).request(GET)).text, '{}');
  await assert.rejects(connect(context, { nodes }).request(GET), (error: unknown) => {
    assert.ok(error instanceof EtlFailure);
    assert.equal(error.exitCode, 75);
    assert.match(error.message, /not trusted.*set ELASTICSEARCH_CA/);
    return true;
  });
  const other = nodes.map(node => node.replace('127.0.0.1', 'localhost'));
  await assert.rejects(connect(context, { nodes: other, caFile: cert }).request(GET), {
    exitCode: 75,
    message: /not trusted.*must have a name that is in it/,
  });
});

test('an address that is no URL is a fault of the settings; a server that is no Elasticsearch may have one behind it soon', async context => {
  assert.throws(() => connect(context, { nodes: ['localhost:9200'] }), {
    exitCode: 78,
    message: /address 1 is no URL/,
  });
  const other = createServer((_, response) => void response.end('<html>welcome</html>'));
  const nodes = [`http://127.0.0.1:${await portOf(context, other)}`];
  await assert.rejects(connect(context, { nodes }).request(GET), { exitCode: 75, message: /is not Elasticsearch/ });
});

test('what a proxy does not find is no answer of Elasticsearch; what fails for a moment, whatever its status, is asked again', async context => {
  const proxy = createServer((_, response) => void response.writeHead(404).end('no such page'));
  const nodes = [`http://127.0.0.1:${await portOf(context, proxy)}`];
  for (const ignore of [[404], []]) {
    const asked = connect(context, { nodes }).request({ ...GET, ignore });
    await assert.rejects(asked, { exitCode: 75, message: /is not Elasticsearch/ });
  }
  const statuses = [500, 408, 429, 503];
  const busy = createServer((_, response) => {
    response.setHeader('x-elastic-product', 'Elasticsearch').writeHead(statuses.shift() ?? 200);
    response.end('{}');
  });
  const answer = await connect(context, { nodes: [`http://127.0.0.1:${await portOf(context, busy)}`] }).request(GET);
  assert.deepEqual([answer.status, statuses], [200, []]);
});

test('once it is closed, what failed is not tried again', async context => {
  let asked = 0;
  const busy = createServer((_, response) => {
    asked++;
    response.writeHead(503).end();
    closed.close();
  });
  const closed = connect(context, { nodes: [`http://127.0.0.1:${await portOf(context, busy)}`] });
  await assert.rejects(closed.request(GET), { name: 'AbortError' });
  assert.equal(asked, 1);
});

test('a cluster with as many shards as it may have is waited for', async context => {
  const reason =
    'Validation Failed: 1: this action would add [2] shards, but this cluster currently has [1000]/[1000] maximum normal shards open;';
  const full = createServer((_, response) => {
    response.setHeader('x-elastic-product', 'Elasticsearch').writeHead(400);
    response.end(JSON.stringify({ error: { type: 'validation_exception', reason } }));
  });
  const nodes = [`http://127.0.0.1:${await portOf(context, full)}`];
  await assert.rejects(connect(context, { nodes }).request(GET), {
    exitCode: 75,
    message: /no room for another index.*raise cluster\.max_shards_per_node/,
  });
});

test('a CA that is no PEM file and a sign in a password that is no escape are told or taken as they are', async context => {
  const { node, asked } = await startNode(context);
  const caFile = join(temporaryFolder(context), 'ca.pem');
  writeFileSync(caFile, 'no certificate');
  assert.throws(() => connect(context, { nodes: ['https://127.0.0.1:1'], caFile }), {
    exitCode: 78,
    message: /ELASTICSEARCH_CA .*ca\.pem holds no certificate/,
  });
  await connect(context, { nodes: [node.replace('//', '//eve:100%@')] }).request(GET);
  assert.equal(asked[0]?.headers.authorization, `Basic ${Buffer.from('eve:100%').toString('base64')}`);
});
