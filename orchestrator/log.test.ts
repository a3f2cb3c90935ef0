import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { OrchestratorError } from './errors.ts';
import { createLogger, type LoggerOptions } from './log.ts';
import { LOG_STREAM } from './log/template.ts';
import { waitFor } from './testing/wait-for.ts';

const node = process.env.ELASTICSEARCH_NODE;
const settings = (url: string) => ({ nodes: [url], apiKey: null, username: null, password: null, ca: null });
const quiet: LoggerOptions = { level: 'info', terminal: false, stream: null, elasticsearch: null };

test('a terminal gets time, level, dataset, message and the fields the message does not name', async () => {
  const { stream, text } = capture();
  const log = createLogger({ ...quiet, terminal: true, colour: false, stream });
  log.child({ dataset: 'sales' }).info('loaded a.csv', { file: 'a.csv', rows: 12 });
  await log.close();
  assert.match(text(), /^\d\d:\d\d:\d\d info {2}sales {8}loaded a\.csv {2}rows=12\n$/);
});

test('a terminal is told once which dataset it is, and of runs only where something went wrong', async () => {
  const { stream, text } = capture();
  const log = createLogger({ ...quiet, terminal: true, colour: false, stream }).child({
    dataset: 'sales',
    run: '01a2',
  });
  log.info('dataset sales runs as a process');
  log.info('dataset sales2 is another');
  log.error('dataset sales: a.csv failed');
  log.info('day2.csv: done', { attempt: 1 });
  log.info('day2.csv: done', { attempt: 2 });
  const lines = text()
    .trimEnd()
    .split('\n')
    .map(line => line.slice('00:00:00 '.length));
  assert.deepEqual(lines, [
    'info  sales        runs as a process',
    'info  sales        dataset sales2 is another',
    'error sales        a.csv failed  run=01a2',
    'info  sales        day2.csv: done',
    'info  sales        day2.csv: done  attempt=2',
  ]);
});

test('control characters of a file name do not reach the terminal', async () => {
  const { stream, text } = capture();
  const log = createLogger({ ...quiet, terminal: true, colour: false, stream });
  log.info('taken \u001b[2Jx.csv', { file: 'a\rb.csv' });
  await log.close();
  assert.ok(text().includes('\\u001b[2Jx.csv  file=a\\u000db.csv'), text());
});

test('elsewhere a line is JSON with ECS names, the error with its causes', async () => {
  const { stream, text } = capture();
  const log = createLogger({ ...quiet, stream });
  const error = new Error('outer', { cause: new TypeError('inner') });
  log.error('it failed', {
    dataset: 'sales',
    run: '01',
    file: 'a.csv',
    durationMs: 2,
    rowsLoaded: 3,
    url: { full: 'http://x' },
    error,
  });
  await log.close();
  const line = JSON.parse(text()) as Record<string, unknown>;
  assert.deepEqual(
    ['log.level', 'message', 'event.dataset', 'labels.run_id', 'file.path', 'event.duration', 'labels.rows_loaded'].map(
      name => line[name],
    ),
    ['error', 'it failed', 'sales', '01', 'a.csv', 2_000_000, '3'],
  );
  assert.equal(line['url.full'], 'http://x');
  assert.equal(line['error.message'], 'outer');
  assert.match(String(line['error.stack_trace']), /Error: outer\n[^]*Caused by: TypeError: inner/);
});

