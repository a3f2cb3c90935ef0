// Tries to keep the service from answering others, or to fill its memory, by requests that cost much and end late:
// numbers without end, slow bodies, idle connections, streams, uploads and downloads.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { makeFolder, removeFolder, startOrchestrator, type TestOrchestrator } from '../../orchestrator/e2e/harness.ts';
import { waitFor } from '../../orchestrator/testing/wait-for.ts';
import { memoryOf } from './memory.ts';

const MB = 1024 * 1024;
let folder: string;
let orchestrator: TestOrchestrator;
/** Of a run with two rejected rows. */
let run: string;
const sockets = new Set<Socket>();

before(async () => {
  folder = await makeFolder({ rows: 'WATCH_DIR: {folder}/in\nRUNNER: process\nLOAD: { target: lake }\n' });
  await mkdir(join(folder, 'in'));
  orchestrator = await startOrchestrator(folder, { ELASTICSEARCH_NODE: '' });
  await writeFile(join(folder, 'in', 'a.csv'), 'a;b\n1;2\n3;4;5\n6;7\n8;9;10\n');
  const [ended] = await orchestrator.waitForRuns('dataset=rows', runs => runs[0]?.endedAt != null);
  assert.deepEqual([ended?.state, ended?.rowsLoaded, ended?.rowsRejected], ['done', 2, 2], ended?.error ?? '');
  run = ended!.id;
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});
after(async () => {
  await orchestrator?.kill('SIGKILL');
  await removeFolder(folder);
});

test('numbers without end are refused at once', async () => {
  const wrong = ['100000000000000000000', '2147483648', '1e400', '-1e400', 'Infinity', 'NaN', '-1', '0', '1.5', ''];
  for (const number of wrong) {
    for (const path of [`runs/${run}/rejects?attempt=`, `runs/${run}/log?attempt=`, 'lake/rows?limit=', 'runs?limit='])
      assert.equal((await orchestrator.fetch(`/api/${path}${number}`)).status, 400, path + number);
  }
  assert.equal((await orchestrator.fetch(`/api/runs/${run}/rejects?attempt=2147483647`)).status, 200);
  assert.equal((await orchestrator.fetch('/api/runs?cursor=9999999999999999')).status, 400);
  assert.equal((await orchestrator.fetch(`/api/runs?file=${'x'.repeat(2000)}`)).status, 400);
});

test('slow bodies and slow headers, of strangers or not, are let go within seconds', async () => {
  const head = `POST /api/runs/${run}/cancel HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n`;
  const known = `authorization: Bearer ${orchestrator.token}\r\n`;
  const closed: Array<Promise<unknown>> = [];
  for (const text of ['', 'GET / HTTP/1.1\r\nhost: a', `${head}\r\n{`, `${head}${known}\r\n{`]) {
    for (let count = 0; count < 50; count += 1) closed.push(once(open(text), 'close'));
  }
  await answers();
  const startedAt = Date.now();
  await Promise.all(closed);
  assert.ok(Date.now() - startedAt < 15_000, `${Date.now() - startedAt} ms`);
});

test('thousands of idle connections keep nobody out who has the token', async () => {
  const events = await fetchStream();
  for (let count = 0; count < 2000; count += 1) open('');
  for (let count = 0; count < 20; count += 1) {
    open('GET /api/runs HTTP/1.1\r\n');
    await answers();
  }
  const next = events.read();
  await writeFile(join(folder, 'in', 'event.csv'), 'a;b\n1;2\n');
  assert.ok(!(await next).done, 'the stream of one who is known goes on');
});

test('event streams of one client leave room for others', async () => {
  await answers();
  const streams = [];
  for (let count = 0; count < 30; count += 1) streams.push(await orchestrator.fetch('/api/events'));
  const refused = streams.filter(({ status }) => status !== 200);
  assert.ok(refused.length >= 10);
  for (const { status, headers } of refused) assert.deepEqual([status, headers.get('retry-after')], [429, '2']);
  await answers();
  for (const { body } of streams) await body?.cancel();
});

test('downloads as CSV and looks into the lake are few at once, and all of them end', async () => {
  const ask = (path: string) => Array.from({ length: 17 }, () => orchestrator.fetch(path));
  const all = Promise.all([...ask(`/api/runs/${run}/rejects?format=csv`), ...ask('/api/lake/rows')]);
  const most = watchChildren();
  const statuses = (await all).map(({ status, headers }) => {
    if (status === 503) assert.equal(headers.get('retry-after'), '2');
    return status;
  });
  for (const answer of await all) await answer.arrayBuffer();
  assert.ok(statuses.every(status => status === 200 || status === 503));
  assert.ok(statuses.includes(200) && statuses.includes(503));
  assert.ok(most.stop() <= 4, `${most.stop()} processes at once`);
});

test('large uploads cost no memory to speak of, and nothing goes on once who sent them has left', async () => {
  const body = `"_ROW";"_REASON";"a";"b"\r\n"2";"bad";"${'""'.repeat(23 * MB)}";"5"\r\n`;
  const formerBytes = memoryOf(orchestrator.process.pid!);
  const left = new AbortController();
  const uploads = Array.from({ length: 3 }, () => {
    const options = { method: 'POST', body, signal: left.signal, headers: { 'content-type': 'text/csv' } };
    return orchestrator.fetch(`/api/runs/${run}/mend`, options).catch((error: unknown) => error);
  });
  await waitFor('a process that reads one', async () => childrenOf(orchestrator.process.pid!).length > 0, {
    timeoutMs: 20_000,
  });
  assert.ok(childrenOf(orchestrator.process.pid!).length <= 2);
  await answers();
  left.abort();
  await Promise.all(uploads);
  await waitFor('nothing reads them', async () => childrenOf(orchestrator.process.pid!).length === 0, {
    timeoutMs: 10_000,
  });
  assert.ok(memoryOf(orchestrator.process.pid!) - formerBytes < 150 * MB);
  const { status } = await orchestrator.fetch(`/api/runs/${run}/mend`, { method: 'POST', body: `${body}${body}` });
  assert.equal(status, 413);
  await answers();
});

