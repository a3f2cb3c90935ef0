import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { EtlFailure } from '../../contract/failure.ts';
import { BulkRequest } from './bulk-request.ts';
import { BulkSender } from './bulk-sender.ts';
import { Connection } from './connection.ts';

/**
 * A server that answers each bulk request with these statuses, one list after the other; a busy cluster can't be had on
 * demand.
 */
async function bulkServer(context: TestContext, answers: number[][]) {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      bodies.push(body);
      const hasItems = request.url?.includes('items');
      const statuses = (hasItems ? answers.shift() : answers[0]) ?? [];
      const items = statuses.map(status => ({
        index: { status, ...(status < 400 ? {} : { error: { type: 'busy', reason: 'queue is full' } }) },
      }));
      response.setHeader('x-elastic-product', 'Elasticsearch').setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ errors: statuses.some(status => status >= 400), ...(hasItems ? { items } : {}) }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  return { node: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
}

function connect(context: TestContext, node: string, patienceMs: number): Connection {
  const settings = { nodes: [node], apiKey: undefined, username: undefined, password: undefined, caFile: undefined };
  const connection = new Connection(settings, new AbortController().signal, patienceMs);
  context.after(() => connection.close());
  return connection;
}

function requestOf(...texts: string[]): BulkRequest {
  const request = new BulkRequest();
  texts.forEach((text, row) =>
    request.add(request.byteLength + request.body.write(`${text}\n`, request.byteLength), row + 1, null, row),
  );
  return request;
}

test('rows refused for being too many are sent again, and only those once it is known which they are; what stays refused is told by its row', async context => {
  const { node, bodies } = await bulkServer(context, [[201, 429, 400, 503], [201, 429], [201]]);
  const rejected: number[] = [];
  const verdicts = {
    rejected: (request: BulkRequest, operation: number) => void rejected.push(request.rows[operation] as number),
    conflicted: () => assert.fail('no conflict'),
  };
  const sender = new BulkSender({ connection: connect(context, node, 5_000), index: 'i', verdicts, patienceMs: 5_000 });
  await sender.send(requestOf('one', 'two', 'three', 'four'));
  await sender.drain();
  assert.deepEqual(bodies, ['one\ntwo\nthree\nfour\n', 'one\ntwo\nthree\nfour\n', 'two\nfour\n', 'four\n']);
  assert.deepEqual(rejected, [3]);
});

test('an Elasticsearch that stays away ends the run with 75', async context => {
  const connection = connect(context, 'http://127.0.0.1:1', 200);
  await assert.rejects(connection.request({ method: 'GET', path: '/' }), (error: unknown) => {
    assert.ok(error instanceof EtlFailure);
    assert.equal(error.exitCode, 75);
    assert.match(error.message, /127\.0\.0\.1:1 is away/);
    return true;
  });
});

test('a server that takes small requests only gets them so, after one refusal; a row too large for it is a reject', async context => {
  const sizes: number[] = [];
  const server = createServer((request, response) => {
    const size = Number(request.headers['content-length']);
    sizes.push(size);
    request.resume().on('end', () => {
      response.setHeader('x-elastic-product', 'Elasticsearch').writeHead(size > 100 ? 413 : 200);
      response.end(size > 100 ? '' : '{"errors":false}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const rejected: string[] = [];
  const verdicts = {
    rejected: (_request: BulkRequest, _operation: number, reason: string) => void rejected.push(reason),
    conflicted: () => assert.fail('no conflict'),
  };
  const node = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sender = new BulkSender({ connection: connect(context, node, 5_000), index: 'i', verdicts, patienceMs: 5_000 });
  const texts = ['a', 'b', 'c', 'd'].map(letter => letter.repeat(40));
  await sender.send(requestOf(...texts));
  await sender.drain();
  await sender.send(requestOf(...texts));
  await sender.drain();
  assert.deepEqual(sizes, [164, 82, 82, 82, 82]);
  await sender.send(requestOf('x'.repeat(200)));
  await sender.drain();
  assert.match(rejected.join(), /^the row alone is larger/);
});
