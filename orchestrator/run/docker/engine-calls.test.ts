import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import type { Readable } from 'node:stream';
import { systemClock } from '../../clock.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { connectEngine, type Engine } from './engine.ts';
import { engineError } from './engine-errors.ts';

// Stands for an engine of which parts answer and others do not: a real one can't be brought to that.
let server: Server;
let engine: Engine;
/** Paths that are answered never. */
let silent: RegExp;
let open: ServerResponse[];

const PATIENCE = { askMs: 200, workMs: 400, pulseMs: 300, pauseMs: 50 };

beforeEach(async () => {
  silent = /^$/;
  open = [];
  server = createServer((request, response) => {
    if (silent.test(request.url ?? '')) return;
    if (/follow/.test(request.url ?? '')) {
      open.push(response);
      response.flushHeaders();
    } else response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  engine = connectEngine(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, systemClock, PATIENCE);
});

afterEach(async () => {
  engine.close();
  server.closeAllConnections();
  await new Promise(resolve => server.close(resolve));
});

function log(): Promise<Readable> {
  return engine.docker.getContainer('c').logs({ follow: true, stdout: true }) as unknown as Promise<Readable>;
}

const kindAnd = (error: unknown) => {
  const { kind, message } = engineError(error, engine.host, 'it failed');
  return `${kind}: ${message}`;
};

test('a call that gets no answer ends, and what waits for the engine is told that it hangs', async () => {
  silent = /json/;
  await assert.rejects(engine.docker.getContainer('c').inspect(), error => {
    assert.match(kindAnd(error), /^wait: it failed: Docker Engine doesn't answer at .* \(ETIMEDOUT\); it hangs/);
    return true;
  });
  await waitFor('it answers otherwise', () => !engine.isSilent());
});

test('a stream may be still for as long as the engine answers otherwise', async () => {
  const stream = await log();
  let isOver = false;
  stream.on('close', () => (isOver = true)).resume();
  const pulses = 4;
  await new Promise(resolve => setTimeout(resolve, pulses * PATIENCE.pauseMs + PATIENCE.askMs + PATIENCE.workMs));
  assert.deepEqual([isOver, engine.isSilent()], [false, false]);
  open[0]?.end();
  await waitFor('it has ended', () => isOver);
});

test('where the engine hangs, streams and calls that it has end, and it is known to be back once it answers', async () => {
  const stream = await log();
  const broken = assert.rejects(
    async () => {
      for await (const _ of stream);
    },
    error => /^wait: .*ETIMEDOUT/.test(kindAnd(error)),
  );
  silent = /./;
  await broken;
  assert.equal(engine.isSilent(), true);
  silent = /^$/;
  await waitFor('it is back', () => !engine.isSilent());
});

test('a call that its caller ends says nothing of the engine', async () => {
  silent = /json/;
  const abort = new AbortController();
  const asked = engine.docker.getContainer('c').inspect({ abortSignal: abort.signal });
  abort.abort();
  await assert.rejects(asked, { name: 'AbortError' });
  assert.equal(engine.isSilent(), false);
});

test('once it is closed nothing goes on and nothing is asked any more', async () => {
  const stream = await log();
  const broken = once(stream, 'error');
  engine.close();
  await broken;
  await assert.rejects(engine.docker.version(), { code: 'ETIMEDOUT' });
});