test('no secret is shown: in the message, in fields, nested, in causes, in URLs, whole or by its lines, known early or late', async () => {
  for (const terminal of [true, false]) {
    const { stream, text } = capture();
    const log = createLogger({ ...quiet, level: 'debug', terminal, stream, secrets: ['pa"ss\\1'] });
    log.addSecrets(['late&secret', '-----BEGIN KEY-----\nMIIEowIBAAKC\n-----END KEY-----', 'first "line"\nsecond', '']);
    log.error('pa"ss\\1 and late&secret and http://anna:hunter22@example.org/x', {
      deep: [{ a: new Map([['k', 'x pa"ss\\1 y']]) }],
      error: new Error('late%26secret', { cause: new AggregateError([new Error('MIIEowIBAAKC')], 'pa"ss\\1') }),
      ELASTICSEARCH_PASSWORD: 'never-told',
      url: new URL('http://bob:hunter22@example.org/'),
      json: JSON.stringify({ p: 'pa"ss\\1', line: 'first "line"' }),
    });
    await log.close();
    assert.doesNotMatch(text(), /pa\\?"ss|late(&|%26)secret|hunter22|MIIEow|never-told|first/);
    assert.match(text(), /\*\*\* and \*\*\* and http:\/\/\*\*\*@example\.org/);
  }
});

test('what can not be read does not break a line: cycles, getters that throw, big numbers', async () => {
  const { stream, text } = capture();
  const log = createLogger({ ...quiet, stream });
  const cycle: Record<string, unknown> = { big: 10n ** 30n, nan: Number.NaN };
  cycle.self = cycle;
  const broken = Object.defineProperty({}, 'x', { enumerable: true, get: () => assert.fail('read') });
  log.info('odd', { cycle, broken });
  await log.close();
  assert.match(text(), /circular/);
  assert.match(text(), /unreadable/);
  assert.match(text(), /1000000000000000000000000000000/);
});

test('debug lines are kept to the datasets that ask for them', async () => {
  const { stream, text } = capture();
  const log = createLogger({ ...quiet, stream });
  log.debugDatasets(['sales']);
  log.child({ dataset: 'sales' }).debug('wanted');
  log.child({ dataset: 'other' }).debug('unwanted');
  await log.close();
  assert.equal(text().match(/wanted/g)?.length, 1);
});

test('a stream that breaks does not end the process', async () => {
  const stream = new PassThrough();
  const log = createLogger({ ...quiet, stream });
  stream.destroy(new Error('EPIPE'));
  await new Promise(resolve => stream.once('close', resolve));
  log.info('into the void');
  await log.close();
});

test('lines arrive in the data stream of the log, in order and in ECS', async () => {
  assert.ok(node, 'ELASTICSEARCH_NODE must name a running Elasticsearch');
  const marker = crypto.randomUUID();
  const log = createLogger({ ...quiet, elasticsearch: settings(node) });
  for (const message of ['first', 'second']) log.info(message, { dataset: 'sales', runId: marker });
  await log.close();
  const found = await search(node, marker);
  assert.deepEqual(
    found.map(line => line.message),
    ['first', 'second'],
  );
  assert.equal(found[0]?.['event.dataset'], 'sales');
  const stream = (await (await fetch(`${node}/_resolve/index/${LOG_STREAM}`)).json()) as { data_streams: unknown[] };
  assert.equal(stream.data_streams.length, 1, `${LOG_STREAM} is a data stream`);
});

test('a closed port costs nothing: lines are bounded, and close() ends soon and says what was lost', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = urlOf(server);
  await new Promise(resolve => server.close(resolve));
  const { stream, text } = capture();
  const log = createLogger({ ...quiet, stream, elasticsearch: settings(url), bufferLimit: 10 });
  for (let line = 0; line < 50; line += 1) log.info(`line ${line}`);
  await waitFor('it is said', () => text().includes("can't be sent to Elasticsearch"), { tell: text });
  const before = performance.now();
  await log.close();
  assert.ok(performance.now() - before < 5_000);
  assert.match(text(), /5[0-9] lines of the log never reached Elasticsearch/);
});

test('a server that accepts and never answers does not hold up close()', async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  const sockets = collectSockets(server);
  await once(server, 'listening');
  const log = createLogger({ ...quiet, elasticsearch: settings(urlOf(server)) });
  const before = performance.now();
  log.info('into a black hole');
  assert.ok(performance.now() - before < 1_000, 'logging does not wait');
  await log.close();
  assert.ok(performance.now() - before < 8_000);
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('a server that comes back gets the lines that waited, and the number of those dropped', async () => {
  assert.ok(node, 'ELASTICSEARCH_NODE must name a running Elasticsearch');
  const marker = crypto.randomUUID();
  const gate = await openGate(new URL(node));
  const { stream, text } = capture();
  const log = createLogger({ ...quiet, stream, elasticsearch: settings(gate.url), bufferLimit: 5 });
  for (let line = 0; line < 9; line += 1) log.info(`line ${line}`, { runId: marker });
  await waitFor('it is said', () => text().includes("can't be sent to Elasticsearch"), { tell: text });
  gate.open();
  await waitFor('it is said', () => text().includes('is sent to Elasticsearch again'), { tell: text });
  await log.close();
  gate.close();
  assert.match(text(), /again; [45] lines were dropped meanwhile/);
  assert.deepEqual(
    (await search(node, marker)).map(line => line.message),
    ['line 0', 'line 1', 'line 2', 'line 3', 'line 4'],
  );
});

function capture(): { stream: PassThrough; text: () => string } {
  const stream = new PassThrough();
  let all = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    all += chunk;
  });
  return { stream, text: () => all };
}

