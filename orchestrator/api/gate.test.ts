import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGate, shared, within } from './gate.ts';
import type { Problem } from './problem.ts';

const forEver = new AbortController().signal;
const CROWD = { atOnce: 2, waiting: 1, waitMs: 60_000 };

test('as many are inside as may be, one more waits for its turn, and the next is told when to come back', async () => {
  const gate = createGate(CROWD, 'downloads');
  const [leave] = [await gate.enter(forEver), await gate.enter(forEver)];
  const waiting = gate.enter(forEver);
  await assert.rejects(gate.enter(forEver), ({ statusCode, message, headers }: Problem) => {
    assert.deepEqual([statusCode, headers['retry-after']], [503, '2']);
    return message.startsWith('too many downloads at once; try again');
  });
  leave();
  leave();
  await waiting;
  const last = gate.enter(forEver);
  await assert.rejects(gate.enter(forEver), /too many/);
  (await waiting)();
  await last;
});

test('who leaves while waiting takes nobody’s turn, and who waits too long is told so', async () => {
  const gate = createGate({ ...CROWD, atOnce: 1, waitMs: 10 }, 'downloads');
  const leave = await gate.enter(forEver);
  const client = new AbortController();
  const waiting = gate.enter(client.signal);
  client.abort(new Error('gone'));
  await assert.rejects(waiting, /gone/);
  await assert.rejects(gate.enter(AbortSignal.abort(new Error('gone before'))), /gone before/);
  await assert.rejects(gate.enter(forEver), /too many/);
  leave();
  assert.equal(await within(gate, forEver, async () => 'in'), 'in');
});

test('work that fails leaves the gate as it found it', async () => {
  const gate = createGate({ ...CROWD, atOnce: 1, waiting: 0 }, 'downloads');
  await assert.rejects(
    within(gate, forEver, () => Promise.reject(new Error('failed'))),
    /failed/,
  );
  await gate.enter(forEver);
});

test('who asks while it is being found out shares the answer; who asks later does not', async () => {
  let times = 0;
  const find = shared(async () => (times += 1));
  assert.deepEqual(await Promise.all([find(), find(), find()]), [1, 1, 1]);
  assert.equal(await find(), 2);
});
