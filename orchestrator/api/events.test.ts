import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import Fastify from 'fastify';
import type { Run } from '../journal/journal.ts';
import { ANYBODY } from './auth/actor.ts';
import { addEventRoutes } from './events.ts';
import type { ApiOptions } from './options.ts';

test('a client that does not read grows no memory, is told to start anew once it reads, and holds up no stop', async context => {
  let change: (run: Run) => void = () => assert.fail('nobody listens');
  const journal = { onChange: (listener: typeof change) => ((change = listener), () => undefined) };
  const app = Fastify({ forceCloseConnections: true });
  app.decorateRequest('actor', { getter: () => ANYBODY });
  const events = addEventRoutes(app, { journal, mask: (text: string) => text } as unknown as ApiOptions);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1').setEncoding('utf8');
  context.after(() => app.close());
  context.after(() => socket.destroy());
  socket.write('GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  let last = String(await once(socket, 'data'));
  socket.pause();

  const before = memory();
  for (let event = 0; event < 3_000; event += 1) change(run('x'.repeat(100_000)));
  assert.ok(memory() - before < 100e6, `${memory() - before} bytes more for 300 MB of events`);

  socket.resume();
  while (!last.includes('event: reset')) last = `${last.slice(-100)}${String(await once(socket, 'data'))}`; // a chunk of text each
  socket.pause();
  for (let event = 0; event < 100; event += 1) change(run('x'.repeat(100_000)));
  events.stop();
  await app.close();
});

function memory(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function run(error: string): Run {
  return {
    id: '1',
    dataset: 'sales',
    file: 'a.csv',
    state: 'queued',
    seenAt: 0,
    queuedAt: null,
    startedAt: null,
    endedAt: null,
    rows: null,
    error,
    toCheck: [],
  } as unknown as Run;
}