async function search(url: string, runId: string): Promise<Array<Record<string, unknown>>> {
  await fetch(`${url}/${LOG_STREAM}/_refresh`, { method: 'POST' });
  const response = await fetch(`${url}/${LOG_STREAM}/_search?q=labels.run_id:${runId}&sort=event.sequence&size=100`);
  const { hits } = (await response.json()) as { hits: { hits: Array<{ _source: Record<string, unknown> }> } };
  return hits.hits.map(hit => hit._source);
}

/** A proxy that hangs up on everybody until it is opened. */
async function openGate(target: URL): Promise<{ url: string; open(): void; close(): void }> {
  let isOpen = false;
  const { connect } = await import('node:net');
  const server = createServer(client => {
    if (!isOpen) return void client.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
    client.on('close', () => upstream.destroy());
    client.pipe(upstream).pipe(client);
  });
  const sockets = collectSockets(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: urlOf(server), open: () => (isOpen = true), close };
}

function collectSockets(server: Server): Set<{ destroy(): void }> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', socket => sockets.add(socket.on('error', () => socket.destroy())));
  return sockets;
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('lines are sent without the template where that is said', async () => {
  for (const makesTemplate of [true, false]) {
    const asked: string[] = [];
    const server = createHttpServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const isBulk = request.url?.startsWith('/_bulk') === true;
      response.setHeader('x-elastic-product', 'Elasticsearch').setHeader('content-type', 'application/json');
      response.writeHead(request.method === 'HEAD' ? 404 : 200);
      response.end(request.method === 'HEAD' ? undefined : isBulk ? '{"items":[{"create":{"status":201}}]}' : '{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const log = createLogger({ ...quiet, elasticsearch: settings(urlOf(server)), makesTemplate });
    log.info('one line');
    await log.close();
    server.close();
    assert.equal(
      asked.some(line => line.includes('/_index_template/')),
      makesTemplate,
    );
    assert.ok(
      asked.some(line => line.startsWith('POST /_bulk')),
      asked.join(),
    );
  }
});

test('no line is sent before the template is there, where the server is still starting', async () => {
  const asked: string[] = [];
  const server = createHttpServer((request, response) => {
    const isFirst = asked.length === 0;
    asked.push(`${request.method} ${request.url}`);
    const isBulk = request.url?.startsWith('/_bulk') === true;
    response.setHeader('x-elastic-product', 'Elasticsearch').setHeader('content-type', 'application/json');
    response.writeHead(isFirst ? 503 : 200);
    response.end(request.method === 'HEAD' ? undefined : isBulk ? '{"items":[{"create":{"status":201}}]}' : '{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const log = createLogger({ ...quiet, elasticsearch: settings(urlOf(server)) });
  log.info('one line');
  await waitFor('three requests', () => asked.length >= 3, { tell: () => asked });
  await log.close();
  server.close();
  assert.deepEqual(
    asked.slice(0, 3).map(line => line.split(' ')[0]),
    ['HEAD', 'HEAD', 'POST'],
  );
});

test('in a file a line begins with date and time, in systemd’s journal with its priority, each of its lines', async () => {
  const textOf = async (stamp: 'date' | 'priority') => {
    const { stream, text } = capture();
    const log = createLogger({ ...quiet, terminal: true, colour: false, stream, stamp });
    log.warn('first\nsecond', { dataset: 'sales' });
    await log.close();
    return text();
  };
  assert.match(
    await textOf('date'),
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d warn {2}sales {8}first\n {4}second\n$/,
  );
  assert.equal(await textOf('priority'), '<4>warn  sales        first\n<4>    second\n');
});

test('a known error has no stack, in text and in JSON, but with LOG_LEVEL debug; what is a fault of ours has', async () => {
  const known = new OrchestratorError('never', 'port 8080 is taken', { cause: new Error('inner') });
  const ofSystem = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' });
  const ours = [new TypeError('x is undefined'), new OrchestratorError('bug', 'must not be')];
  const shown = async (error: Error, more: Partial<LoggerOptions>) => {
    const { stream, text } = capture();
    const log = createLogger({ ...quiet, stream, ...more });
    log.error('it failed', { error });
    await log.close();
    return text();
  };
  for (const terminal of [true, false]) {
    for (const error of [known, ofSystem]) {
      const text = await shown(error, { terminal });
      assert.doesNotMatch(text, /\bat .*log\.test/);
      assert.ok(text.includes(error.message), text);
      if (!terminal) assert.match(await shown(error, { terminal, level: 'debug' }), /\bat .*log\.test/);
    }
    for (const error of ours) assert.match(await shown(error, { terminal }), /\bat .*log\.test/);
  }
});