test('shapes of HTTP that programs read in two ways are answered once, and the connection ends', async () => {
  const known = `host: localhost\r\nauthorization: Bearer ${orchestrator.token}\r\n`;
  const chunked = 'transfer-encoding: chunked\r\n';
  const inner = `GET /api/actor HTTP/1.1\r\n${known}\r\n`;
  const twoWays = [
    `POST /api/sign-out HTTP/1.1\r\n${known}content-length: 5\r\n${chunked}\r\n0\r\n\r\n${inner}`,
    `POST /api/sign-out HTTP/1.1\r\n${known}content-length: 5\r\ncontent-length: 6\r\n\r\nhello${inner}`,
    `POST /api/sign-out HTTP/1.1\r\n${known}transfer-encoding : chunked\r\n\r\n0\r\n\r\n${inner}`,
    `POST /api/sign-out HTTP/1.1\r\n${known}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${inner}`,
    `GET / HTTP/1.1\r\n${known} folded: x\r\n\r\n`,
    `GET / HTTP/1.1\nhost: localhost\n\n`,
    `GET / HTTP/3.7\r\n${known}\r\n`,
    `BREW /api/runs HTTP/1.1\r\n${known}\r\n`,
    `GET / HTTP/1.1\r\n${known}x: ${'y'.repeat(20_000)}\r\n\r\n`,
    `GET /${'y'.repeat(20_000)} HTTP/1.1\r\n${known}\r\n`,
    '\u0000\u0001\u0002\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  ];
  for (const text of twoWays) {
    const answer = await answerTo(text);
    assert.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1, `${text.slice(0, 200)}\n${answer}`);
    assert.match(answer, /^HTTP\/1\.1 4\d\d .*connection: close/is);
    assert.doesNotMatch(answer, /node_modules|at .*\.(js|ts):/);
  }
  await answers();
});

test('what a path does not take is a 405 that names what it takes; deep JSON and many requests at once on one connection are nothing special', async () => {
  for (const [method, path, allow] of [
    ['TRACE', '/api/runs', 'GET, HEAD'],
    ['DELETE', `/api/runs/${run}`, 'GET, HEAD'],
    ['PUT', `/api/runs/${run}/cancel`, 'POST'],
    ['HEAD', '/api/events', 'GET'],
    ['PROPFIND', '/metrics', 'GET, HEAD'],
  ] as const) {
    const answer = await answerTo(
      `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${orchestrator.token}\r\nconnection: close\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 405 /, `${method} ${path}\n${answer}`);
    assert.match(answer, new RegExp(`^allow: ${allow}\\r$`, 'im'));
  }
  const headers = { 'content-type': 'application/json' };
  for (const [begin, end] of [
    ['[', ']'],
    ['{"a":', '}'],
    ['{"__proto__":', '}'],
  ] as const) {
    const body = begin.repeat(2000) + end.repeat(2000);
    const { status } = await orchestrator.fetch('/api/sign-in', { method: 'POST', headers, body: body.slice(0, 1024) });
    assert.ok(status === 400 || status === 413, String(status));
  }
  const request = `GET /api/runs?limit=1000 HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${orchestrator.token}\r\n\r\n`;
  const last = request.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n');
  const answer = await answerTo(request.repeat(900) + last);
  assert.ok((answer.match(/HTTP\/1\.1 /g)?.length ?? 0) > 60);
  await answers();
});

/** Somebody who has the token gets an answer soon, and so does who looks whether it is up. */
async function answers(): Promise<void> {
  const signal = AbortSignal.timeout(5000);
  const [mine, health] = await Promise.all([
    orchestrator.fetch('/api/runs?limit=1', { signal }),
    fetch(`${orchestrator.url}/api/health`, { signal }),
  ]);
  assert.deepEqual([mine.status, health.status], [200, 200]);
  await Promise.all([mine.arrayBuffer(), health.arrayBuffer()]);
}

/** A connection on which this is sent, and nothing more. */
function open(text: string): Socket {
  const socket = connect(Number(new URL(orchestrator.url).port), '127.0.0.1');
  sockets.add(socket);
  socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  socket.resume();
  if (text !== '') socket.write(text, 'latin1');
  return socket;
}

async function answerTo(text: string): Promise<string> {
  const socket = open(text);
  let answer = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    answer += part;
  });
  await once(socket, 'close');
  return answer;
}

async function fetchStream(): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const response = await orchestrator.fetch('/api/events');
  const reader = response.body!.getReader();
  await reader.read();
  return reader;
}

/** Processes that were started for an answer. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc').flatMap(name => {
    try {
      const [, parent] = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      const isAsked = /--rejects|--mend|lake-reader/.test(readFileSync(`/proc/${name}/cmdline`, 'utf8'));
      return Number(parent) === pid && isAsked ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** How many there were at most, while it watched. */
function watchChildren(): { stop(): number } {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, childrenOf(orchestrator.process.pid!).length);
  }, 20);
  return {
    stop() {
      clearInterval(timer);
      return most;
    },
  };
}
